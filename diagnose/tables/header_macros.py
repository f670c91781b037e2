"""Macros of the C library's headers that look like functions, and that no C library has as a function.

Where the headers do not define one, compilers before GCC 14 and Clang 16 warn only, and take it for a function: the
module is linked, and cannot be loaded. Macros that glibc has as functions, too (isnan), are not here.

Sources: the manual pages CPU_SET(3), endian(3), makedev(3), timeradd(3), glibc's NEWS (2.28: <sys/types.h> includes
<sys/sysmacros.h> no more); the names as glibc 2.36's headers define them, November 2026.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import NamedTuple


class MacroHeader(NamedTuple):
    """Where a macro comes from."""

    name: str
    """The header, as ``sched.h``."""
    glibc: str
    """The first glibc with it; empty if older than any that builds wheels."""
    feature: str
    """The feature macro without which the header leaves it out; empty if none."""


_ROWS = (
    ("CPU_ZERO CPU_SET CPU_CLR CPU_ISSET", MacroHeader("sched.h", "", "_GNU_SOURCE")),
    ("CPU_COUNT", MacroHeader("sched.h", "2.6", "_GNU_SOURCE")),
    (
        "CPU_ALLOC CPU_ALLOC_SIZE CPU_FREE CPU_AND CPU_OR CPU_XOR CPU_EQUAL CPU_ZERO_S CPU_SET_S CPU_CLR_S "
        "CPU_ISSET_S CPU_COUNT_S CPU_AND_S CPU_OR_S CPU_XOR_S CPU_EQUAL_S",
        MacroHeader("sched.h", "2.7", "_GNU_SOURCE"),
    ),
    (
        "htobe16 htole16 be16toh le16toh htobe32 htole32 be32toh le32toh htobe64 htole64 be64toh le64toh",
        MacroHeader("endian.h", "2.9", "_DEFAULT_SOURCE"),
    ),
    ("major minor makedev", MacroHeader("sys/sysmacros.h", "", "")),
    ("timeradd timersub timerclear timerisset", MacroHeader("sys/time.h", "", "_DEFAULT_SOURCE")),
)
_HEADERS = {name: header for names, header in _ROWS for name in names.split()}


def macro_header(symbol: str) -> MacroHeader | None:
    """Return where *symbol* comes from, if it is such a macro; None for others."""
    return _HEADERS.get(symbol)
