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
