"""Visual C++'s linker gets files that do not fit together.

A link takes objects and libraries for one processor, with one kind of C run-time library (``/MD``, ``/MT``, and their
debug kinds ``/MDd``, ``/MTd``), and of one family of compilers. A static library that a newer Visual C++ compiled calls
helper functions (``__std_find_trivial_1``) that an older one's library lacks.

How to fix: build or take each library for the same processor and run-time library, and link with a Visual C++ that is
at least as new as the one that compiled them.

References:
    https://learn.microsoft.com/en-us/cpp/error-messages/tool-errors/linker-tools-error-lnk2038
    https://learn.microsoft.com/en-us/cpp/error-messages/tool-errors/linker-tools-error-lnk1112
    https://learn.microsoft.com/en-us/cpp/build/reference/md-mt-ld-use-run-time-library
    https://learn.microsoft.com/en-us/cpp/porting/binary-compat-2015-2017
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_FILE = r"(?P<file>[^\s:()][^:()]{0,200})(?:\([^)]{0,200}\))?"
_MACHINE = r"['\"“](?P<got>x86|x64|ARM64(?:EC)?|ARM|AMD64|I386)['\"”]"
_WANTED = r"['\"“](?P<want>x86|x64|ARM64(?:EC)?|ARM|AMD64|I386)['\"”]"
#: The C and C++ run-time libraries of /MD, and of /MT.
_SHARED = r"(?:msvcp|msvcr|MSVCP|MSVCR|ucrt|vcruntime)"
_STATIC = r"(?:libcp|libcmt|LIBCP|LIBCMT|libucrt|libvcruntime)"
#: Functions of the universal C run-time library, which no other library has (Microsoft's reference of it).
_UCRT = (
    r"_?(?:_time64|_localtime64\w*|_gmtime64\w*|_mktime64|_stat64\w*|_fstat64\w*|_errno|__acrt_iob_func|__stdio_common_\w+"
    r"|_isctype|is(?:alnum|alpha|digit|print|space|upper|lower|xdigit|punct|cntrl|graph)|to(?:upper|lower)|clearerr|ferror"
    r"|feof|fopen\w*|fclose|fread|fwrite|fseek|ftell|fflush|fgets|fputs|fputc|fgetc|ungetc|getc|putc|malloc|calloc|realloc"
    r"|free|strdup|_strdup|strtol|strtoul|strtod|strncpy|strncat|strerror|qsort|bsearch|exit|abort|getenv|rand|srand"
    r"|_read|_write|_open|_close|_lseeki64|_fileno|_isatty|_getpid|_beginthreadex|_invalid_parameter_noinfo\w*)"
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.LINKER,
    patterns=(
        *patterns_for(
            "msvc-machine",
            ("LNK1112", rf"fatal error LNK1112: .{{0,60}}?{_MACHINE}.{{1,80}}?{_WANTED}"),
            ("LNK4272", rf"warning LNK4272: .{{0,60}}?{_MACHINE}.{{1,80}}?{_WANTED}"),
            ("conflicts with", r"lld-link: error: .{1,300}?: machine type (?P<got>\w+) conflicts with (?P<want>\w+)"),
        ),
        *patterns_for(
            "msvc-runtime",
            (
                "LNK2038",
                r"error LNK2038: .{0,60}?['\"“](?P<what>RuntimeLibrary|_ITERATOR_DEBUG_LEVEL|_MSC_VER)['\"”].{1,40}?"
                r"['\"“](?P<got>\w{1,30})['\"”].{1,60}?['\"“](?P<want>\w{1,30})['\"”]",
            ),
            (
                "/failifmismatch",
                r"(?:lld-link|rust-lld): error: /failifmismatch: mismatch detected for '(?P<what>RuntimeLibrary"
                r"|_ITERATOR_DEBUG_LEVEL|_MSC_VER)'(?P<got>)(?P<want>)",
            ),
            (
                "LNK2005",
                rf"(?<!\w)(?P<want>{_SHARED})\w{{0,20}}\.lib\(.{{1,80}}error LNK2005: .{{1,300}}?"
                rf"(?<!\w)(?P<got>{_STATIC})\w{{0,20}}\.lib\((?P<what>)",
            ),
            (
                "LNK2005",
                rf"(?<!\w)(?P<want>{_STATIC})\w{{0,20}}\.lib\(.{{1,80}}error LNK2005: .{{1,300}}?"
                rf"(?<!\w)(?P<got>{_SHARED})\w{{0,20}}\.lib\((?P<what>)",
            ),
        ),
        *patterns_for(
            "msvc-newer",
            ("__std_", r"error LNK20(?:01|19): .{0,90}?(?P<helper>__std_(?!type_info|terminate|exception)\w{3,60})"),
        ),
        # functions of the C library in ucrt.dll and vcruntime.dll, as objects for /MD ask for them
        *patterns_for(
            "msvc-dll-function",
            *((f"LNK{code}: ", rf"error LNK{code}: .{{0,90}}?\b__imp_(?P<name>{_UCRT})\b") for code in (2001, 2019)),
        ),
        *patterns_for(
            "msvc-format",
            ("LNK1107", r"(?P<file>[^\s:()][^()]{0,200}\.dll) ?: fatal error LNK1107"),
        ),
    ),
)
_RUNTIMES = {"MT": "/MT", "MTd": "/MTd", "MD": "/MD", "MDd": "/MDd"}


def log(log: BuildLog) -> Iterator[Finding]:
    """See Microsoft's linker, or lld in its place, refuse files that do not fit."""
    if hits := log.find("msvc-machine"):
        yield _of_machine(log, hits[0].groups["got"], hits[0].groups["want"])
        return
    if hits := log.find("msvc-newer"):
        yield finding_from_hits(
            log,
            hits[:3],
            f"a library was compiled with a newer Visual C++ than the one that links: {hits[0].groups['helper']} is "
            "not found",
            "Linking fails: the function is a helper of the newer C++ library.",
            (
                Fix(
                    "update Visual Studio, or its Build Tools",
                    notes="In the Visual Studio Installer: Update. Static libraries link only with the "
                    "same or a newer release of MSVC than compiled them; in CI: runs-on: windows-2025 or windows-2022, "
                    "which have newer ones.",
                ),
                Fix(
                    "link the library as a DLL, or build it here",
                    notes="A DLL does not depend on the compiler that uses it."
                    + (" For ort: the features load-dynamic or copy-dylibs." if "ort" in hits[0].text else ""),
                ),
            ),
        )
        return
    if (hits := log.find("msvc-dll-function")) and not log.find("msvc-runtime"):
        yield _of_dynamic(log, hits)
        return
    if hits := log.find("msvc-runtime"):
        yield _of_runtime(log, hits[0].groups["what"], hits[0].groups["got"], hits[0].groups["want"])
        return
    for hit in log.find("msvc-format")[:1]:
        name = re.split(r"[\\/]", hit.groups["file"])[-1]
        yield finding_from_hits(
            log,
            [hit],
            f"{name} is a DLL, which Microsoft's linker cannot link: it takes the import library",
            "Linking fails.",
            (
                Fix(
                    "name the import library (.lib) of the DLL",
                    notes="It comes with the library's development files. Without one: `dumpbin /exports` prints the "
                    "names for a .def file, of which `lib /def:NAME.def /machine:x64` makes it. MinGW's linker takes "
                    "DLLs: --target x86_64-pc-windows-gnu.",
                ),
            ),
        )


