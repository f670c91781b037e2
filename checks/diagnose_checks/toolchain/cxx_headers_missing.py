"""The compiler does not find the headers of the C++ standard library.

They are part of GCC's or LLVM's library, not of clang: on Linux clang takes those of the newest GCC whose folder is
there, even if that GCC has no C++. gcc has them for C++ sources only (``.cpp``, or the program ``g++``), and for 32
bits in a package of their own.

How to fix: install GCC's C++ library with headers, of the version that clang takes; compile C++ as C++.

References:
    https://clang.llvm.org/docs/UsersManual.html
    https://packages.debian.org/libstdc++-14-dev
    https://libcxx.llvm.org
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

_STANDARD = (
    r"(?:algorithm|any|array|atomic|bitset|cassert|cctype|cerrno|cfloat|chrono|cinttypes|climits|clocale|cmath|complex"
    r"|condition_variable|cstdarg|cstddef|cstdint|cstdio|cstdlib|cstring|ctime|cwchar|deque|exception|fstream"
    r"|functional|initializer_list|iomanip|ios|iosfwd|iostream|istream|iterator|limits|list|locale|map|memory|mutex"
    r"|new|numeric|ostream|queue|random|ratio|regex|set|sstream|stack|stdexcept|streambuf|string|system_error|thread"
    r"|tuple|type_traits|typeinfo|unordered_map|unordered_set|utility|valarray|vector)"
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=(
        *patterns_for(
            "no-cxx-header",
            ("file not", rf"fatal error: '(?P<header>{_STANDARD})' file not\s+found", 2),
            (
                "No such file",
                rf"(?<![^\s:])(?P<from>[^\s:]{{0,200}}):\d+(?::\d+)?: "
                rf"fatal error: (?P<gcc>{_STANDARD}): No such file or",
            ),
            ("c++config.h", r"fatal error: (?P<gcc>bits/c\+\+config\.h): No such file or directory"),
            ("C1083", rf"error C1083: .{{3,60}}?'(?P<msvc>{_STANDARD})'"),
        ),
    ),
)
_GCC = {
    "debian": ("g++",),
    "rhel": ("gcc-c++",),
    "alpine": ("g++",),
    "arch": ("gcc",),
    "suse": ("gcc-c++",),
}
_HALF = {
    "debian": ("g++-multilib",),
    "rhel": ("libstdc++-devel.i686", "glibc-devel.i686"),
    "arch": ("lib32-gcc-libs",),
    "suse": ("gcc-c++-32bit",),
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See a compiler not find a header of the C++ library."""
    for hit in log.find("no-cxx-header")[:1]:
        header = hit.groups["header"] or hit.groups["gcc"] or hit.groups["msvc"]
        if log.find("no-sysroot") or hit.groups["msvc"]:
            return  # macos-sdk-missing; a Visual C++ without INCLUDE
        message = f"the compiler does not find {header}, a header of the C++ library"
        if other_system(log) == "macOS":
            fixes: tuple[Fix, ...] = (_MACOS, _TOOLS)
        elif hit.groups["header"]:
            fixes = _of_clang(log, hit.line)
        elif header.startswith("bits/"):
            half = install_by_family(log, hit.line, "for 32 bits (-m32): install", _HALF)
            fixes = (*half, *_other(log, hit.line))
        else:
            message = f"{header} is a header of C++, and it is compiled as C, or without a C++ library"
            fixes = (_AS_CXX, *_other(log, hit.line))
        yield finding_from_hits(log, [hit], message, "No C++ code can be compiled.", fixes)


def _other(log: BuildLog, line: int) -> tuple[Fix, ...]:
    return install_by_family(log, line, "install the C++ compiler, whose library the headers belong to", _GCC)


def _of_clang(log: BuildLog, line: int) -> tuple[Fix, ...]:
    return (
        *install_by_family(
            log,
            line,
            "install GCC's C++ library",
            _GCC,
            notes='clang takes the newest folder of /usr/lib/gcc: `clang++ -v` prints it as "Selected GCC '
            "installation\". On Debian and Ubuntu that version's libstdc++-VERSION-dev has to be there (Ubuntu 22.04: "
            "libstdc++-12-dev).",
        ),
        Fix(
            "use LLVM's own library",
            notes="-stdlib=libc++, with the package libc++-dev (Fedora: libcxx-devel). A clang of conda: install "
            "clangxx and gxx_linux-64 in the same environment.",
        ),
    )


_MACOS = Fix(
    "compile with libc++, for macOS 10.9 or newer",
    env=(("MACOSX_DEPLOYMENT_TARGET", "11.0"),),
    notes="An old Python asks for 10.6, whose library was GNU's: CFLAGS=-stdlib=libc++, or a newer Python. `clang++ "
    "--version` and `xcrun --show-sdk-path` have to be of the same installation.",
)
_TOOLS = Fix(
    "install the command line tools again",
    (
        Command("sudo rm -rf /Library/Developer/CommandLineTools", FixStage.TOOLCHAIN),
        Command("xcode-select --install", FixStage.TOOLCHAIN),
    ),
    notes="After an update of macOS their C++ headers may be missing.",
)
_AS_CXX = Fix(
    "compile it as C++",
    notes='With g++, in a file that ends in .cpp, or in Extension(…, language="c++"); Cython: '
    "# distutils: language = c++.",
)
