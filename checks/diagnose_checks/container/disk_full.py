"""No space is left on the disk that the build writes to.

A Rust target folder takes gigabytes, and so do Docker's layers; hosted runners have about 14 GB free. ``/tmp`` and
``/dev/shm`` are often small disks in memory. A disk can also be out of inodes while it has bytes left: ``df -i``
tells.

How to fix: remove what is not needed, build with less debug information, or put ``CARGO_TARGET_DIR`` and ``TMPDIR``
on a larger disk.

References:
    https://doc.rust-lang.org/cargo/reference/profiles.html#debug
    https://docs.docker.com/reference/cli/docker/system/prune/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "disk-full",
        ("o space left on", r"[Nn]o space left on device"),
        ("ENOSPC", r"\bENOSPC\b(?!.{0,40}file watchers)"),  # inotify has a limit of its own, and the same number
        ("isk quota exceeded", r"[Dd]isk quota exceeded"),
        # of Windows and its linker, of apt, dnf, rpm, pacman and LLVM
        ("[WinError 112]", r"\[WinError 112\]"),
        ("(os error 112)", r"\(os error 112\)"),
        ("not enough space on the disk", r"[Tt]here is not enough space on the disk"),
        ("LNK1180", r"fatal error LNK1180: "),
        ("not have enough free", r"^(?:E|Error): You do not have enough free space in "),
        ("enough free space in", r"^(?:E|Error): You don't have enough free space in "),
        ("more space needed on the", r"At least \d[\d.]{0,12} ?[kKMG]i?B more space needed on the "),
        (" more space on the ", r"^installing package \S{1,200} needs \d\S{0,12} more space on the "),
        ("not enough free disk space", r"^error: not enough free disk space"),
        ("insufficient shared memory", r"insufficient shared memory \(shm\)(?P<shm>)"),  # of PyTorch
        ("IO failure on output", r"LLVM ERROR: IO failure on output stream: Bus error"),
    ),
    env_facts=("hazards.obstacles",),
)

_ROOM = Fix(
    "see what fills it, and make room",
    (Command("df -h . /tmp; du -xsh target 2>/dev/null; cargo clean", FixStage.BUILD),),
    notes="On a hosted runner, `docker system prune -af` and removing toolsets that are not used.",
)


def env(env: Environment) -> Iterator[Finding]:
    """See that the disk of the target folder, or of temporary files, has no room for a program."""
    for obstacle in env.hazards.obstacles:
        if obstacle.why not in ("full", "without inodes"):
            continue
        state = "has less than 1 MiB left" if obstacle.why == "full" else "has no inodes left for more files"
        yield Finding(
            message=f"the disk is full: {obstacle.path} {state}",
            severity=Severity.ERROR,
            evidence=(Evidence(state, obstacle.path),),
            consequence="What is written there is cut off: No space left on device (os error 28).",
            fixes=(_ROOM,),
        )
        return


def log(log: BuildLog) -> Iterator[Finding]:
    """See a program fail to write."""
    hits = [hit for hit in log.find("disk-full") if "inotify" not in hit.text]
    if hits and all("/dev/shm" in hit.text or "shm" in hit.groups for hit in hits):
        yield finding_from_hits(
            log,
            hits,
            "/dev/shm, the shared memory, is full",
            "What is written there is cut off; later errors may follow from that.",
            (Fix("give the container more shared memory", notes="docker run --shm-size=2g; Docker's own is 64 MB."),),
        )
    elif hits:
        yield finding_from_hits(
            log,
            hits,
            "the disk is full",
            "What is written there is cut off; later errors may follow from that.",
            (
                _ROOM,
                Fix(
                    "write less: no debug information",
                    env=(("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_INCREMENTAL", "0")),
                    notes="TMPDIR and CARGO_TARGET_DIR put temporary files and the build on another disk.",
                ),
            ),
        )


leads_to = is_later
