"""This Python is older than the crate's PyO3 supports.

PyO3 drops old Pythons from time to time: its newest release needs more than 3.8. Since PyO3 0.29, free-threaded builds
need 3.14, because they were experimental in CPython 3.13. A matrix with ``cp313t``, or an image that still has
``python3.13t``, then fails although the ordinary 3.13 works.

How to fix: list the versions to build for, without this one; or use a PyO3 that supports it.

References:
    https://pyo3.rs/latest/building-and-distribution.html
    https://pyo3.rs/latest/free-threading.html
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
    patterns=patterns_for(
        "abi3-newer",
        (
            "set a minimum Python version",
            r"cannot set a minimum Python version (?P<min>[\d.]+) higher than the interpreter version "
            r"(?P<has>[\d.]+)\s+\(the minimum Python version is implied by the (?P<feature>[\w-]+) feature\)",
            2,
        ),
    )
    + patterns_for(
        "python-old",
        (
            "minimum supported version",
            r"configured \w{2,20}(?: interpreter)? version \((?P<has>[\d.]+)\) is lower than PyO3's minimum "
            r"supported version "
            r"\((?P<min>[\d.]+)\)",
        ),
        (
            "free-threaded build of CPython",
            r"PyO3 does not support the free-threaded build of CPython versions below (?P<free>[\d.]+), "
            r"the selected Python version is (?P<has>[\d.]+)",
        ),
        (
            "free-threaded build on Python",
            r"Cannot compile C extensions for the free-threaded build on Python versions earlier than "
            r"(?P<free>[\d.]+), found (?P<has>[\d.]+)",
        ),
        (
            "is supported, while you're using",
            r"Only python >= (?P<min>[\d.]+) is supported, while you're using python (?P<maturin>[\d.]+)",
        ),
    ),
)


def env(env: Environment) -> Iterator[Finding]:
    """See that a setting of PyO3 asks for a Python that it does not support."""
    yield from refused(env, "pyo3-python-too-old", "PyO3 cannot be built.")


def log(log: BuildLog) -> Iterator[Finding]:
    """See PyO3's build script reject the interpreter."""
    for hit in log.find("abi3-newer")[:1]:
        feature, has = hit.groups["feature"], hit.groups["has"]
        yield finding_from_hits(
            log,
            [hit],
            f"Python {has} is older than the feature {feature} allows: {hit.groups['min']} is its minimum",
            "PyO3 cannot be built.",
            [
                Fix(
                    f"build with Python {hit.groups['min']} or later",
                    (Command(f"maturin build --release -i python{hit.groups['min']}", FixStage.BUILD),),
                ),
                Fix(
                    f"support Python {has}: the feature abi3-py{has.replace('.', '')} instead of {feature}",
                    notes="In Cargo.toml, at pyo3; functions that are newer in the stable ABI then cannot be used, and "
                    "PyO3 itself must support that Python.",
                ),
            ],
        )
        return
    for hit in log.find("python-old")[:1]:
        if has := hit.groups["maturin"]:
            yield finding_from_hits(
                log,
                [hit],
                f"Python {has} is too old: this maturin builds for {hit.groups['min']} or later",
                "No wheel is built.",
                [
                    Fix(
                        "name a newer Python",
                        (Command("maturin build --release -i python3.12", FixStage.BUILD),),
                        notes="Replace 3.12 with your version. pip runs maturin with its own Python: use a newer one's "
                        "pip. PyO3 has its own minimum, too.",
                    ),
                ],
            )
            return
        has, free = hit.groups["has"], hit.groups["free"]
        lowest = free or hit.groups["min"]
        kind, suffix = ("Free-threaded Python", "t") if free else ("Python", "")
        yield finding_from_hits(
            log,
            [hit],
            f"{kind} {has} is too old: the crate's PyO3 needs {lowest} or later",
            "PyO3 cannot be built.",
            [
                Fix(
                    "build for versions that it supports",
                    (Command(f"maturin build --release -i python{lowest}{suffix}", FixStage.BUILD),),
                    notes="If you only install the package: an older release may support this Python.",
                ),
                Fix(
                    "use a PyO3 that supports this Python",
                    notes="Set it in Cargo.toml; PyO3's change log lists the supported versions.",
                ),
            ],
        )
