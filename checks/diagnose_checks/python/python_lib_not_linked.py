"""C or C++ code that calls Python is linked without libpython, where the link leaves nothing open.

On Linux an extension module gets Python's functions from the interpreter that imports it, and the linker leaves them
open. It does not with ``-Wl,--no-undefined`` or ``-Wl,-z,defs``, in a program, or on Android, Windows and Cygwin, where
every library has to name what it takes functions from.

How to fix: for a module on Linux, take the option out of ``LDFLAGS``. On Android and in a program that embeds Python,
link libpython: ``python3-config --embed --ldflags``, or ``Python::Python`` in CMake.

References:
    https://docs.python.org/3/extending/embedding.html#compiling-and-linking-under-unix-like-systems
    https://cmake.org/cmake/help/latest/module/FindPython.html
    https://peps.python.org/pep-0738/
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits, other_system
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.visual_studio import RELEASE
from diagnose.tables.stable_abi import DEBUG, in_every_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_IGNORED = r"ignoring file '?(?P<file>[^',]{0,300}(?:libpython|/Python)[^',]{0,60})'?[,:]"
_UNRESOLVED = r"(?P<symbol>(?:__imp_)?_{0,2}Py(?:[A-Z][A-Za-z]{2,20})?_\w{2,60})"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    log_kinds=("ld-undefined",),
    patterns=patterns_for(
        "python-link",
        ("-linux-android", r"\w-linux-(?P<android>android)"),
        ("--no-undefined", r"(?P<option>-Wl,--no-undefined)\b"),
        ("-Wl,-z,defs", r"(?P<option>-Wl,-z,defs)\b"),
    )
    + patterns_for(
        "python-msvc",
        ("LNK2001: ", rf"error LNK2001: .{{3,60}}?{_UNRESOLVED}"),
        ("LNK2019: ", rf"error LNK2019: .{{3,60}}?{_UNRESOLVED}"),
    )
    + patterns_for(
        "python-other",
        ("ignoring file", rf"{_IGNORED} .{{0,40}}building for"),
        ("found architecture", rf"{_IGNORED} found arch"),
    ),
)
_PYTHON = re.compile(r"_?Py(?:[A-Z]\w*_|_)\w+$|_Py_\w+$|PyExc_\w+$")
_MACOS = Fix(
    "for a module: let the linker leave Python's functions to the interpreter",
    env=(("LDFLAGS", "-undefined dynamic_lookup"),),
    notes="With -bundle, as setuptools does. CMake: Python_add_library(NAME MODULE …), or pybind11_add_module.",
)
#: A function that is asked for from a DLL, as GNU ld names it: of 32 bits with one more underscore before the name.
_FROM_DLL = re.compile(r"(?:_imp_(?P<short>_)|__imp_)(?P<symbol>_?Py\w{2,80})$")
_AROUND = 60  # lines of a link's command and its messages


def _with_msvc(log: BuildLog) -> Iterator[Finding]:
    """See that MSVC finds none of Python's functions, or no library of this processor's Python."""
    hits = log.find("python-msvc")
    symbols = {hit.groups["symbol"] for hit in hits}
    if debug := sorted(symbol for symbol in symbols if {_plain(symbol), f"_{_plain(symbol)}"} & DEBUG):
        yield _of_debug(log, hits, debug[0])
        return
    if len(symbols) <= _LOST and not any(in_every_python(_plain(symbol)) for symbol in symbols):
        return
    short = sum(symbol.startswith("__imp__Py") for symbol in symbols) * 2 > len(symbols)
    first = sorted(symbols)[0]
    yield finding_from_hits(
        log,
        hits[:4],
        f"the code is compiled for 32 bits, and the Python library for the linker is of 64: {first} is not found"
        if short
        else f"the linker gets no library of this Python, or one of another processor: {first} is not found",
        "Linking fails: each function of Python is unresolved.",
        [
            Fix(
                "compile for the processor of that Python",
                (Command("vcvarsall.bat x64", FixStage.TOOLCHAIN),),
                notes='Or the prompt "x64 Native Tools"; CMake: -A x64; cross builds: -A ARM64. `python -c "import '
                "struct; print(struct.calcsize('P') * 8)\"` prints Python's bits.",
            ),
            Fix(
                "give the linker the folder with python3*.lib of that Python",
                notes="It is libs in sys.base_prefix; LIB, /LIBPATH or Python_ROOT_DIR of CMake names it. For another "
                "processor (ARM64) it is in that Python's NuGet package, which cibuildwheel "
                "downloads. dumpbin /headers "
                "prints the processor of a library. setuptools 74.0 searches the folders of another processor: "
                "'setuptools!=74.0.*' in requires of [build-system].",
            ),
        ],
    )


def _plain(symbol: str) -> str:
    return symbol.removeprefix("__imp_")


def _with_mingw(log: BuildLog) -> Iterator[Finding]:
    """See that GNU ld finds none of Python's functions on Windows."""
    for link in log.links:
        hits, symbols, short = [], set(), False
        for hit in link.of("ld-undefined"):
            if named := _FROM_DLL.match(hit.groups["symbol"].rstrip("'`\"")):
                hits.append(hit)
                symbols.add(named["symbol"])
                short = short or bool(named["short"])
        if symbols & DEBUG or not any(in_every_python(symbol) for symbol in symbols):
            continue
        first = min(symbol for symbol in symbols if in_every_python(symbol))
        other = short and any("win-amd64" in hit.text for hit in hits)
        bits = Fix(
            "compile for the bits of that Python",
            (Command("python -c \"import struct; print(struct.calcsize('P') * 8)\"", FixStage.TOOLCHAIN),),
            notes="`gcc -dumpmachine` prints i686 or mingw32 of a compiler for 32 bits, x86_64 for 64. MinGW-w64 has "
            "both; the old MinGW (C:\\MinGW) makes 32 bits only.",
        )
        lib = Fix(
            "give the linker Python's library",
            notes="-LFOLDER\\libs -lpython3X after the objects: FOLDER is sys.base_prefix of a Python with these bits, "
            "python3X its version (python312).",
        )
        yield finding_from_hits(
            log,
            hits[:4],
            f"the code is compiled for 32 bits, and this Python is of 64: {first} is not found"
            if other
            else f"the linker gets no library of Python, or one of other bits than the code: {first} is not found",
            "Linking fails: each function of Python is unresolved.",
            [bits] if other else [lib, bits],
        )
        return


