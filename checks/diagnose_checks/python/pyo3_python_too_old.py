"""This Python is older than the ones that the crate's PyO3 still takes.

PyO3 gives up old Pythons from time to time: 3.8 is too old for its newest release. Of the free-threaded builds it takes
those from 3.14 on since PyO3 0.29, for in CPython 3.13 they were an experiment. A matrix with ``cp313t``, or an image
that still has ``python3.13t``, then fails although the ordinary 3.13 is fine.

How to fix: name the versions to build for, without this one; or stay with a PyO3 that took it.

References:
    https://pyo3.rs/latest/building-and-distribution.html
    https://pyo3.rs/latest/free-threading.html
    https://github.com/PyO3/pyo3/blob/main/CHANGELOG.md
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, Phase, Stage
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.PYTHON,
    patterns=patterns_for(
        "python-old",
        (
            "minimum supported version",
            r"configured Python interpreter version \((?P<has>[\d.]+)\) is lower than PyO3's minimum supported version "
            r"\((?P<min>[\d.]+)\)",
        ),
        (
            "free-threaded build of CPython",
            r"PyO3 does not support the free-threaded build of CPython versions below (?P<free>[\d.]+), "
            r"the selected Python version is (?P<has>[\d.]+)",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See PyO3's build script refuse the interpreter."""
    for hit in log.find("python-old")[:1]:
        has, free = hit.groups["has"], hit.groups["free"]
        lowest = free or hit.groups["min"]
        kind, suffix = ("Free-threaded Python", "t") if free else ("Python", "")
        yield finding_from_hits(
            log,
            [hit],
            f"{kind} {has} is older than the crate's PyO3 takes, which is {lowest} or newer",
            "PyO3 cannot be built.",
            [
                Fix(
                    "build for versions that it takes",
                    (Command(f"maturin build --release -i python{lowest}{suffix}", Stage.BUILD),),
                    notes="Who only installs the package: an older release of it may take this Python.",
                ),
                Fix("stay with a PyO3 that took this Python", notes="In Cargo.toml; its change log says which did."),
            ],
        )
