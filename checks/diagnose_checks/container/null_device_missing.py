"""There is no null device at /dev/null.

cargo and rustc connect the programs that they start to ``/dev/null``, as shells and configure scripts do. A chroot, an
unpacked image or a minimal container may have none; a program that ran as root may have put a file in its place, which
then grows, or which other users may not write.

How to fix: make the device, or mount the machine's ``/dev`` into the root.

References:
    https://man7.org/linux/man-pages/man4/null.4.html
    https://doc.rust-lang.org/std/process/struct.Stdio.html#method.null
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
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
        "no-null-device",
        ("/dev/null: No such file", r"(?:cannot (?:open|create) )?/dev/null: No such file"),
    ),
    env_facts=("hazards.obstacles",),
)
_SAYS = {"absent": "does not exist", "no device": "is a file, not the device", "not writable": "may not be written"}
_MAKE = Fix(
    "make the device",
    (Command("rm -f /dev/null && mknod -m 666 /dev/null c 1 3", FixStage.UPDATE),),
    notes="As root. In a chroot: mount --bind /dev ROOT/dev. A container runtime makes it by itself.",
)


def env(env: Environment) -> Iterator[Finding]:
    """See that /dev/null is not there, or is not the device."""
    for obstacle in env.hazards.obstacles:
        if obstacle.kind != "null":
            continue
        state = _SAYS[obstacle.why]
        yield Finding(
            message=f"/dev/null {state}",
            severity=Severity.NOTE if obstacle.why == "no device" else Severity.ERROR,
            evidence=(Evidence(state, "/dev/null"),),
            consequence="What is written there stays, and is read again."
            if obstacle.why == "no device"
            else "cargo cannot start rustc, nor rustc the linker.",
            fixes=(_MAKE,),
        )


def log(log: BuildLog) -> Iterator[Finding]:
    """See a shell find no /dev/null."""
    if hits := log.find("no-null-device"):
        yield finding_from_hits(log, hits, "/dev/null does not exist", "Shells and compilers stop.", (_MAKE,))
