"""Code uses what this numpy no longer has.

numpy 1.24 has no ``np.int``, ``np.float`` and ``np.bool``; 2.0 none of ``np.float_``, ``np.product`` and many other
names. C code for numpy 1 does not compile with the headers of 2.0, which hide the members of ``PyArray_Descr``.
Isolated builds get the newest numpy, unless the package limits it.

How to fix: use a newer release of the package, or an older numpy: also for the build, where it is compiled.

References:
    https://numpy.org/doc/stable/numpy_2_0_migration_guide.html
    https://numpy.org/doc/stable/release/1.24.0-notes.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.build_constraint import build_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

#: (names, the first release without them), as numpy's release notes list them.
_NAMES = (
    ("int|float|complex|object|str|bool|long|unicode", "1.24"),
    (
        "float_|complex_|unicode_|string_|Inf|Infinity|NaN|NINF|PINF|PZERO|NZERO|product|cumproduct|sometrue|alltrue|"
        "in1d|row_stack|trapz|cast|source|lookfor|find_common_type|issubclass_|obj2sctype|sctype2char|sctypes|asfarray|"
        "set_string_function|safe_eval|singlecomplex|cfloat|clongfloat|longfloat|longcomplex|round_|mat|msort|compat|"
        "deprecate|disp|byte_bounds|geterrobj|seterrobj|maximum_sctype|issctype|who|infty|infinity",
        "2.0",
    ),
)
_NAME = "|".join(names for names, _ in _NAMES)
_MEMBER = "subarray|elsize|alignment|names|fields|metadata|hash|c_metadata|f"
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "numpy-lost",
        ("'numpy' has no attribute", rf"AttributeError: module 'numpy' has no attribute '(?P<name>{_NAME})'"),
        ("was removed in the NumPy", r"AttributeError: `np\.(?P<name>\w{1,40})` was removed in the NumPy 2\.0 release"),
        ("PyArray_Descr", rf"error: '(?:struct )?_?PyArray_Descr'.{{0,60}} no member named '(?P<member>{_MEMBER})'"),
        ("'_PyArray_Descr'", rf"error: no member named '(?P<member>{_MEMBER})' in '(?:struct )?_PyArray_Descr'"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See code that was written for an older numpy fail."""
    for hit in log.find("numpy-lost")[:1]:
        name, member = hit.groups["name"], hit.groups["member"]
        since = next((since for names, since in _NAMES if name in names.split("|")), "2.0")
        package = next((one.groups["package"] for one in log.find("failed-package")), "") or "PACKAGE"
        older = [Fix("use an older numpy", (Command(f"python3 -m pip install 'numpy<{since}'", FixStage.TOOLCHAIN),))]
        if member:
            older = [
                Fix(
                    "build it with an older numpy",
                    build_with(f"numpy<{since}", package),
                    notes="The module then needs that numpy when it is imported, too.",
                )
            ]
        yield finding_from_hits(
            log,
            [hit],
            f"the code uses {f'the member {member} of PyArray_Descr' if member else f'np.{name}'}, which numpy {since} "
            "no longer has",
            "The package is not built, or not imported.",
            (
                Fix(
                    "use a newer release of the package that fails",
                    (Command(f"python3 -m pip install --upgrade {package}", FixStage.TOOLCHAIN),),
                ),
                *older,
            ),
        )