def _of_machine(log: BuildLog, got: str, want: str) -> Finding:
    prompt = {"x64": "x64", "AMD64": "x64", "x86": "x86", "I386": "x86", "ARM64": "arm64"}.get(want, want.lower())
    other = {"x64": "x64", "AMD64": "x64", "x86": "x86", "I386": "x86", "ARM64": "arm64"}.get(got, got.lower())
    return finding_from_hits(
        log,
        log.find("msvc-machine")[:3],
        f"a file is for {got}, and the link is for {want}",
        "Linking fails: the linker passes over libraries for another processor, and refuses such objects.",
        (
            Fix(
                f"if the program is meant for {got}: use the compiler and linker for it",
                (Command(f"vcvarsall.bat {other}", FixStage.TOOLCHAIN),),
                notes='Or the prompt "Native Tools" for it; CMake: -A '
                f"{'Win32' if other == 'x86' else other if other != 'arm64' else 'ARM64'}, in a new build folder. "
                'Extensions are for the processor of the Python that builds: `python -c "import platform; '
                'print(platform.architecture())"`.',
            ),
            Fix(
                f"if it is meant for {want}: take that library for {want}",
                notes=f"vcpkg install NAME:{prompt}-windows. LIB and /LIBPATH decide which file is found; delete what "
                "an earlier build left.",
            ),
        ),
    )


