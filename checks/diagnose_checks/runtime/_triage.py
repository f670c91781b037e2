"""Helpers for failures of the dynamic loader: names that show where a library came from."""

from __future__ import annotations

from diagnose.authoring.libc_demands import GLIBC_ONLY, glibc_since
from diagnose.authoring.log import distinct
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import Command, Fix, FixStage
from diagnose.model.pattern import patterns_for
from diagnose.model.versions import version_key

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit

LIBPYTHON = re.compile(r"^libpython\d")

#: Windows writes the reason in the language of its user.
WINDOWS = patterns_for(
    "windows-load",
    ("DLL load failed", r"\bDLL load failed(?: while importing (?P<module>\w{1,80}))?: ?(?P<why>\S.{0,300})"),
    # not of a file that is copied: ('a', 'b', '[WinError 127] …')
    ("[WinError 1", r"(?<!['\"])\[WinError (?P<number>126|127|1114)\] "),
)
#: Reason → words of Windows's messages 193, 1114, 4551, 127 and 126 in its languages. The first that fits counts: the
#: Chinese words for a routine and for an application contain the one for a procedure.
_REASONS = {
    "processor": r"Win32",
    "start": r"(?i:ini[tcz]\w?[ai]li[sz]|inicjow)|初始化|初期化|초기화|инициализац|ініціаліз",
    "policy": r"Application Control|group policy|应用程序控制策略|组策略|Anwendungssteuerungsrichtlinie",
    "procedure": r"(?i:pro[zc]ed[iu]|proceso especificado|yordam)|程序|プロシージャ|프로시저|процедур",
    "missing": r"(?i:m[óo]d[uü]l)|模块|模組|モジュール|모듈|модул",
}
_NUMBERS = {"126": "missing", "127": "procedure", "1114": "start"}


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


def newer_libc(log: BuildLog) -> list[Hit]:
    """Return the missing symbols without a version that glibc has since some release: its loader says so."""
    return [
        hit
        for hit in log.find("loader-undefined")
        if glibc_since(hit.groups["symbol"]) and not hit.groups["version"] and "cannot locate" not in hit.text
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
        reason = _NUMBERS.get(hit.groups["number"]) or next(
            (name for name, words in _REASONS.items() if re.search(words, hit.groups["why"])), ""
        )
        if reason:
            found.setdefault(reason, []).append(hit)
    return found


def is_in_every_glibc(hit: Hit) -> bool:
    """Whether *hit*, of the kind ``glibc-not-defined``, asks for a version that each glibc in use has: before 2.5."""
    return version_key(hit.groups["version"].removeprefix("GLIBC_")) < (2, 5)
