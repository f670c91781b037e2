"""This Python is newer than the crate's PyO3 supports.

PyO3 checks the interpreter's version, because the layout of Python's structures changes with every minor release. In a
container the interpreters are the image's: ``setup-python`` on the runner has no effect there, and an updated image may
add a new version.

How to fix: use a newer PyO3; or list the versions to build for; or, with an ``abi3`` feature, set
``PYO3_USE_ABI3_FORWARD_COMPATIBILITY=1``.

References:
    https://pyo3.rs/latest/building-and-distribution.html
    https://github.com/PyO3/pyo3/blob/main/CHANGELOG.md
"""

from __future__ import annotations

from diagnose.authoring.environment import refused
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.PYTHON,
    env_facts=("refusals",),
    patterns=(
        *patterns_for(
            "python-new",
            (
                "maximum supported version",
                r"configured (?P<kind>\w+) (?:interpreter )?version \((?P<has>[\d.]+)\) is newer than PyO3's maximum "
                r"supported version \((?P<max>[\d.]+)\)",
            ),
            (  # uv, in an excerpt of its report
                "is newer than",
                r"configured (?P<kind>\w+) (?:interpreter )?version \((?P<has>[\d.]+)\) is newer than PyO3's maximum "
                r"supported version \((?P<max>[\d.]+)\)",
                2,
            ),
            ("maximum supported version", r"is newer than PyO3's maximum supported version"),
        ),
        # PyO3 0.29 renamed it, and accepts the old name unless Python is free-threaded
        *patterns_for(
            "forward-note", ("_FORWARD_COMPATIBILITY", r"set (?P<name>PYO3_USE_\w+_FORWARD_COMPATIBILITY)=1")
        ),
        *patterns_for("no-forward-note", ("cannot be suppressed", r"this check cannot be suppressed")),
    ),
)


def env(env: Environment) -> Iterator[Finding]:
    """See that a setting of PyO3 asks for a Python that it does not support."""
    yield from refused(env, "pyo3-python-too-new", "PyO3 cannot be built.")


def log(log: BuildLog) -> Iterator[Finding]:
    """See PyO3's build script reject the interpreter."""
    for hit in log.find("python-new")[:1]:
        has, highest = hit.groups["has"] or "of this version", hit.groups["max"]
        python = "pypy" if hit.groups["kind"] == "PyPy" else "python"
        notes = log.near(hit.line, "forward-note", after=8)
        forward = notes[0].groups["name"] if notes else "PYO3_USE_ABI3_FORWARD_COMPATIBILITY"
        final = log.near(hit.line, "no-forward-note", after=8)  # free-threaded Python has no stable ABI before 3.15
        knows = f", which supports versions up to {highest}" if highest else ""
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['kind'] or 'Python'} {has} is newer than the crate's PyO3{knows}",
            "PyO3 cannot be built.",
            [
                Fix(
                    "take a PyO3 that supports this Python",
                    (Command(f"cargo add pyo3@{_SINCE.get(has, _NEWEST)}", FixStage.BUILD),),
                    notes="`cargo update` never crosses a minor version of 0.x. See PyO3's migration guide; "
                    "crates that depend on pyo3 themselves (numpy, pyo3-log) have to move with it.",
                ),
                Fix(
                    "build for versions that it supports",
                    (Command(f"maturin build --release -i {python}{highest or '3.12'}", FixStage.BUILD),),
                    notes="If you only install the package: use a newer release with a wheel, or an older Python.",
                ),
                *(
                    []
                    if final or python == "pypy"
                    else [Fix("with an abi3 feature, build anyway", env=((forward, "1"),))]
                ),
            ],
        )


#: The first PyO3 that accepts a Python: ``SUPPORTED_VERSIONS_CPYTHON`` in each release's pyo3-ffi/build.rs.
_SINCE = {"3.12": "0.20", "3.13": "0.22", "3.14": "0.25", "3.15": "0.29"}
_NEWEST = "0.29"
