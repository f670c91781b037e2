"""Finds any of thousands of literal texts in a block of bytes, in one pass.

``hyperscan`` (the extra ``fast``) reads what has few of them at 500 to 3000 MB/s, but takes a while to load and
to prepare the texts, so it is used in a large log only. Before, and without it, each text is searched for separately,
but only if the block contains each of its runs of four bytes. Few texts remain, so the speed is 150 MB/s and more where
lines are alike, as in most logs, and 20 to 30 MB/s where each is new. Both find the same positions, which a test
verifies.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from copy import copy
from functools import lru_cache
from operator import itemgetter

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType
    from typing import Any, Protocol

    class _Engine(Protocol):
        def search(self, part: bytes, gone: frozenset[int], first: bool) -> Iterable[tuple[int, int]]:
            """Return the number and the start of each text in *part*, line by line; *first*: each text's first only."""


GRAM = 4  # bytes that a text has at least
_STEP = 1 << 16  # bytes searched at once: bounds the matches held, and the runs of bytes fit a processor's cache
#: Bytes of a log in which the plain search takes as long as the library takes to prepare its search, and the number of
#: places with a text that is no longer searched for, which take the library as long.
PREPARE_AFTER, PREPARE_AGAIN_AFTER = 1 << 19, 400_000
_DENSE = 1000  # lines with a text in one block: the plain search takes far longer for those


class Anchors:
    """A search for *texts*, each at least four bytes long."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        self._texts = tuple(sorted(set(texts)))
        self._longest = max(map(len, self._texts), default=1)
        self._engine: _Engine = _Plain(self._texts)
        self._gone: frozenset[int] = frozenset()  # the numbers of those that are no longer searched for
        self._left = PREPARE_AFTER  # bytes until the library's search is prepared

    def without(self, texts: Iterable[bytes]) -> Anchors:
        """Return a search for all but *texts*."""
        rest = copy(self)
        numbers = {text: bisect_left(self._texts, text) for text in texts}
        rest._gone = self._gone.union(n for text, n in numbers.items() if self._texts[n : n + 1] == (text,))
        return rest

    def lines(self, block: bytes) -> dict[int, list[tuple[int, bytes]]]:
        """Return the lines of *block* with a text: their start → the first position of each text in it, sorted.

        No text has a line break. A text that fills a long line is found there many thousand times.
        """
        self._prepare(len(block))
        found: dict[int, dict[int, int]] = {}
        here: dict[int, int] = {}
        end = -1
        for begin in range(0, len(block), _STEP):
            left = end - begin  # the rest of the line
            part = block[begin : begin + _STEP + self._longest - 1]
            for number, at in self._engine.search(part, self._gone, len(part) <= left):
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
        if len(found) > _DENSE and isinstance(self._engine, _Plain):
            self._left = 0
        lines: dict[int, list[tuple[int, bytes]]] = {}
        for start, here in found.items():
            lines[start] = line = [(at, self._texts[number]) for number, at in here.items()]
            if len(line) > 1:
                line.sort()
        return lines

    def _prepare(self, size: int) -> None:
        """Prepare the search of the library if another *size* bytes make that worth it."""
        self._left -= size
        engine = self._engine
        due = engine.idle >= PREPARE_AGAIN_AFTER if isinstance(engine, _Prepared) else self._left <= 0
        if not due:
            return
        self._left = PREPARE_AFTER
        texts = tuple([text for number, text in enumerate(self._texts) if number not in self._gone])
        if texts and (prepared := _prepared(texts)) is not None:
            prepared.idle = 0
            self._texts, self._engine, self._gone = texts, prepared, frozenset()


#: Makes lines alike that differ in their numbers alone, and takes a line that is drawn again apart.
_ALIKE = bytes.maketrans(b"123456789\r", b"0" * 9 + b"\n")


class _Plain:
    """The search without the library.

    Most lines of a log are like others but for their numbers, so the runs of bytes are those of each such line once.
    """

    def __init__(self, texts: tuple[bytes, ...]) -> None:
        self._texts = texts
        alike = b"\n".join(texts).translate(_ALIKE).split(b"\n") if texts else []
        self._last = _runs([text[-GRAM:] for text in alike])
        self._begin: dict[int, list[int]] = {}  # the first run of bytes → the texts that it begins
        for number, run in enumerate(_runs([text[:GRAM] for text in alike])):
            self._begin.setdefault(run, []).append(number)
        self._runs: dict[int, set[int]] = {}  # all runs, of the texts whose first and last ones were there

    def search(self, part: bytes, gone: frozenset[int], first: bool) -> list[tuple[int, int]]:
        there = _grams(b"\n".join(dict.fromkeys(part.translate(_ALIKE).split(b"\n"))))
        found = []
        for number in sorted([number for run in self._begin.keys() & there for number in self._begin[run]]):
            if self._last[number] not in there or number in gone:
                continue
            text = self._texts[number]
            if number not in self._runs:
                self._runs[number] = _grams(text.translate(_ALIKE))
            at = part.find(text) if self._runs[number] <= there else -1
            while at >= 0:
                found.append((number, at))
                at = -1 if first else part.find(text, at + 1)
        found.sort(key=itemgetter(1))
        return found


class _Prepared:
    """The search of the library."""

    def __init__(self, library: ModuleType, texts: tuple[bytes, ...]) -> None:
        self._library = library
        self._texts = texts
        self._lengths = [len(text) for text in texts]
        self._every = self._database(0)
        self._first: Any = None  # made for the first line that is longer than a step
        self.idle = 0  # places with a text that is no longer searched for

    def _database(self, flags: int) -> Any:
        database = self._library.Database(mode=self._library.HS_MODE_BLOCK)
        count = len(self._texts)
        database.compile(expressions=self._texts, ids=range(count), elements=count, flags=[flags] * count, literal=True)
        database.scratch = self._library.Scratch(database)
        return database

    def search(self, part: bytes, gone: frozenset[int], first: bool) -> list[tuple[int, int]]:
        if first and self._first is None:
            self._first = self._database(self._library.HS_FLAG_SINGLEMATCH)
        found: list[tuple[int, int]] = []
        lengths, idle = self._lengths, 0

        def matched(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            nonlocal idle
            if number in gone:
                idle += 1
            else:
                found.append((number, end - lengths[number]))

        (self._first if first else self._every).scan(part, match_event_handler=matched)
        self.idle += idle
        return found


@lru_cache(1)  # the next log is searched for the same
def _prepared(texts: tuple[bytes, ...]) -> _Prepared | None:
    """Return the library's search for *texts*; None without it, or on a processor for which it has no code.

    It takes a literal text to end at a NUL (0.9.1).
    """
    if any(b"\0" in text for text in texts):
        return None
    try:
        import hyperscan  # not earlier: a small log is read in less time than it takes to load
    except ImportError:
        return None
    try:
        return _Prepared(hyperscan, texts)
    except hyperscan.error:
        return None


def _runs(runs: list[bytes]) -> memoryview:
    """Return *runs* of four bytes as integers in the machine's byte order."""
    return memoryview(b"".join(runs)).cast("I")


def _grams(text: bytes) -> set[int]:
    """Return every run of four bytes in *text*, as integers in the machine's byte order."""
    if len(text) < 64:
        return {int.from_bytes(text[at : at + GRAM], sys.byteorder) for at in range(len(text) - GRAM + 1)}
    view = memoryview(text)
    found: set[int] = set()
    for offset in range(GRAM):
        found.update(view[offset : len(text) - (len(text) - offset) % GRAM].cast("I"))
    return found
