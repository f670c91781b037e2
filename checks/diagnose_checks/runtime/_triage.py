"""What the causes of failed loading share: names that tell where a library came from."""

from __future__ import annotations

import re

from diagnose.authoring.libc_demands import GLIBC_ONLY
from diagnose.authoring.log import distinct
from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit

LIBPYTHON = re.compile(r"^libpython\d")
#: What glibc's loader and musl's are called.
LOADER = re.compile(r"^ld-(?:linux|musl)[\w.-]*\.so|^ld64?\.so|^libc\.musl-")

#: musl's loader, which is its libc as well.
MUSL = re.compile(r"^ld-musl|^libc\.musl-")


def wheel_file(path: str) -> bool:
    """Whether *path* is an extension module or a library of an installed wheel."""
    return "site-packages" in path or "dist-packages" in path or ".cpython-" in path or ".abi3.so" in path


def undefined(log: BuildLog) -> list[Hit]:
    """Return the symbols that a loader misses, glibc's or musl's, and that are not the C library's own."""
    relocating = [hit for hit in log.find("musl-relocating") if not re.match(GLIBC_ONLY, hit.groups["symbol"])]
    return sorted([*log.find("loader-undefined"), *relocating], key=lambda hit: hit.line)


def foreign_module(hit: Hit) -> bool:
    """Whether glibc's loader says that it cannot open an extension module which Python had found before.

    The file is there, then, and is for another processor: glibc passes over such a file as if it were not.
    """
    return (
        hit.groups["folder"].startswith("/") and "ImportError: " in hit.text and not hit.groups["lib"].startswith("lib")
    )


PYTHON_SYMBOL = re.compile(r"^_*Py(?:[A-Z]\w*|_\w+)$")


_STREAMS = ("stderr", "stdout", "stdin", "environ", "optarg")


def unknown_symbols(log: BuildLog) -> list[Hit]:
    """Return the symbols, each once, that the loader misses and that belong to no C library and no Python."""
    return [
        hit
        for hit in distinct(undefined(log), "symbol")
        if not PYTHON_SYMBOL.match(hit.groups["symbol"].partition("@")[0]) and hit.groups["symbol"] not in _STREAMS
    ]
