"""C code was generated for numpy 2, and is compiled with the headers of an older one.

Cython reads numpy's declarations from the numpy that is installed where it runs. Those of numpy 2 use functions such as
``PyDataType_ELSIZE`` and ``PyArray_MultiIter_SIZE``, which the headers of numpy 1 do not have. The two differ if a
source distribution contains the generated C code, or if the build finds two versions of numpy. Compilers before GCC 14
and Clang 16 only warn, and the module is not loaded: it has an undefined symbol.

How to fix: compile with the headers of numpy 2: the module then runs with numpy 1 as well. Or generate the C code again
with the numpy that it is compiled with.

References:
    https://numpy.org/doc/stable/numpy_2_0_migration_guide.html#c-api-changes
    https://numpy.org/doc/stable/dev/depending_on_numpy.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.build_constraint import build_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

#: What numpy 2's headers have, numpy 1.26's have not, and numpy 2's declarations for Cython use.
_NEW = (
    r"(?P<function>PyDataType_(?:SET_)?(?:ELSIZE|ALIGNMENT|FIELDS|NAMES|SUBARRAY|FLAGS|C_METADATA)"
    r"|PyArray_MultiIter_(?:NUMITER|SIZE|INDEX|NDIM|DIMS|ITERS))"
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "numpy-headers-old",
        ("undeclared function '", rf"error: call to undeclared function '{_NEW}'"),
        ("implicit declaration of func", rf"error: implicit declaration of function [`'\"]{_NEW}['\"]"),
        ("was not declared in this sc", rf"error: '{_NEW}' was not declared in this scope"),
        ("undeclared identifier '", rf"error: use of undeclared identifier '{_NEW}'"),
        ("undefined symbol: P", rf"undefined symbol: {_NEW}$"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a compiler not know the functions that numpy 2 added, or the loader miss them."""
    hits = log.find("numpy-headers-old")
    if hits:
        package = next((one.groups["package"] for one in log.find("failed-package", "pip-source")), "") or "PACKAGE"
        yield finding_from_hits(
            log,
            hits,
            f"the C code was generated for numpy 2 ({hits[0].groups['function']}), and is compiled with the headers "
            "of numpy 1",
            "The module is not built, or cannot be loaded.",
            (
                Fix(
                    "compile it with the headers of numpy 2",
                    build_with("numpy>=2", package, "--no-cache-dir "),
                    notes="The module "
                    "then runs with numpy 1 as well. With --no-build-isolation: install that numpy first.",
                ),
                Fix(
                    "generate the C code with the numpy that it is compiled with",
                    notes="Delete the generated .c files of the project, so that Cython writes them again, and name "
                    "one numpy in [build-system] requires. -I options, CFLAGS and CPATH may lead to another numpy.",
                ),
            ),
        )
