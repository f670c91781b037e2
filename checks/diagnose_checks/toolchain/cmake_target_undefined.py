"""CMake links a target that no package has defined.

A name with two colons, such as ``GLEW::glew``, is a target that ``find_package`` defines. If the package was not asked
for, is older than its targets, or was found by another file (CMake's own ``FindNAME.cmake`` or the package's
``NAMEConfig.cmake``), the target does not exist. CMake stops; older versions pass the name to the linker as ``-l``.

How to fix: ask for the package and the component that defines the target, in a version that does.

References:
    https://cmake.org/cmake/help/latest/manual/cmake-buildsystem.7.html (imported targets)
    https://cmake.org/cmake/help/latest/policy/CMP0028.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_TARGET = r"(?P<target>[A-Za-z][\w.+-]{0,60}::[\w.+:-]{1,60})"
CHECK = Check(
    since="0.1.0",
    phase=Phase.SEARCH,
    patterns=patterns_for(
        "cmake-target",
        (
            "links to target ",
            rf"Target \"[^\"]{{1,200}}\" links to target\s+\"{_TARGET}\"\s+but\s+the\s+target\s+was\s+not\s+found",
            3,
        ),
        ("links to:", rf"Target \"[^\"]{{1,200}}\" links to:\s+{_TARGET}\s+but the target was not found", 4),
        ("cannot find -l", rf"cannot find -l{_TARGET}(?=[:\s]|$)"),
        ("library not found for -l", rf"library not found for -l{_TARGET}$"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See CMake, or the linker, miss a target."""
    hits = log.find("cmake-target")
    if not hits:
        return
    target = hits[0].groups["target"].rstrip(":")
    package, _, part = target.partition("::")
    yield finding_from_hits(
        log,
        hits,
        f"CMake links {target}, and no package that was found defines this target",
        "CMake stops, or the linker takes the name for a library's.",
        (
            Fix(
                f"ask for the package before: find_package({package} REQUIRED), with the component {part} where it "
                "has components",
                notes=f"In the CMakeLists.txt that links it, or above. For a package that was found: its release may "
                f"call the target otherwise; look for IMPORTED in {package}Config.cmake, or delete CMakeCache.txt.",
            ),
            Fix(
                f"install the release of {package} whose CMake files define it",
                notes="Distributions' packages sometimes have none: the Find module then sets variables "
                f"({package.upper()}_LIBRARIES) instead of a target.",
            ),
        ),
    )
