"""The processors for which rustc compiles, by architecture: ``rustc_processors.txt``."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import cache


@cache
def names(architecture: str) -> dict[str, str]:
    """Return {name: the oldest release seen to accept it}; empty where rustc accepts any name."""
    with open(os.path.join(os.path.dirname(__file__), "rustc_processors.txt"), encoding="utf-8") as file:
        rows = (line.split() for line in file if not line.startswith("#"))
        return {name: row[0] for row in rows if row[1] == architecture for name in row[2:]}