def _of_debug(log: BuildLog, hits: list[Hit], symbol: str) -> Finding:
    return finding_from_hits(
        log,
        hits[:3],
        f"the code is compiled for a debug build of Python, and the library is of a release: {_plain(symbol)}",
        "Linking fails: only python3*_d.lib has that function.",
        [RELEASE],
    )


_LOST = 3  # functions, up to which a Python that no longer has them is the cause: code-too-old-for-python


def log(log: BuildLog) -> Iterator[Finding]:
    """See Python's functions undefined in a link of C or C++ code."""
    if builds_rust(log):
        return  # extension-module-in-test
    yield from _with_msvc(log)
    yield from _with_mingw(log)
    for link in log.links:
        hits = [hit for hit in link.of("ld-undefined") if _PYTHON.match(hit.groups["symbol"].partition("@")[0])]
        if not hits:
            continue
        signs = log.near(link.line, "python-link", before=_AROUND, after=_AROUND)
        android = any(sign.groups["android"] for sign in signs)
        options = dict.fromkeys(sign.groups["option"] for sign in signs if sign.groups["option"])
        linked = Fix(
            "link libpython, as Android asks" if android else "for a program that embeds Python: link libpython",
            notes="CMake: find_package(Python COMPONENTS Interpreter Development) and Python::Python; else "
            "`python3-config --embed --ldflags`, of the target's Python.",
        )
        opened = Fix(
            f"for a module: take {' and '.join(options) or '-Wl,--no-undefined and -Wl,-z,defs'} out of the link",
            notes="They are in LDFLAGS, or in CMAKE_SHARED_LINKER_FLAGS and CMAKE_MODULE_LINKER_FLAGS. A module is "
            "linked with -shared, and gets Python's functions from the interpreter.",
        )
        symbol = hits[0].groups["symbol"].rstrip("'`\"")
        if unfit := log.near(link.line, "python-other", before=_AROUND, after=5):
            yield finding_from_hits(
                log,
                [*unfit[:1], *hits],
                f"the linker ignores {unfit[0].groups['file']}: it is of another processor than this build",
                "Linking fails: Python's functions are undefined.",
                [
                    Fix(
                        "build for the processor of that Python, or take a Python for this one",
                        notes="ARCHFLAGS, CMAKE_OSX_ARCHITECTURES and -arch choose the build's. Homebrew's Python is "
                        "for Apple silicon in /opt/homebrew, for Intel in /usr/local.",
                    )
                ],
            )
            return
        if other_system(log) == "macOS":
            opened = _MACOS
        yield finding_from_hits(
            log,
            hits,
            f"{symbol} is a function of Python, and libpython is not linked",
            "Linking fails.",
            (linked,) if android else (opened, linked) if options or opened is _MACOS else (linked, opened),
        )
        return
