"""Helpers for failures of the dynamic loader: names that show where a library came from."""

from __future__ import annotations

from diagnose.authoring.libc_demands import GLIBC_ONLY, glibc_since
from diagnose.authoring.log import distinct, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import Command, Finding, Fix, FixStage
from diagnose.model.pattern import patterns_for
from diagnose.model.versions import version_key
from diagnose.tables.header_macros import macro_header

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit

LIBPYTHON = re.compile(r"^libpython\d")

#: How names of functions begin, and Homebrew's formula with them (formulae.brew.sh, November 2026).
FORMULAE = (
    (r"_?(?:ldap|ber)_", "openldap"), (r"_?PQ[a-z]", "libpq"), (r"_?mysql_", "mysql-client"),
    (r"_?SQL[A-Z]", "unixodbc"),
    (r"_?(?:SSL|EVP|BIO|X509|RSA|OPENSSL|CRYPTO)_", "openssl@3"), (r"_?archive_", "libarchive"), (r"_?FT_", "freetype"),
    (r"_?cairo_", "cairo"), (r"_?xml[A-Z]", "libxml2"), (r"_?xslt[A-Z]", "libxslt"), (r"_?H5", "hdf5"),
    (r"_?Pa_", "portaudio"), (r"_?sodium_", "libsodium"), (r"_?zmq_", "zeromq"), (r"_?libusb_", "libusb"),
)  # fmt: skip

#: Windows writes the reason in the language of its user. The messages of windows come from its loader's dialogs; cargo
#: and Python print the number with which a process ended as NTSTATUS, or as a signed or unsigned number.
WINDOWS = patterns_for(
    "windows-load",
    ("DLL load failed", r"\bDLL load failed(?: while importing (?P<module>\w{1,80}))?: ?(?P<why>\S.{0,300})"),
    # not of a file that is copied: ('a', 'b', '[WinError 127] …')
    ("[WinError 1", r"(?<!['\"])\[WinError (?P<number>126|127|193|1114)\] "),
    (
        "or one of its dependencies",
        r"FileNotFoundError: Could not find module '(?P<file>[^']{1,300})' \(or one of its dependencies\)",
    ),
    ("Python DLL ", r"(?:Failed to load|Error loading) Python DLL '(?P<file>[^']{1,300})'"),
    ("because ", r"cannot proceed because (?P<absent>[\w.+-]{1,80}\.(?:dll|DLL)) was not found"),
    ("is missing from your", r"because (?P<absent>[\w.+-]{1,80}\.(?:dll|DLL)) is missing from your computer"),
    (
        "The procedure entry point",
        r"The procedure entry point \S{1,300} could not be located in the dynamic link library (?P<lacking>\S{1,200})",
    ),
    (
        "import_dll Library",
        r":err:module:import_dll Library (?P<absent>\S{1,80}) \(which is needed by .{1,300}\) not found",
    ),
    (
        "error while loading shared",
        r"error while loading shared libraries: (?P<absent>[\w.+-]{1,80}\.dll|\?): cannot open shared object file",
    ),
    ("unable to start correctly", r"unable to start correctly \((?P<status>0x[cC]000\w{4})\)"),
    *(
        (anchor, rf"(?:[Ee]xit|[Cc]ode|[Ss]tatus|FAIL)[^\d]{{0,24}}?(?<![\w.])(?P<status>{number})\b")
        for anchor, number in (("-1073", r"-1073\d{6}"), ("32212", r"32212\d{5}"))
    ),
    *((f"0{x}000", r"(?:[Ee]xit|[Cc]ode|[Ss]tatus)\W{0,4}(?P<status>0x[cC]000\w{4})\b") for x in ("xc0", "xC0")),
)
#: What Python was at when Windows refused a file: it says the same of a library and of a program.
AT_WORK = patterns_for(
    "windows-at-work",
    ("ctypes", r"File \"[^\"]{0,300}[\\/]ctypes[\\/]__init__\.py\", line \d{1,6}, in __init__(?P<loads>)"),
    ("subprocess.py", r"File \"[^\"]{0,300}[\\/]subprocess\.py\", line \d{1,6}, in _execute_child(?P<starts>)"),
)
_FRAME = 4  # lines
#: NTSTATUS → what it means here (ntstatus.h).
STATUS = {
    0xC0000005: "crash", 0xC000001D: "instruction", 0xC000007B: "processor", 0xC00000FD: "crash", 0xC0000135: "missing",
    0xC0000138: "procedure", 0xC0000139: "procedure", 0xC0000142: "start", 0xC0000374: "crash", 0xC0000409: "crash",
}  # fmt: skip


