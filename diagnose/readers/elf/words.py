"""Recognises instructions of Arm by masks: they are words of 32 bits, or, in T32, one or two halfwords.

No decoder is needed for that, so that it always works, and it takes a fraction of the time that x86 takes.
"""

from __future__ import annotations

import sys
from array import array
from itertools import compress

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Mask, value, what it tells (:mod:`diagnose.readers.elf.decoding`), and the instruction's name.
Row = tuple[int, int, int, str]
_SHIFT = 21  # the upper eleven bits of a word select the few rows to compare with
_UPPER = 0xFFFFFFFF >> _SHIFT << _SHIFT


def of(body: bytes) -> array[int]:
    """Return the words of *body*, without an incomplete one at its end."""
    words = array("I", body[: len(body) & -4])
    if sys.byteorder == "big":
        words.byteswap()
    return words


def halves(body: bytes) -> array[int]:
    """Return the halfwords of *body*."""
    found = array("H", body[: len(body) & -2])
    if sys.byteorder == "big":
        found.byteswap()
    return found


def marked(body: bytes, marks: bytes) -> bytes:
    """Return for each word of *body* a byte: the one that *marks* has for the word's upper byte.

    No row can match three words of four, as this byte shows: to pass them over takes a tenth of a look at each.
    """
    return body[3::4].translate(marks)


class Rows(dict[int, tuple[Row, ...]]):
    """The rows that can match a word, by its upper bits; of those that match, the first counts."""

    def __init__(self, rows: Sequence[Row]) -> None:
        super().__init__()
        self._by_byte: dict[int, list[Row]] = {}
        for row in rows:
            mask, value = row[0] >> 24, row[1] >> 24
            free = 0xFF & ~mask
            part = free
            while True:  # every subset of the free bits
                self._by_byte.setdefault(value | part, []).append(row)
                if not part:
                    break
                part = (part - 1) & free
        self.marks = bytes(byte in self._by_byte for byte in range(256))
        """For :func:`marked`: which upper bytes a row has."""

    def __missing__(self, upper: int) -> tuple[Row, ...]:
        word = upper << _SHIFT
        rows = self._by_byte.get(word >> 24, ())
        found = self[upper] = tuple(row for row in rows if not (word ^ row[1]) & row[0] & _UPPER)
        return found

    def find(self, word: int) -> Row | None:
        """Return the row of *word*."""
        return next((row for row in self[word >> _SHIFT] if word & row[0] == row[1]), None)

    def told(self, body: bytes) -> int:
        """Return what all words of *body* together tell."""
        told = 0
        for word in compress(of(body), marked(body, self.marks)):
            for mask, value, bits, _ in self[word >> _SHIFT]:
                if word & mask == value:
                    told |= bits
                    break
        return told
