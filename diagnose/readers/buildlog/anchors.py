"""Finds any of hundreds of literal texts in a block of bytes, in one pass.

``ahocorasick_rs`` (the extra ``fast``) does that at 70 to 380 MB/s. Without it, each text is searched for separately,
but only if the block contains each of its runs of four bytes. Few texts remain, so the speed is 20 to 30 MB/s. Both
find the same positions, which a test verifies.
"""

from __future__ import annotations

import sys
from operator import itemgetter

from diagnose.model._lazy_stdlib import TYPE_CHECKING

try:
    from ahocorasick_rs import BytesAhoCorasick
except ImportError:  # no wheels for musl, PyPy, and processors other than x86-64 and AArch64
    BytesAhoCorasick = None  # type: ignore[assignment, misc]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

GRAM = 4  # bytes that a text has at least
_STEP = 1 << 16  # bytes searched at once: bounds the matches held, and the runs of bytes fit a processor's cache


class Anchors:
    """A search for *texts*, each at least four bytes long; *fast* is False to search without ``ahocorasick_rs``."""

    def __init__(self, texts: Iterable[bytes], fast: bool = True) -> None:
        self._texts = sorted(set(texts))
        self._longest = max(map(len, self._texts), default=1)
        # Number, start and end of every text in some bytes, each line's together
        self._search: Callable[[bytes], Iterable[tuple[int, int, int]]] = self._plain
        if fast and BytesAhoCorasick is not None:
            self._automaton = BytesAhoCorasick(self._texts)
            self._search = self._automatic
        else:
            self._begin: dict[int, list[int]] = {}  # the first run of bytes → the texts that it begins
            for number, text in enumerate(self._texts):
                self._begin.setdefault(int.from_bytes(text[:GRAM], sys.byteorder), []).append(number)
            self._grams: dict[int, set[int]] = {}  # all runs, of the texts whose first one was there

    def lines(self, block: bytes) -> dict[int, list[tuple[int, bytes]]]:
        """Return the lines of *block* with a text: their start → the first position of each text in it, sorted.

        No text has a line break. A text that fills a long line is found there many thousand times.
        """
        found: dict[int, dict[int, int]] = {}
        here: dict[int, int] = {}
        end = -1
        for begin in range(0, len(block), _STEP):
            left = end - begin  # the rest of the line
            for number, at, _ in self._search(block[begin : begin + _STEP + self._longest - 1]):
                if at < left and number in here:
                    continue
                if at >= _STEP:
                    continue  # the next step finds it
                if at >= left:
                    start = block.rfind(b"\n", 0, begin + at) + 1
                    end = block.find(b"\n", begin + at)
                    end = len(block) if end < 0 else end
                    left = end - begin
                    here = found.setdefault(start, {})
                here[number] = begin + at
        lines: dict[int, list[tuple[int, bytes]]] = {}
        for start, here in found.items():
            lines[start] = line = [(at, self._texts[number]) for number, at in here.items()]
            if len(line) > 1:
                line.sort()
        return lines

    def _automatic(self, part: bytes) -> Iterable[tuple[int, int, int]]:
        return self._automaton.find_matches_as_indexes(part, overlapping=True)

    def _plain(self, part: bytes) -> Iterable[tuple[int, int, int]]:
        there = _grams(part)
        found = []
        for number in sorted([number for gram in self._begin.keys() & there for number in self._begin[gram]]):
            text = self._texts[number]
            if number not in self._grams:
                self._grams[number] = _grams(text)
            at = part.find(text) if self._grams[number] <= there else -1
            while at >= 0:
                found.append((number, at, at + len(text)))
                at = part.find(text, at + 1)
        found.sort(key=itemgetter(1))
        return found


def _grams(text: bytes) -> set[int]:
    """Return every run of four bytes in *text*, as integers in the machine's byte order."""
    if len(text) < 64:
        return {int.from_bytes(text[at : at + GRAM], sys.byteorder) for at in range(len(text) - GRAM + 1)}
    view = memoryview(text)
    found: set[int] = set()
    for offset in range(GRAM):
        found.update(view[offset : len(text) - (len(text) - offset) % GRAM].cast("I"))
    return found
