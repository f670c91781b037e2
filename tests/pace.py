"""Bounds on processor time that also hold where the machine is slow, busy, or measured by coverage.

A bound tells linear from quadratic work, seconds from minutes; how fast the work is, ``dev.py bench`` says.
"""

from __future__ import annotations

import gc
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

REFERENCE = 0.05  # seconds of processor time for one yardstick(), on an idle machine of 2024
TRACED = 5  # times longer: what coverage's tracer makes of code that does little a line


def yardstick() -> float:
    """Return the processor time, in seconds, of a fixed piece of work like that of a reader."""
    start = time.process_time()
    words: dict[str, int] = {}
    for number in range(60_000):
        word = f"w{number % 977}"
        words[word] = words.get(word, 0) + number
    re.findall(r"w\d+=\d+;", ";".join(f"{word}={count}" for word, count in words.items()) * 40)
    return time.process_time() - start


def slowness() -> float:
    """Return how many times longer than on the reference machine work may take here and now; at least 1."""
    traced = TRACED if sys.gettrace() is not None else 1
    return traced * max(1.0, min(yardstick() for _ in range(3)) / REFERENCE)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail if the block takes more processor time than *seconds* of the reference machine.

    The machine is measured only when the block took longer than that. What the tests themselves keep in memory is out
    of the garbage collector's sight meanwhile: it may go through it several times, a fifth of a second each.
    """
    gc.freeze()
    start = time.process_time()
    try:
        yield
    finally:
        took = time.process_time() - start
        gc.unfreeze()
    if took > seconds:
        limit = seconds * slowness()
        assert took < limit, f"took {took:.1f} s of processor time, where {limit:.1f} s are allowed"
