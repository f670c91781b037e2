"""The compiler has no OpenMP.

GCC brings OpenMP (libgomp) on Linux. Clang needs LLVM's ``libomp`` for it, and Apple's Clang does not even take
``-fopenmp``.

How to fix: install libomp, or compile with GCC. On macOS, pass ``-Xpreprocessor -fopenmp`` and the folders of
Homebrew's libomp.

References:
    https://openmp.llvm.org
    https://formulae.brew.sh/formula/libomp
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family, other_system
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "no-openmp",
        ("unsupported option '-fopenmp", r"(?P<apple>unsupported option '-fopenmp')"),
        ("omp.h", r"fatal error: '?omp\.h'?(?:: No such file| file not found)"),
        ("libgomp.spec", r"cannot read spec file '(?P<spec>libgomp\.spec)'"),
        ("penmp", r"ERROR: Dependency \"openmp\" not found"),
        ("Could NOT find OpenMP", r"(?:^|\(message\): )Could NOT find OpenMP(?:_C|_CXX)? \(missing:"),
    ),
)
_PACKAGES = {
    "debian": ("libomp-dev",),
    "rhel": ("libomp-devel",),
    "alpine": ("openmp-dev",),
    "arch": ("openmp",),
    "suse": ("libomp-devel",),
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See a compiler without OpenMP."""
    for hit in log.find("no-openmp")[:1]:
        apple = bool(hit.groups["apple"]) or other_system(log) == "macOS"
        if "Could NOT" in hit.text and not log.near(hit.line, "cmake-stops", before=6):
            return
        brew = Fix(
            "install libomp, and name its folders",
            (Command("brew install libomp", FixStage.PACKAGES),),
            env=(
                ("CFLAGS", "-Xpreprocessor -fopenmp -I/opt/homebrew/opt/libomp/include"),
                ("LDFLAGS", "-L/opt/homebrew/opt/libomp/lib -lomp"),
            ),
            notes="/usr/local/opt/libomp on Intel Macs. If the project passes -fopenmp itself: compile with "
            "Homebrew's gcc "
            "or llvm (CC=gcc-14).",
        )
        yield finding_from_hits(
            log,
            [hit],
            "the compiler has no OpenMP, which the code asks for",
            "Nothing is compiled.",
            (brew,)
            if apple
            else (
                *install_by_family(log, hit.line, "install OpenMP for clang", _PACKAGES),
                Fix("compile with GCC, which brings it", env=(("CC", "gcc"), ("CXX", "g++"))),
            ),
        )
