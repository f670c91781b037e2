"""A module was compiled for another release of a package than the one that it runs with.

Cython copies the size of a class, and the names and types of functions, from the package that is installed while it
compiles. If the package has changed when the module is imported, the module refuses, or it would read the wrong
memory. numpy has a check of its own: ``runtime-numpy-mismatch``.

How to fix: install a release of one of the two that fits the other; or compile the module again, with the package
that is installed.

References:
    https://cython.readthedocs.io/en/latest/src/userguide/sharing_declarations.html
    https://cython.readthedocs.io/en/latest/src/userguide/extension_types.html (``check_size``)
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

_ERROR = r"^(?:E +)?"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "package-mismatch",
        (
            "may indicate binary",
            rf"{_ERROR}ValueError: (?P<package>(?!numpy\.)\w[\w]{{0,60}})(?P<what>\.[\w.]{{1,80}}) size changed,"
            rf" may indicate "
            r"binary incompatibility",
        ),
        (
            "does not export expected C",
            rf"{_ERROR}ImportError: (?P<package>(?!numpy\b)\w{{1,60}})(?P<inside>[\w.]{{0,80}}) does not export "
            rf"expected C "
            r"(?:function|variable) (?P<what>\w{1,80})",
        ),
        (
            "has wrong signature",
            rf"{_ERROR}TypeError: C (?:function|variable) (?P<package>(?!numpy\b)\w{{1,60}})"
            rf"(?P<what>\.[\w.]{{1,80}}) has wrong "
            r"(?:signature|type)",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Cython's code refuse the package that it finds."""
    for hit in log.find("package-mismatch")[:1]:
        package, what = hit.groups["package"], hit.groups["what"].lstrip(".")
        yield finding_from_hits(
            log,
            [hit],
            f"a module was compiled for another release of {package}: {what} is not what it was then",
            "The module cannot be imported.",
            [
                Fix(
                    "install both again, in releases that fit",
                    (
                        Command(
                            f"python3 -m pip install --force-reinstall --no-cache-dir {package} USER", FixStage.BUILD
                        ),
                    ),
                    notes=f"USER is the package that imports {package}: the traceback names it. pip's cache may hold a "
                    f"wheel of it that was compiled with the older {package}.",
                ),
                Fix(
                    f"compile USER with the {package} that is installed",
                    (
                        Command(
                            "python3 -m pip install --force-reinstall --no-cache-dir --no-deps --no-build-isolation "
                            "--no-binary USER USER",
                            FixStage.BUILD,
                        ),
                    ),
                    notes="Without isolation, its build tools (setuptools, Cython) have to be installed before.",
                ),
            ],
        )
