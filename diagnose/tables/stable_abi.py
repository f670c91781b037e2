"""The symbols of Python's stable ABI: the table ``abi3.txt``, made by :mod:`diagnose.tables.make_abi3`."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import cache


@cache
def stable_abi() -> dict[str, tuple[int, int]]:
    """Return symbol → version of CPython, as (major, minor), that added it to the stable ABI."""
    with open(os.path.join(os.path.dirname(__file__), "abi3.txt"), encoding="utf-8") as file:
        rows = [line.split() for line in file if line[0] != "#"]
    return {name: (int(added.partition(".")[0]), int(added.partition(".")[2])) for name, added in rows}


#: Functions that only a debug build of Python has, and that code compiled for one asks for.
DEBUG = frozenset(
    {"_Py_NegativeRefcount", "_Py_RefTotal", "_Py_INCREF_IncRefTotal", "_Py_DECREF_DecRefTotal", "_Py_AddRefTotal",
     "_Py_GetRefTotal", "PyModule_Create2TraceRefs", "Py_InitModule4TraceRefs"}
)  # fmt: skip


def in_every_python(symbol: str) -> bool:
    """Whether *symbol* is in every Python 3, or in every debug build: if it is not found, its library is not linked.

    Code for 32 bits adds an underscore before the name.
    """
    names = (symbol, symbol.removeprefix("_"))
    return any(name in DEBUG or stable_abi().get(name, _LATER) <= _FIRST for name in names)


_FIRST = (3, 2)
_LATER = (9, 0)
