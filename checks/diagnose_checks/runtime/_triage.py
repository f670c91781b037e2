"""What the causes of failed loading share: names that tell where a library came from."""

from __future__ import annotations

import re

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit

LIBPYTHON = re.compile(r"^libpython\d")
#: What glibc's loader and musl's are called.
LOADER = re.compile(r"^ld-(?:linux|musl)[\w.-]*\.so|^ld64?\.so|^libc\.musl-")
#: Functions that glibc has, or that its headers turn others into, and that musl has not.
GLIBC_ONLY = re.compile(
    r"^(?:__isoc\d+_\w+|__\w+_chk|__res_\w+|gnu_get_libc_\w+|__libc_\w+|__memcpy_chk|__strdup|backtrace\w*|fcntl64|__cxa_\w+"
    r"|__finite\w*|__\w+_finite|mallinfo\d?|malloc_trim|__register_atfork|__errno_location64|qsort_r|\w+64)$"
)

#: musl's loader, which is its libc as well.
MUSL = re.compile(r"^ld-musl|^libc\.musl-")


def wheel_file(path: str) -> bool:
    """Whether *path* is an extension module or a library of an installed wheel."""
    return "site-packages" in path or "dist-packages" in path or ".cpython-" in path or ".abi3.so" in path


def undefined(log: BuildLog) -> list[Hit]:
    """Return the symbols that a loader misses, glibc's or musl's, and that are not the C library's own."""
    relocating = [hit for hit in log.find("musl-relocating") if not GLIBC_ONLY.match(hit.groups["symbol"])]
    return sorted([*log.find("loader-undefined"), *relocating], key=lambda hit: hit.line)


def foreign_module(hit: Hit) -> bool:
    """Whether glibc's loader says that it cannot open an extension module which Python had found before.

    The file is there, then, and is for another processor: glibc passes over such a file as if it were not.
    """
    return (
        hit.groups["folder"].startswith("/") and "ImportError: " in hit.text and not hit.groups["lib"].startswith("lib")
    )
