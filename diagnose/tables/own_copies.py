"""The crates that compile their own copy of a library: ``own_copies.txt``."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import NamedTuple, cache


class OwnCopy(NamedTuple):
    """When a crate compiles the library itself: if it is ``absent``, and with any of the ``features``."""

    absent: str
    """``yes``, ``no``, or a variable with ``$`` before it."""
    features: frozenset[str]


@cache
def table() -> dict[str, OwnCopy]:
    """Return the crates by name."""
    with open(os.path.join(os.path.dirname(__file__), "own_copies.txt"), encoding="utf-8") as file:
        rows = [line.split() for line in file if not line.startswith("#")]
    return {name: OwnCopy(absent, frozenset(words.split(",")) - {"-"}) for name, _, absent, words in rows}
