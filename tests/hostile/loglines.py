"""Attacks the reader of logs with a few lines at a time: ``python3 dev.py fuzz loglines SECONDS [SEED]``.

The inputs are some lines of the fixtures, changed. ``dev.py fuzz log`` also runs the checks and prints reports, on fewer
and longer inputs.
"""

# ruff: noqa: E501  (an input is one piece of text)
from __future__ import annotations

import random
from collections.abc import Callable

from diagnose.engine import registry
from diagnose.readers import buildlog
from diagnose.readers.buildlog import scan
from diagnose.readers.buildlog.anchors import Anchors
from diagnose.readers.buildlog.patterns import SHARED

from . import engine, log


def kind() -> engine.Kind:
    """Return the kind of input: the text of a log."""
    rows = [row for check in registry.load("log") for row in check.patterns]
    anchors = Anchors({row.anchor.encode() for row in (*SHARED, *rows)})
    table = scan._Table((*SHARED, *rows))
    # To build these takes longer than to read some lines.
    scan.Anchors = lambda _: anchors  # type: ignore[assignment, misc]
    scan._Table = lambda _: table  # type: ignore[assignment, misc]
    known = log.lines([*SHARED, *rows])

    def make(chance: random.Random) -> object:
        start = int(chance.random() * len(known))
        some = known[start : start + chance.choice((1, 2, 4, 8))]
        text = "\n".join(log.change(chance, line)[:3000] for line in some) + chance.choice(("\n", "", "\r\n"))
        return text.encode("utf-8", "replace").decode()

    def read(value: object) -> None:
        assert isinstance(value, str)
        found = buildlog.read_text(value, "x.log", rows)
        buildlog.facts(found)

    return engine.Kind("loglines", make, read)


def main(seconds: float = 60, seed: int = 0, say: Callable[[str], object] = print) -> int:
    """Read mutated logs for *seconds*; return 1 if one of them failed, else 0."""
    return engine.campaign(kind(), seconds, seed, say)
