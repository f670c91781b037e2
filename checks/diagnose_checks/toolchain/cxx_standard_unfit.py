"""The code is compiled for another C++ standard than it, or a header that it includes, needs.

Headers refuse an older standard with ``#error``: those of PyTorch ask for C++17 since release 2.1, Abseil's and Eigen's
for C++14 or C++17. Which one is used, ``-std=…`` in the command or the compiler's default says. The other way round,
headers of Python 2 and old libraries do not compile as C++17.

How to fix: pass the option of the standard that is asked for, or take a release of the project that does.

References:
    https://gcc.gnu.org/projects/cxx-status.html
    https://pytorch.org/docs/stable/cpp_extension.html
    https://cmake.org/cmake/help/latest/variable/CMAKE_CXX_STANDARD.html
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

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=(
        *patterns_for(
            "cxx-standard",
            (
                "or later compatible compiler is",
                r"#error:? \"?C\+\+(?P<needs>\d\d) or later compatible compiler is required to use "
                r"(?P<who>ATen|PyTorch)",
            ),
            (
                "versions less than C++",
                r"#error:? \"?C\+\+ versions less than C\+\+(?P<needs>\d\d) are not supported",
            ),
            ("requires at least c++", r"#error:? \"?(?P<who>\w{2,20}) requires at least [cC]\+\+(?P<needs>\d\d)"),
            ("requires at least C++", r"#error:? \"?(?P<who>\w{2,20}) requires at least [cC]\+\+(?P<needs>\d\d)"),
            (
                "support for the ISO C++ 20",
                r"#error:? This file requires compiler and library support for the ISO C\+\+ 20(?P<needs>\d\d) "
                r"standard",
            ),
            (
                "is only available from C++",
                r"note: '(?P<who>std::[\w:]{1,60})' is only available from C\+\+(?P<needs>\d\d) onwards",
            ),
            ("must be compiled with C++", r"#error:? .{0,60}must be compiled with C\+\+(?P<needs>\d\d)"),
        ),
        *patterns_for(
            "cxx-standard-too-new",
            (
                "storage class specifier",
                r"error: ISO C\+\+17 does not allow ['\"]register['\"] storage class "
                r"specifier",
            ),
            ("dynamic exception spec", r"error: ISO C\+\+17 does not allow dynamic exception specifications"),
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a header refuse the C++ standard of the compilation."""
    for hit in log.find("cxx-standard")[:1]:
        needs, who = hit.groups["needs"], hit.groups["who"] or "the code"
        yield finding_from_hits(
            log,
            [hit],
            f"{who} needs C++{needs} or later, and is compiled as an older standard",
            "Compiling stops.",
            (
                Fix(
                    f"compile as C++{needs}",
                    env=(("CXXFLAGS", f"-std=c++{needs}"),),
                    notes=f"CMake: -DCMAKE_CXX_STANDARD={needs}. An option of setup.py or CMakeLists.txt comes "
                    f"later in the "
                    f"command and wins: change extra_compile_args, cxx and nvcc, from -std=c++14 to -std=c++{needs}. "
                    f"MSVC: /std:c++{needs}.",
                ),
                Fix(
                    f"take a release of the project that is made for this {who if who != 'the code' else 'library'}",
                    notes="PyTorch 2.0 and older take C++14.",
                )
                if who in ("ATen", "PyTorch")
                else Fix("if the compiler does not know the option: use a newer one"),
            ),
        )
        return
    for hit in log.find("cxx-standard-too-new")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            "the code, or a header that it includes, is older than C++17, as which it is compiled",
            "Compiling stops.",
            (
                Fix(
                    "compile as C++14",
                    env=(("CXXFLAGS", "-std=c++14"),),
                    notes="GCC 11, Clang 16 and later take C++17 by default. CMake: -DCMAKE_CXX_STANDARD=14.",
                ),
                Fix("use a newer release of the library with that header", notes="Python 2 has such headers."),
            ),
        )
