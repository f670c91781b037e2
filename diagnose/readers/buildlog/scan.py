"""Finds the telling lines of a log of any size, fast and in bounded memory.

Almost every line of a log says nothing. So every phrase has a literal anchor; block by block, the bytes are searched
for all anchors at once, and only lines that hold one are decoded, cleaned, and held against the phrases behind it.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from functools import cache
from typing import BinaryIO

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.pattern import Pattern
from diagnose.readers.buildlog.anchors import Anchors
from diagnose.readers.buildlog.clean import clean, joined, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_BLOCK = 1 << 18  # little enough that a processor's cache holds it and what is made of it
_ENDLESS = 1 << 22  # bytes without a line's end that are looked at in pieces
_BEGINNING = 1 << 13  # bytes of the first block among which one in twenty that no text has means: not a text
_NO_TEXT = bytes({*range(32)} - {*b"\a\b\t\n\v\f\r\x1b"})
_AHEAD = 1 << 14  # bytes kept back so that a wrapped message is seen whole
_LINE = 1 << 16  # of a longer line, this much around the anchor
_QUOTE = 600  # characters of a line that are kept
_FLOOD = 10_000  # times that an anchor is looked at in a row for nothing new
_OF_A_KIND = 400  # hits of one kind that are kept
_FOLLOWING = 24  # lines in which the rest of a wrapped message is looked for
_REPEATS = 4  # hits of one kind that say the very same


class Said(dict[str, str]):
    """What the named groups of a phrase caught; empty where a group is not part of the wording at hand."""

    def __missing__(self, group: str) -> str:
        return ""


class Hit(NamedTuple):
    """A line that says something: its number from 1, the cleaned text, and what the phrase's groups caught."""

    kind: str
    line: int
    text: str
    groups: Mapping[str, str] = Said()


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


