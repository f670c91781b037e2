"""Cargo cannot write to its target folder, to its home or to Cargo.lock.

Cargo keeps what it compiles in ``target`` beside ``Cargo.lock``, or where ``CARGO_TARGET_DIR`` or ``build.target-dir``
says. A build in a container or with ``sudo`` leaves a folder there that belongs to root; a volume may be read-only; a
name on the way may be that of a file. maturin puts wheels into ``target/wheels``. Without a lock file, cargo writes one
beside the manifest. It keeps the crates that it downloads in ``CARGO_HOME``, which is ``~/.cargo``.

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

_WHYS = "Permission denied|Read-only file system|Not a directory|File exists"
_REASON = rf"\s+(?:Caused by:\s+)?(?P<why>{_WHYS})"
CHECK = Check(
    since="0.1.0",
    phase=Phase.RUST,
    patterns=patterns_for(
        "cargo-cannot-write",
        ("failed to create directory `", rf"^error: failed to create directory `(?P<path>[^`]{{1,300}})`{_REASON}", 4),
        (
            "failed to create directory `",
            rf": failed to create directory `(?P<path>[^`]{{0,250}}\btarget\b[^`]{{0,50}})`: (?P<why>{_WHYS})",
        ),
        (
            "to stage ",
            rf"Failed to stage \S{{1,300}} -> (?P<path>\S{{1,300}})\s+[Cc]aused by: [^\n]{{1,700}}: (?P<why>{_WHYS})",
            2,
        ),
        ("Cargo.lock", rf"^error: failed to (?:write|open) (?P<path>\S{{1,300}}Cargo\.lock){_REASON}", 8),
        (
            "Cargo.lock",
            rf"^error: failed to write (?P<path>\S{{1,300}}Cargo\.lock)\s+Caused by:\s+failed to open: \S{{1,300}}"
            rf"{_REASON}",
            8,
        ),
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
            "os error 2) at path",
            r"^error: (?P<why>No such file or directory) \(os error 2\) at path \"(?P<path>/(?:proc|sys)/[^\"]{1,200})",
        ),
        (
            "create a temp dir: ",
            r"^error: couldn't create a temp dir: (?P<why>No such file or directory|Permission denied"
            r"|Read-only file system|Not a directory) \(os error \d{1,3}\) at path \"(?P<temporary>[^\"]{1,200})",
        ),
    ),
    env_facts=("hazards.obstacles",),
)
_SAYS = {
    "a file": "Not a directory (os error 20)",
    "a link to what does not exist": "Not a directory (os error 20)",
    "a file system of the kernel": "No such file or directory (os error 2)",
    "read-only": "Read-only file system (os error 30)",
    "not writable": "Permission denied (os error 13)",
    "absent": "No such file or directory (os error 2)",
}
#: What a build cannot write, and what does not happen then, by the kind of obstacle.
_KINDS = {
    "target": ("cargo cannot write to its target folder", "cargo compiles nothing"),
    "temporary": ("rustc cannot write its temporary files", "rustc links nothing"),
    "lock": ("cargo cannot write Cargo.lock", "cargo compiles nothing"),
    "wheels": ("maturin cannot write to its folder of wheels", "maturin compiles, and writes no wheel"),
    "home": ("cargo cannot write to its home, where it keeps downloaded crates", "cargo downloads nothing"),
}
_TEMPORARY = Fix(
    "name another folder for temporary files",
    env=(("TMPDIR", "/var/tmp"),),
    notes="Or make the folder, or unset TMPDIR: the usual one is /tmp.",
)
_LOCK = Fix(
    "make the lock file where the project can be written, and bring it along",
    (Command("cargo generate-lockfile", FixStage.BUILD),),
    notes="Commit Cargo.lock: with it, cargo writes only to its target folder. Or build in a copy of the project.",
)
_HOME = Fix(
    "name another home for cargo",
    env=(("CARGO_HOME", "/var/tmp/cargo"),),
    notes="Or give the folder to the user who builds.",
)
_WHEELS = Fix(
    "name another folder for wheels",
    (Command("maturin build --release --out dist", FixStage.BUILD),),
    notes="Or move what is in the way.",
)


def env(env: Environment) -> Iterator[Finding]:
    """See that what a build writes is behind a file, or in a folder that this user may not write."""
    for obstacle in env.hazards.obstacles:
        if obstacle.why in ("full", "without inodes") or obstacle.kind == "null":
            continue  # disk-full, null-device-missing
        state = "does not exist" if obstacle.why == "absent" else f"is {obstacle.why}"
        what, lost = _KINDS[obstacle.kind]
        fixes = {"temporary": (_TEMPORARY,), "lock": (_LOCK,), "wheels": (_WHEELS,), "home": (_HOME,)}
        evidence = Evidence(state, obstacle.path)
        yield Finding(
            message=f"{what}: {obstacle.path} {state}",
            severity=Severity.WARNING if obstacle.kind == "wheels" else Severity.ERROR,
            evidence=(setting_evidence(obstacle.setting), evidence) if obstacle.setting else (evidence,),
            consequence=f"{lost}: {_SAYS[obstacle.why]}.",
            fixes=fixes.get(obstacle.kind) or tuple(_fixes(obstacle.path, obstacle.why, obstacle.folder)),
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
    elif hits and hits[0].groups["path"].endswith("Cargo.lock"):
        why = hits[0].groups["why"].lower()
        message = f"cargo cannot write to {hits[0].groups['path']}: {why}"
        yield finding_from_hits(log, hits[:1], message, "cargo compiles nothing.", (_LOCK,))
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
