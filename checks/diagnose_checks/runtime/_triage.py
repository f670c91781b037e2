"""Helpers for failures of the dynamic loader: names that show where a library came from."""

from __future__ import annotations

from diagnose.authoring.libc_demands import GLIBC_ONLY, glibc_since
from diagnose.authoring.log import distinct
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import Command, Fix, FixStage

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit

LIBPYTHON = re.compile(r"^libpython\d")


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