def status(hit: Hit) -> str:
    """Return what the number means with which Windows ended a process; empty for one of another meaning."""
    said = hit.groups["status"]
    return STATUS.get(int(said, 0) & 0xFFFFFFFF, "") if said else ""


#: Reason → words of Windows's messages 193, 1114, 4551, 127 and 126 in its languages, and of 182 and 5 in English. The
#: first that fits counts: the Chinese words for a routine and for an application contain the one for a procedure.
_REASONS = {
    "processor": r"Win32",
    "start": r"(?i:ini[tcz]\w?[ai]li[sz]|inicjow)|初始化|初期化|초기화|инициализац|ініціаліз",
    "policy": r"Access is denied|Application Control|group policy|应用程序控制策略|组策略"
    r"|Anwendungssteuerungsrichtlinie",
    "procedure": r"operating system cannot run|specified program could not be found"
    r"|(?i:pro[zc]ed[iu]|proceso especificado|yordam)"
    r"|程序|プロシージャ|프로시저|процедур",
    "missing": r"(?i:m[óo]d[uü]l)|模块|模組|モジュール|모듈|модул",
}
_NUMBERS = {"126": "missing", "127": "procedure", "193": "processor", "1114": "start"}


#: A Python that was installed with its libraries finds others first.
OWN_LIBRARY = (
    Fix(
        "let Python find the library that it was built with",
        unset=("LD_LIBRARY_PATH",),
        notes="A folder in that variable, often of a module system, CUDA or another environment, is searched first.",
    ),
    Fix(
        "with conda: install it again",
        (Command("conda install --force-reinstall openssl python", FixStage.TOOLCHAIN),),
        notes="In the environment itself; a pyenv or own build of Python: build it again.",
    ),
)


def wheel_file(path: str) -> bool:
    """Whether *path* is an extension module or a library of an installed wheel."""
    return "site-packages" in path or "dist-packages" in path or ".cpython-" in path or ".abi3.so" in path


def installed_package(path: str) -> str:
    """Return the package of site-packages that the file *path* belongs to; empty if it is not in one."""
    found = re.search(
        r"(?:site|dist)-packages/(?P<name>[A-Za-z0-9][\w-]*?)(?:\.libs|-\d[^/]*\.egg|\.cpython-|\.abi3|/|$)", path
    )
    return found["name"] if found else ""


def undefined(log: BuildLog) -> list[Hit]:
    """Return the symbols that a loader misses, glibc's or musl's, and that do not belong to a C library."""
    relocating = [hit for hit in log.find("musl-relocating") if not re.match(GLIBC_ONLY, hit.groups["symbol"])]
    return sorted([*log.find("loader-undefined"), *relocating], key=lambda hit: hit.line)


def foreign_module(hit: Hit) -> bool:
    """Whether glibc's loader cannot open an extension module that Python has found.

    The file then exists and is for another processor: glibc skips such a file as if it were missing.
    """
    return (
        hit.groups["folder"].startswith("/") and "ImportError: " in hit.text and not hit.groups["lib"].startswith("lib")
    )


PYTHON_SYMBOL = re.compile(r"^(?:_*|Graal)Py(?:[A-Z]\w*|_\w+)$")