class Scanner:
    """One pass over a log. ``lines`` is the number of lines read so far, ``binary`` that they are no text."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self.lines = 0
        self.binary = False
        self._behind: dict[bytes, list[Pattern]] = {}
        self._rank: dict[Pattern, int] = {}  # of several wordings that fit, the first of the table counts
        for pattern in patterns:
            self._behind.setdefault(pattern.anchor.encode(), []).append(pattern)
            self._rank.setdefault(pattern, len(self._rank))
        self._anchors = Anchors(self._behind)
        self._found: Counter[bytes] = Counter()
        self._kinds: Counter[str] = Counter()
        self._said: Counter[tuple[str, str]] = Counter()

    def scan(self, stream: BinaryIO) -> Iterator[Hit]:
        """Yield the hits of *stream* in the order of its lines."""
        held: list[bytes] = []
        for block in _blocks(stream):
            if not self.lines and _is_binary(block[:_BEGINNING]):
                self.binary = True
                return
            held.append(block)
            if b"\n" not in block and sum(map(len, held)) <= _ENDLESS:
                continue
            data = b"".join(held)
            cut = data.rfind(b"\n", 0, max(len(data) - _AHEAD, 0)) + 1
            if not cut and len(data) > _ENDLESS:
                cut = len(data) - _AHEAD
            if cut:
                yield from self._piece(data[:cut], data[cut : cut + _LINE])
            held = [data[cut:]]
        carry = b"".join(held)
        yield from self._piece(carry, b"")
        self.lines += bool(carry) and not carry.endswith(b"\n")

    def _piece(self, piece: bytes, rest: bytes) -> Iterator[Hit]:
        piece, rest = plain(piece), plain(rest)
        starts = self._candidates(piece)
        counted = 0
        for start in sorted(starts):
            self.lines += piece.count(b"\n", counted, start)
            counted = start
            at, patterns = starts[start]
            yield from self._line(piece, rest, start, at, self.lines + 1, self._ranked(patterns))
        self.lines += piece.count(b"\n", counted)

    def _ranked(self, patterns: list[Pattern]) -> list[Pattern]:
        """Return *phrases* kind by kind, and those of a kind in the order of the table."""
        if len(patterns) < 2:
            return patterns
        kinds: dict[str, list[Pattern]] = {}
        for pattern in patterns:
            kinds.setdefault(pattern.kind, []).append(pattern)
        return [pattern for group in kinds.values() for pattern in sorted(group, key=self._rank.__getitem__)]

    def _candidates(self, piece: bytes) -> dict[int, tuple[int, list[Pattern]]]:
        """Return the lines that hold an anchor: where each starts, where the anchor is, and the phrases to try."""
        starts: dict[int, tuple[int, dict[bytes, None]]] = {}
        start, end = 0, -1
        for at, text in self._anchors.finds(piece):
            if at >= end:
                start, end = piece.rfind(b"\n", 0, at) + 1, piece.find(b"\n", at)
                end = len(piece) if end < 0 else end
            starts.setdefault(start, (at, {}))[1][text] = None
            self._found[text] += 1
        found = {
            start: (at, [pattern for text in texts for pattern in self._behind[text]])
            for start, (at, texts) in starts.items()
        }
        self._forget()
        return found

    def _forget(self) -> None:
        """Stop looking for what floods the log."""
        drowned = [text for text, count in self._found.items() if count > _FLOOD and text in self._behind]
        for text in drowned:
            del self._behind[text]
        if drowned:
            self._anchors = Anchors(self._behind)

    def _line(
        self, piece: bytes, rest: bytes, start: int, at: int, number: int, patterns: list[Pattern]
    ) -> Iterator[Hit]:
        end = piece.find(b"\n", at)
        end = len(piece) if end < 0 else end
        if end - start > _LINE:
            start, end = max(start, at - _LINE // 2), min(end, at + _LINE // 2)
        texts = clean(piece[start:end].decode(errors="replace"))
        following: list[str] = []
        for text in texts:
            known: set[str] = set()
            bare = text.strip()  # how far a line is indented says nothing
            for pattern in patterns:
                if pattern.kind in known:
                    continue
                match = _compiled(pattern.pattern).search(bare) if pattern.anchor in bare else None
                if match is None and pattern.lines > 1 and text is texts[-1]:
                    following = following or _following(piece[end + 1 : end + 1 + _AHEAD], rest)
                    match = _wrapped(pattern, text, following)
                if match is not None:
                    known.add(pattern.kind)
                    if self._wanted(pattern.kind, match):
                        self._found[pattern.anchor.encode()] = 0
                        said = Said((key, value) for key, value in match.groupdict().items() if value is not None)
                        yield Hit(pattern.kind, number, _around(bare, match), said)

    def _wanted(self, kind: str, match: re.Match[str]) -> bool:
        said = (kind, match[0])
        if self._kinds[kind] >= _OF_A_KIND or self._said[said] >= _REPEATS:
            return False
        self._kinds[kind] += 1
        self._said[said] += 1
        return True


def _is_binary(beginning: bytes) -> bool:
    return (len(beginning) - len(beginning.translate(None, _NO_TEXT))) * 20 > len(beginning)


def _wrapped(pattern: Pattern, text: str, following: list[str]) -> re.Match[str] | None:
    """Return the match of *phrase* that begins in *text* and goes on in the lines after it."""
    for whole in joined([text, *following[: pattern.lines - 1]]):
        match = _compiled(pattern.pattern).search(whole)
        if match is not None and match.start() < len(text.strip()):
            return match
    return None


def _around(text: str, match: re.Match[str]) -> str:
    """Return the line as it is quoted: whole, or the part of a very long one that matters."""
    if len(text) <= _QUOTE:
        return text
    start = max(min(match.start(), len(text)) - 120, 0)
    return ("…" if start else "") + text[start : start + _QUOTE].strip() + "…"


def _following(tail: bytes, rest: bytes) -> list[str]:
    if len(tail) < _AHEAD:
        tail += rest[: _AHEAD - len(tail)]
    lines = tail.split(b"\n", _FOLLOWING)[:_FOLLOWING]
    texts = (" ".join(clean(line[:2000].decode(errors="replace"))) for line in lines)
    return [text for text in texts if text.strip()]  # a message copied from a web page can have blank lines in it


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield *stream* block by block as UTF-8; a byte order mark of UTF-16 (PowerShell's ``>``) is obeyed."""
    block = stream.read(_BLOCK)
    if block[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        decoder = codecs.getincrementaldecoder("utf-16")("replace")
        while block:
            yield decoder.decode(block).encode(errors="replace")
            block = stream.read(_BLOCK)
        return
    while block:
        yield block
        block = stream.read(_BLOCK)
