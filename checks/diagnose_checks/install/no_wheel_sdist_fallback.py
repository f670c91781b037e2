"""pip finds no compatible wheel and builds the package from source, but the tools for that are missing.

The package has wheels, but none for this Python, processor or C library, or this pip is too old to know their tags. So
pip uses the source distribution. Its build needs Rust, a C compiler and the system's libraries.

How to fix: update pip first. If no wheel exists, use a Python or platform that has one, or install the build tools.

References:
    https://pip.pypa.io/en/stable/cli/pip_install/#finding-packages
    https://rustup.rs
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, other_system
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.model.versions import name_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=(
        *patterns_for(
            "no-rust",
            ("the Rust package manager, is not", r"Cargo, the Rust package manager, is not installed"),
            ("find Rust compiler", r"(?:[Cc]an't|Can not) find Rust compiler"),
            ("requires Rust", r"Unable to execute '(?:cargo|rustc)\S{0,20}' - this package requires Rust"),
            ("such file or directory: '", r"No such file or directory: '(?:cargo|rustc)'"),
            (
                "requires Rust",
                r"This package requires Rust(?: and Cargo)? (?:>=?[\d.]+)?(?:to compile|to be installed)?",
            ),
        ),
        *patterns_for("sudo-note", ("sudo ", r"(?:^|[$#>] )sudo (?:-\w+ )?(?:\S{0,80}/)?(?:pip|python)[\d.]*\s")),
        *patterns_for(
            "sdist-note",
            ("Downloading ", r"Downloading (?:\S*[^\s\w.+-])?(?P<sdist>[\w.+-]+\.(?:tar\.gz|zip))"),
            ("Using cached", r"Using cached (?:\S*[^\s\w.+-])?(?P<sdist>[\w.+-]+\.(?:tar\.gz|zip))"),
            ("(from ", r"Collecting \S.{0,200}?(?<![\w.+-])(?P<sdist>[\w.+-]{1,120}\.tar\.gz)"),
        ),
    ),
)


_MANYLINUX2014 = (19, 3)  # the first pip that knows this tag, and no newer one


_SUDO = (
    Fix(
        "if Rust is installed for your user: install without sudo, into an environment of your own",
        (Command("python3 -m venv .venv && .venv/bin/pip install PACKAGE", FixStage.BUILD),),
        notes='root does not have ~/.cargo/bin on PATH; sudo env "PATH=$PATH" pip install PACKAGE keeps it.',
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a package's build not find Rust."""
    hits = log.find("no-rust")
    earlier = [hit for hit in log.find("rust-installed") if hits and hit.line < hits[0].line]
    if hits and not earlier:
        sources = [hit for hit in log.find("sdist-note") if hit.line < hits[0].line][-1:]
        ages = [hit for hit in log.find("pip-age") if (0,) < name_key(hit.groups["version"]) < _MANYLINUX2014]
        old = ages[0].groups["version"] if ages and not other_system(log) else ""
        name = sources[0].groups["sdist"] if sources else "the source distribution"
        yield finding_from_hits(
            log,
            [*sources, *hits, *(ages[:1] if old else ())],
            f"pip {old} does not know manylinux2014 and newer tags and builds {name}, but Rust is not installed"
            if old
            else f"pip finds no compatible wheel and builds {name}, but Rust is not installed",
            "The package is not installed.",
            [
                Fix(
                    "update pip" if old else "update pip, which may then know the wheel's tag",
                    (Command("python3 -m pip install --upgrade pip", FixStage.TOOLCHAIN),),
                ),
                Fix(
                    "request the newest version that has a wheel",
                    (Command("python3 -m pip install --only-binary :all: PACKAGE", FixStage.BUILD),),
                ),
                Fix(
                    "install Rust",
                    (Command("curl -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal", FixStage.TOOLCHAIN),),
                    notes="The crate may also need system libraries.",
                ),
                *(_SUDO if log.find("sudo-note") else ()),
            ],
        )
