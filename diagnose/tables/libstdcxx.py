"""The functions that newer releases of GCC's C++ library brought: the table ``libstdcxx.txt``.

Releases of GCC by version of the library: https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import NamedTuple

#: Last part of GLIBCXX_3.4.N → the GCC that brought it. As of November 2026.
_GCC = {26: "9.1", 27: "9.2", 28: "9.3", 29: "11.1", 30: "12.1", 31: "13.1", 32: "13.2", 33: "14.1", 34: "15.1"}


class CxxFunction(NamedTuple):
    """A function of libstdc++, and since when it is there."""

    name: str
    """As C++ code writes it."""
    version: str
    """The version of the symbol, as ``GLIBCXX_3.4.29``."""
    gcc: str
    """The release of GCC that brought it."""


def newer_function(symbol: str) -> CxxFunction | None:
    """Return what the mangled *symbol* is, if GCC 9 or later brought it to libstdc++; None for others."""
    with open(os.path.join(os.path.dirname(__file__), "libstdcxx.txt"), encoding="utf-8") as file:
        for line in file:
            version, _, rest = line.rstrip("\n").partition(" ")
            mangled, _, name = rest.partition(" ")
            if mangled == symbol:
                return CxxFunction(name, f"GLIBCXX_3.4.{version}", _GCC[int(version)])
    return None