def is_android(hit: Hit) -> bool:
    """Whether Android's loader wrote *hit*."""
    return "bionic" in hit.groups or "cannot locate symbol" in hit.text


def is_others(hit: Hit) -> bool:
    """Whether the loader of a system without glibc or musl wrote *hit*: Android's, or one of a BSD."""
    return is_android(hit) or "bsd" in hit.groups


def newer_libc(log: BuildLog) -> list[Hit]:
    """Return the missing symbols without a version that glibc has since some release: its loader says so."""
    return [
        hit
        for hit in log.find("loader-undefined")
        if glibc_since(hit.groups["symbol"]) and not hit.groups["version"] and not is_others(hit)
    ]


_STREAMS = ("stderr", "stdout", "stdin", "environ", "optarg")


def unknown_symbols(log: BuildLog) -> list[Hit]:
    """Return the missing symbols, each once, that belong neither to a C library nor to Python."""
    return [
        hit
        for hit in distinct(undefined(log), "symbol")
        if not PYTHON_SYMBOL.match(hit.groups["symbol"].partition("@")[0])
        and hit.groups["symbol"] not in _STREAMS
        and hit not in newer_libc(log)
    ]


def windows_reasons(log: BuildLog) -> dict[str, list[Hit]]:
    """Return the failures to load a module on Windows by reason; those in unknown words are missing."""
    found: dict[str, list[Hit]] = {}
    for hit in log.find("windows-load"):
        reason = status(hit) or _NUMBERS.get(hit.groups["number"], "")
        if hit.groups["number"] == "193" and 'Error loading "' not in hit.text:
            frames = log.near(hit.line, "windows-at-work", before=_FRAME)
            reason = "processor" if any("loads" in frame.groups for frame in frames) else ""
        if hit.groups["file"] or hit.groups["absent"]:
            reason = "missing"
        elif hit.groups["lacking"]:
            reason = "procedure"
        elif not reason:
            reason = next((name for name, words in _REASONS.items() if re.search(words, hit.groups["why"])), "")
        if reason:
            found.setdefault(reason, []).append(hit)
    return found


def is_in_every_glibc(hit: Hit) -> bool:
    """Whether *hit*, of the kind ``glibc-not-defined``, asks for a version that each glibc in use has: before 2.5."""
    return version_key(hit.groups["version"].removeprefix("GLIBC_")) < (2, 5)


def macro_finding(log: BuildLog, hit: Hit) -> Finding | None:
    """Return that the compiler took a macro that it did not know for a function; None for another symbol."""
    file, symbol = hit.groups["file"], hit.groups["symbol"]
    header = macro_header(symbol)
    if header is None:
        return None
    package = installed_package(file)
    notes = f"The code needs #include <{header.name}>"
    notes += f", and {header.feature} before the first header." if header.feature else "."
    if header.feature == "_DEFAULT_SOURCE":
        notes += " -std=c99 turns that off, -std=gnu99 does not."
    if header.glibc:
        notes += f" glibc has it since {header.glibc}: manylinux2014 and later images have a newer one."
    flags = (f"-D{header.feature}",) if header.feature else ()
    install = f"python3 -m pip install --upgrade --force-reinstall --no-cache-dir {package or 'PACKAGE'}"
    return finding_from_hits(
        log,
        [hit],
        f"{file.rpartition('/')[2]} calls {symbol}, which is a macro of <{header.name}>: the headers that it was "
        "compiled with did not define that, and no library has such a function",
        "It cannot be loaded, here or elsewhere.",
        [
            Fix(
                f"install a newer release of {package or 'the package'}",
                (Command(install, FixStage.BUILD),),
                notes="A wheel of the same build, from pip's cache or a folder, keeps the fault.",
            ),
            Fix(
                f"if you compile it: with headers that define {symbol}",
                env=(("CFLAGS", " ".join((*flags, "-Werror=implicit-function-declaration"))),),
                notes=notes,
            ),
        ],
    )
