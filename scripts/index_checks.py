"""Writes the index of the built-in checks, ``checks/diagnose_checks/index.txt``; ``--check`` only compares it.

A command imports the checks of its kind only, and learns from the index which these are.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from diagnose.engine import registry

if TYPE_CHECKING:
    from collections.abc import Iterable

INDEX = Path(__file__).resolve().parents[1] / "checks" / registry.BUILT_IN / registry.INDEX


def lines() -> str:
    """Return the index of the modules that exist: one per line, as ``area/check_id kind…``, sorted."""
    rows = []
    for name in registry.modules(registry.BUILT_IN):
        _, area, module = name.split(".")
        rows.append(row(area, module, registry.declared(import_module(name)).detectors))
    return "".join(sorted(rows))


def row(area: str, module: str, kinds: Iterable[str]) -> str:
    """Return the line of one check."""
    return f"{area}/{module} {' '.join(kinds)}\n"


def main(*args: str) -> int:
    """Write the index, or compare it."""
    wanted = lines()
    if INDEX.exists() and INDEX.read_text() == wanted:
        return 0
    if "--check" in args:
        print(f"{INDEX.name} does not name the checks that exist; run: python3 dev.py fmt", file=sys.stderr)
        return 1
    INDEX.write_text(wanted)
    print(f"wrote {INDEX.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
