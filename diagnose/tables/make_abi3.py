"""Makes ``abi3.txt``, the symbols of Python's stable ABI, from the package abi3info (test extra).

abi3info is generated from CPython's ``Misc/stable_abi.toml``. Importing it takes longer than inspecting most wheels,
so the product reads this table. Run after an update of abi3info::

    python -m diagnose.tables.make_abi3
"""

from __future__ import annotations

import os
from importlib.metadata import version

TABLE = os.path.join(os.path.dirname(__file__), "abi3.txt")


def text() -> str:
    """Return the table: a comment with the source, then ``SYMBOL MAJOR.MINOR`` (the version that added it) per line."""
    import abi3info

    symbols = (*abi3info.FUNCTIONS.values(), *abi3info.DATAS.values())
    rows = sorted({(item.symbol.name, f"{item.added.major}.{item.added.minor}") for item in symbols})
    head = f"# abi3info {version('abi3info')}, https://github.com/pypa/abi3info: symbol, version that added it\n"
    return head + "".join(f"{name} {added}\n" for name, added in rows)


if __name__ == "__main__":
    with open(TABLE, "w", encoding="utf-8", newline="\n") as file:
        file.write(text())
