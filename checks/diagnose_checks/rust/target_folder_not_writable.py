"""Cargo cannot write to its target folder.

Cargo keeps what it compiles in ``target`` beside ``Cargo.lock``, or where ``CARGO_TARGET_DIR`` or ``build.target-dir``
says. A build in a container or with ``sudo`` leaves a folder there that belongs to root; a volume may be read-only; a
name on the way may be that of a file.

How to fix: give the folder to the user who builds, or name another one.

References:
    https://doc.rust-lang.org/cargo/reference/config.html#buildtarget-dir
    https://doc.rust-lang.org/cargo/reference/build-cache.html
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

_REASON = r"\s+(?:Caused by:\s+)?(?P<why>Permission denied|Read-only file system|Not a directory|File exists)"
CHECK = Check(
    since="0.1.0",
    phase=Phase.RUST,
    patterns=patterns_for(
        "cargo-cannot-write",
        ("failed to create directory `", rf"^error: failed to create directory `(?P<path>[^`]{{1,300}})`{_REASON}", 4),
        ("/.cargo-lock", rf"^error: failed to open: (?P<path>\S{{1,300}}/\.cargo-lock){_REASON}", 4),
        (
            "os error 30) at path",
            r"^error: (?P<why>Read-only file system) \(os error 30\) at path \"(?P<path>[^\"]{1,200})",
        ),
        (
            "os error 13) at path",
            r"^error: (?P<why>Permission denied) \(os error 13\) at path \"(?P<path>[^\"]{1,200})",
        ),
        (
            "create a temp dir: ",
            r"^error: couldn't create a temp dir: (?P<why>No such file or directory|Permission denied"
            r"|Read-only file system|Not a directory) \(os error \d{1,3}\) at path \"(?P<temporary>[^\"]{1,200})",
        ),
    ),
    env_facts=("obstacle",),
)
_SAYS = {
    "a file": "Not a directory (os error 20)",
    "a link to what does not exist": "Not a directory (os error 20)",
    "read-only": "Read-only file system (os error 30)",
    "not writable": "Permission denied (os error 13)",
    "absent": "No such file or directory (os error 2)",
}
_TEMPORARY = Fix(
    "name another folder for temporary files",
    env=(("TMPDIR", "/var/tmp"),),
    notes="Or make the folder, or unset TMPDIR: the usual one is /tmp.",
)


def env(env: Environment) -> Iterator[Finding]:
    """See that the way to the target folder leads through a file, or to where this user may not write."""
    obstacle = env.obstacle
    if obstacle is None or obstacle.why in ("full", "without inodes"):  # disk-full
        return
    state = "does not exist" if obstacle.why == "absent" else f"is {obstacle.why}"
    what = "cargo cannot write to its target folder" if obstacle.folder else "rustc cannot write its temporary files"
    evidence = Evidence(state, obstacle.path)
    yield Finding(
        message=f"{what}: {obstacle.path} {state}",
        severity=Severity.ERROR,
        evidence=(setting_evidence(obstacle.setting), evidence) if obstacle.setting else (evidence,),
        consequence=f"{'cargo compiles' if obstacle.folder else 'rustc links'} nothing: {_SAYS[obstacle.why]}.",
        fixes=tuple(_fixes(obstacle.path, obstacle.why, obstacle.folder)) if obstacle.folder else (_TEMPORARY,),
    )


def _fixes(path: str, why: str, folder: str) -> Iterator[Fix]:
    """Yield fixes; *folder* is cargo's, empty if it is unknown."""
    if why == "not writable" and folder and f"{path}/".startswith(f"{folder}/"):
        yield Fix(
            "give the folder to the user who builds",
            (Command(f'sudo chown -R "$(id -u):$(id -g)" {quote(folder)}', FixStage.BUILD),),
            notes="If it is left from a build in a container: run that as this user, too (docker run --user).",
        )
    elif why == "not writable" and folder:
        yield Fix(
            "make the folder for the user who builds",
            (Command(f'sudo install -d -o "$(id -u)" -g "$(id -g)" {quote(folder)}', FixStage.BUILD),),
        )
    yield Fix(
        "name another folder for what cargo compiles",
        env=(("CARGO_TARGET_DIR", "/tmp/target"),),
        notes="Or move the file away." if why == "a file" else "Any folder where the user may write.",
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See cargo fail to make, or to lock, its folders."""
    hits = log.find("cargo-cannot-write")
    if hits and (temporary := hits[0].groups["temporary"]):
        folder = temporary.rpartition("/")[0]
        yield finding_from_hits(
            log,
            hits[:1],
            f"rustc cannot write its temporary files to {folder}: {hits[0].groups['why'].lower()}",
            "rustc links nothing.",
            (_TEMPORARY,),
        )
    elif hits:
        path, why = hits[0].groups["path"], hits[0].groups["why"]
        kind = {"Permission denied": "not writable", "Read-only file system": "read-only"}.get(why, "a file")
        yield finding_from_hits(
            log,
            hits[:1],
            f"cargo cannot write to {path}: {why.lower()}",
            "cargo compiles nothing.",
            _fixes(path, kind, path.rpartition("/release/")[0] or path.rpartition("/debug/")[0]),
        )
