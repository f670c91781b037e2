"""The classifiers of the package index: the table ``classifiers.txt``, by :mod:`diagnose.tables.make_classifiers`."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import NamedTuple, cache


class Classifiers(NamedTuple):
    """The index's list.

    ``known`` are the valid classifiers; ``deprecated`` the retired ones, each with its successors; ``source`` the
    package and its version.
    """

    known: frozenset[str]
    deprecated: dict[str, str]
    source: str


@cache
def classifiers() -> Classifiers:
    """Return the table."""
    with open(os.path.join(os.path.dirname(__file__), "classifiers.txt"), encoding="utf-8") as file:
        source, *rows = file.read().splitlines()
    deprecated = dict(row.split(" =>", 1) for row in rows if " =>" in row)
    known = frozenset(row for row in rows if " =>" not in row)
    return Classifiers(known, {old: new.strip() for old, new in deprecated.items()}, source[2:].partition(",")[0])
