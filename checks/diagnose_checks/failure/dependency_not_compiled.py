"""The code of a dependency does not compile, and no check knows why.

rustc reports an error in a source file below ``.cargo/registry``: in code that its authors compiled without it. So a
version does not fit: of the dependency to this Rust, or of two dependencies to each other. ``cargo install`` ignores
the program's own Cargo.lock and takes the newest version of everything, which is how the second kind comes about.

How to fix: ``cargo install --locked``; in a project, another version of the dependency that the error is in, or a Rust
of its time.

References:
    https://doc.rust-lang.org/cargo/commands/cargo-install.html#dealing-with-the-lockfile
    https://doc.rust-lang.org/cargo/commands/cargo-update.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import CRATE_FILE, patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    fallback=True,
    patterns=(
        *patterns_for(
            "dependency-error",
            ("error[E", rf"^error\[E\d{{4}}\]: (?P<said>.{{1,300}}?) +{CRATE_FILE}", 3),
            ("error: ", rf"^error: (?P<said>.{{1,300}}?) +{CRATE_FILE}", 3),
        ),
        *patterns_for(
            "cargo-installs",
            (
                "failed to compile",
                r"^(?:error: )?failed to compile `(?P<program>[\w-]{1,60}) v(?P<version>\d[\w.+-]{0,40})",
            ),
        ),
        *patterns_for("installed-locked", ("cargo install", r"cargo install\b.{0,200} --locked\b")),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See rustc's first error in a dependency's source."""
    hits = log.find("dependency-error")
    if not hits:
        return
    crate, version = hits[0].groups["crate"], hits[0].groups["version"]
    fixes = [
        Fix(
            f"take another version of {crate}",
            (Command(f"cargo update -p {crate}@{version}", FixStage.BUILD),),
            notes="Where Cargo.toml or another crate does not allow a newer one: update what depends on it, which "
            f"`cargo tree -i {crate}` shows. --precise VERSION selects one, an older one, too.",
        ),
        Fix("compile with the Rust of that time", notes="rustup toolchain install VERSION; cargo +VERSION build."),
    ]
    if _lacks_python(hits[0]):
        fixes = [
            Fix(
                "take a PyO3 that supports this Python",
                (Command("cargo add pyo3@0.29", FixStage.BUILD),),
                notes=f"PyO3 {version} does not check the version of Python, and fails to compile with a newer one. "
                "`cargo update` never crosses a minor version of 0.x: see PyO3's migration guide.",
            ),
            Fix("build with an older Python", env=(("PYO3_PYTHON", "python3.9"),)),
            fixes[1],
        ]
    installs = log.find("cargo-installs")
    if installs and not log.find("installed-locked"):
        program = installs[-1].groups
        fixes.insert(
            0,
            Fix(
                "install the program with the versions that its authors tested",
                (Command(f"cargo install --locked {program['program']}", FixStage.BUILD),),
                notes=f"Or a newer release of it than {program['version']}.",
            ),
        )
    yield finding_from_hits(
        log,
        hits[:3],
        f"the dependency {crate} {version} does not compile here: {hits[0].groups['said'][:150]}",
        f"Nothing that depends on {crate} is compiled.",
        fixes,
    )


def _lacks_python(hit: Hit) -> bool:
    """Whether it is a PyO3 of before 0.20.3, which did not yet refuse a newer Python, and misses a function of it."""
    version = tuple(int(part) for part in hit.groups["version"].split(".") if part.isdigit())
    return hit.groups["crate"] in {"pyo3", "pyo3-ffi"} and version < (0, 20, 3) and "`ffi`" in hit.groups["said"]