def _of_runtime(log: BuildLog, what: str, got: str, want: str) -> Finding:
    kinds = [_RUNTIMES.get(value.partition("_")[0], "") for value in (got, want)]
    debug = "_DEBUG" in what or any(kind.endswith("d") for kind in kinds)
    if what == "_MSC_VER":
        message = "files of Visual C++ releases that do not fit together are linked"
    elif all(kinds):
        message = f"files for different C run-time libraries are linked: {kinds[0]} and {kinds[1]}"
    else:
        message = "files for different C run-time libraries (/MT and /MD, or debug and release) are linked"
    fixes = [
        Fix(
            "compile everything for one C run-time library",
            notes="Python's extensions and Rust use /MD. CMake: -DCMAKE_MSVC_RUNTIME_LIBRARY=MultiThreadedDLL, with "
            "CMAKE_POLICY_DEFAULT_CMP0091=NEW for old projects; vcpkg: the triplet x64-windows-static-md, not "
            "x64-windows-static; gtest: gtest_force_shared_crt=ON.",
        )
    ]
    if builds_rust(log):
        fixes.append(
            Fix(
                "let Rust use the static one, as the library does",
                env=(("RUSTFLAGS", "-C target-feature=+crt-static"),),
                notes="The crate cc then passes /MT, too. For Python modules /MD is the rule.",
            )
        )
    if debug:
        fixes.insert(
            0, Fix("build all in one configuration", notes="cmake --build . --config Release, or Debug for all.")
        )
    return finding_from_hits(log, log.find("msvc-runtime")[:3], message, "Linking fails.", fixes)


def _of_dynamic(log: BuildLog, hits: list[Hit]) -> Finding:
    """Return that objects for the DLL of the C run-time library are linked with the static one."""
    names = list(dict.fromkeys(hit.groups["name"] for hit in hits))
    static = Fix(
        "compile the C code for the static C run-time library, too (/MT)",
        notes="The crate cc does so with `-C target-feature=+crt-static`; the crate static_vcruntime links the static "
        "one behind its back: take it out, or set it by RUSTFLAGS alone. CMake: "
        "-DCMAKE_MSVC_RUNTIME_LIBRARY=MultiThreaded.",
    )
    shared = Fix(
        "link the DLL's library (/MD), as the objects expect",
        notes="Without +crt-static, static_vcruntime, /MT, and /NODEFAULTLIB:msvcrt or :ucrt in link arguments. In a "
        "program that links Rust's archive: the same kind as rustc's, which is /MD.",
    )
    return finding_from_hits(
        log,
        hits[:4],
        f"objects are compiled for the DLL of the C run-time library (/MD), and it is not linked: __imp_{names[0]}"
        + (f" and {len(names) - 1} more functions" if len(names) > 1 else ""),
        "Linking fails: __imp_ marks what objects take from a DLL, and the static library (/MT) has no such names.",
        (shared, static),
    )
