"""A module was compiled for another numpy than the one that it runs with.

Extensions that use numpy's C interface fix the size of its structures. One that was compiled with numpy 1 does not
load with numpy 2; one that was compiled with a newer numpy may not load with an older one.

How to fix: update the package whose module it is: newer releases are compiled with numpy 2, which serves both. Else
install the numpy that it was made for.

References:
    https://numpy.org/doc/stable/dev/depending_on_numpy.html
    https://numpy.org/devdocs/numpy_2_0_migration_guide.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "numpy-abi",
        ("compiled using NumPy 1.x", r"A module that was compiled using NumPy 1\.x cannot be run in(?P<two>)"),
        (
            "may indicate binary",
            r"^(?:E +)?ValueError: numpy\.\w{1,40} size changed, may indicate binary incompatibility\. Expected "
            r"(?P<want>\d{1,5}) "
            r"from C header, got (?P<have>\d{1,5})",
        ),
        (
            "module compiled against A",
            r"module compiled against A[PB]I version \S{1,20} but this version of numpy is \S{1,20}",
        ),
        ("numpy.core.multiarray failed", r"numpy\.core\.multiarray failed to import"),
        ("_ARRAY_API not found", r"AttributeError: _ARRAY_API not found"),
        ("auto-generated because", r"numpy\._?core\.multiarray failed to import \(auto-generated because"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See an import fail because of numpy's binary interface."""
    hits = log.find("numpy-abi")
    if not hits:
        return
    sizes = [(int(hit.groups["want"]), int(hit.groups["have"])) for hit in hits if hit.groups["want"]]
    older = bool(sizes) and sizes[0][0] > sizes[0][1] and sizes[0] != (96, 88)
    update = Fix(
        "update the package whose module fails to load",
        (Command("python3 -m pip install --upgrade PACKAGE", FixStage.TOOLCHAIN),),
        notes="Replace PACKAGE with its name; the traceback shows it. Built from source: compile it again with numpy "
        "2.",
    )
    old = Fix("install the older numpy", (Command("python3 -m pip install 'numpy<2'", FixStage.TOOLCHAIN),))
    new = Fix(
        "update numpy",
        (Command("python3 -m pip install --upgrade numpy", FixStage.TOOLCHAIN),),
        notes="The module was compiled with a newer one.",
    )
    yield finding_from_hits(
        log,
        hits,
        "a module was compiled for another numpy than the one that is installed",
        "It is not imported.",
        (new, update) if older else (update, old),
    )
