"""Finds the significant lines of a log of any size, fast and in bounded memory.

Hardly any line of a log is significant. So every pattern has a literal anchor: each block of bytes is searched for all
anchors at once, and only lines with an anchor are decoded, cleaned, and matched with the patterns of that anchor.
"""

from __future__ import annotations

import codecs
import itertools
import re
from bisect import bisect_right
from collections import Counter
from functools import cache
from typing import BinaryIO

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.pattern import Pattern
from diagnose.readers.buildlog.anchors import Anchors
from diagnose.readers.buildlog.clean import clean, joined, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_BLOCK = 1 << 18  # small enough for a processor's cache, with the data derived from it
_ENDLESS = 1 << 22  # bytes without a line end from which on a line is read in pieces
_BEGINNING = 1 << 13  # bytes of the first block; more than 5 % control bytes among them mean binary
_NO_TEXT = bytes({*range(32)} - {*b"\a\b\t\n\v\f\r\x1b"})
_AHEAD = 1 << 14  # bytes kept so that a wrapped message is complete
_LINE = 1 << 16  # bytes around the anchor that are read of a longer line
_QUOTE = 600  # characters of a line that are kept
_FLOOD = 10_000  # consecutive hits of an anchor without a new match
_IDLE_FREE = 8 << 20  # characters that may be searched without a match, and how many more for every byte of the log
_IDLE_SHARE = 10  # (logs of builds need three at most)
_WRAPPED = 2000  # characters whose search takes as long as cleaning the following lines
_VALUE = 2000  # characters of a group's text that are kept
_OF_A_KIND = 400  # hits of one kind that are kept
_FOLLOWING = 24  # lines that can contain the rest of a wrapped message
_FEW = 4  # texts in one line that are searched one by one
_SPAN = 8  # lines of a message at most
_REPEATS = 4  # identical hits of one kind that are kept
_AROUND = 1 << 12  # bytes before and after a failure that are kept to show it
_FIRST, _LAST = 4, 40  # numbers of first and last failures to keep them for


class Said(dict[str, str]):
    """The named groups of a match; empty for a group that is not part of the matched pattern."""

    def __missing__(self, group: str) -> str:
        return ""


class LineOrigin(NamedTuple):
    """The origin of a line, as far as its prefix shows it.

    ``stream`` is the step of BuildKit or the job of GitHub Actions; ``crate`` the one whose build script wrote it;
    ``warning`` is True if cargo printed it as a warning.
    """

    stream: str = ""
    crate: str = ""
    warning: bool = False


class Hit(NamedTuple):
    """A significant line: its number from 1, the cleaned text, and the groups of the match."""

    kind: str
    """The name of the pattern that matched (``apt-unlocatable``), by which :meth:`BuildLog.find` finds it."""
    line: int
    """Its number, from 1."""
    text: str
    """The line without colours, time stamps and prefixes."""
    groups: Mapping[str, str] = Said()
    """Named group → text; empty for a group that took no part."""
    origin: LineOrigin = LineOrigin()
    """What its prefix shows of its source."""


_DATED = r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?Z?\]? (?:[0-9a-f]{2}[OE]\+? )?"
_STREAM = re.compile(rf"^(?:{_DATED})?\s{{0,8}}(#\d+) |^([^\t]{{1,200}})\t[^\t]{{1,200}}\t\ufeff?\d{{4}}-\d\d-\d\dT")
_CRATE = re.compile(
    r"(?:^|[\s\]|])(?:cargo::?warning=|(?P<warning>warning): (?P<warned>[a-z0-9][\w-]*)@\d[\w.+-]*: "
    r"|\[(?P<crate>[a-z0-9][\w-]*) \d+\.\d+\.[\w.+-]+\] )"
)


def _origin(line: str) -> LineOrigin:
    """Return the origin of *line* from the prefix of its message."""
    beginning = line[:400]
    stream = _STREAM.match(beginning)
    name = (stream[1] or stream[2]) if stream else ""
    if "warning" not in beginning and "] " not in beginning:
        return LineOrigin(name) if name else LineOrigin()
    crate = _CRATE.search(beginning)
    if crate is None:
        return LineOrigin(name)
    return LineOrigin(name, crate["warned"] or crate["crate"] or "", not crate["crate"])


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


class Scanner:
    """One pass over a log.

    ``lines`` is the number of lines read so far; ``binary`` is True for binary data. ``surroundings`` maps the lines
    of the first and last failures to the number of lines before the failure in the bytes around it, and those bytes.
    ``given_up`` holds the anchors that filled so many lines without a message that the search for them stopped.
    """

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self.lines = 0
        self.binary = False
        self._behind: dict[bytes, list[Pattern]] = {}
        self._rank: dict[Pattern, int] = {}  # of several matching patterns, the first of the table counts
        for pattern in patterns:
            self._behind.setdefault(pattern.anchor.encode(), []).append(pattern)
            self._rank.setdefault(pattern, len(self._rank))
        self._anchors = Anchors(self._behind)
        self._found: Counter[bytes] = Counter()
        self._idle: Counter[str] = Counter()  # by anchor: characters searched without a match
        self._idle_total = 0
        self._allowed = _IDLE_FREE
        self.given_up: set[str] = set()
        self._kinds: Counter[str] = Counter()
        self._said: Counter[tuple[str, str]] = Counter()
        self._all = dict(self._behind)
        self._last: dict[str, Hit] = {}  # the last of each kind of marks that are not kept: it decides
        self.surroundings: dict[int, tuple[int, bytes]] = {}

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
        self._renew()
        yield from self._piece(carry, b"")
        self.lines += bool(carry) and not carry.endswith(b"\n")
        yield from self._last.values()

    def _renew(self) -> None:
        """Search for every mark again: the end of a log decides, even if a mark flooded it before."""
        for key in [key for key in self._kinds if key.startswith("mark ")]:
            del self._kinds[key]
        for said in [said for said in self._said if said[0].startswith("mark ")]:
            del self._said[said]
        drowned = {text: found for text, found in self._all.items() if text not in self._behind}
        lost = {text: [p for p in found if p.kind.startswith("mark ")] for text, found in drowned.items()}
        if any(lost.values()):
            self._behind.update((text, found) for text, found in lost.items() if found)
            self._found.clear()
            self._anchors = Anchors(self._behind)

    def _piece(self, piece: bytes, rest: bytes) -> Iterator[Hit]:
        self._allowed += len(piece) * _IDLE_SHARE
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
        """Return *phrases* by kind, each kind in the order of the table."""
        if len(patterns) < 2:
            return patterns
        kinds: dict[str, list[Pattern]] = {}
        for pattern in patterns:
            kinds.setdefault(pattern.kind, []).append(pattern)
        return [pattern for group in kinds.values() for pattern in sorted(group, key=self._rank.__getitem__)]

    def _candidates(self, piece: bytes) -> dict[int, tuple[int, list[Pattern]]]:
        """Return the lines with an anchor: their start, the position of the anchor, and the patterns to try."""
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
        """Stop searching for kinds that flood the log."""
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
        line = piece[start:end].decode(errors="replace")
        texts = clean(line)
        origin: LineOrigin | None = None
        following: list[str] = []
        for text, tried in zip(texts, self._by_text(texts, patterns), strict=True):
            known: set[str] = set()
            bare = text.strip()  # the indentation is irrelevant
            for pattern in tried:
                if pattern.kind in known or pattern.anchor in self.given_up:
                    continue
                if pattern.raw:
                    match = _compiled(pattern.pattern).search(line) if text is texts[0] else None
                else:
                    match = _compiled(pattern.pattern).search(bare) if pattern.anchor in bare else None
                if match is None and pattern.lines > 1 and text is texts[-1]:
                    following = following or _following(piece[end + 1 : end + 1 + _AHEAD], rest)
                    match = _wrapped(pattern, text, following)
                    if match is None:
                        self._count_idle(pattern.anchor, sum(map(len, following)) << min(pattern.lines, len(following)))
                        self._count_idle(pattern.anchor, _WRAPPED)
                if match is None:
                    self._count_idle(pattern.anchor, len(bare))
                else:
                    known.add(pattern.kind)
                    wanted = self._wanted(pattern.kind, match)
                    if not wanted and not pattern.kind.startswith("mark "):
                        continue
                    said = Said((key, value[:_VALUE]) for key, value in match.groupdict().items() if value is not None)
                    origin = _origin(line) if origin is None else origin
                    hit = Hit(pattern.kind, number, _around(bare, match), said, origin)
                    if pattern.kind.startswith(("mark failed", "mark error")):
                        self._keep_around(number, piece, rest, start, end)
                    if wanted:
                        self._found[pattern.anchor.encode()] = 0
                        yield hit
                    else:
                        self._last[pattern.kind] = hit

    @staticmethod
    def _by_text(texts: list[str], patterns: list[Pattern]) -> list[list[Pattern]]:
        """Return for each of the *texts* of one line which of *patterns* to try.

        A progress bar can redraw a line thousands of times, so many texts are searched for their anchors at once: also
        for anchors that flooded the log since the line was found.
        """
        if len(texts) < _FEW:
            return [patterns] * len(texts)
        behind: dict[bytes, list[int]] = {}
        for number, pattern in enumerate(patterns):
            behind.setdefault(pattern.anchor.encode(), []).append(number)
        encoded = [text.encode(errors="replace") + b"\n" for text in texts]
        ends = list(itertools.accumulate(map(len, encoded)))
        tried: list[set[int]] = [set() for _ in texts]
        for at, anchor in Anchors(behind).finds(b"".join(encoded)):
            tried[bisect_right(ends, at)].update(behind.get(anchor, ()))
        tried[0].update(number for number, pattern in enumerate(patterns) if pattern.raw)
        tried[-1].update(number for number, pattern in enumerate(patterns) if pattern.lines > 1)
        return [[patterns[number] for number in sorted(numbers)] for numbers in tried]

    def _count_idle(self, anchor: str, size: int) -> None:
        """Count a search of *size* characters without a match; give up what costs most where too much is searched."""
        self._idle[anchor] += size
        self._idle_total += size
        while self._idle_total > self._allowed:
            [(anchor, size)] = self._idle.most_common(1)
            self._idle_total -= self._idle.pop(anchor)
            self.given_up.add(anchor)

    def _keep_around(self, number: int, piece: bytes, rest: bytes, start: int, end: int) -> None:
        """Keep the bytes around line *number*, a failure."""
        if number in self.surroundings:
            return
        if len(self.surroundings) >= _FIRST + _LAST:
            del self.surroundings[list(self.surroundings)[_FIRST]]
        before = piece[max(start - _AROUND, 0) : start].split(b"\n")[-9:-1]
        after = piece[start : end + _AROUND]
        if len(after) < _AROUND:
            after += rest[: _AROUND - len(after)]
        self.surroundings[number] = len(before), b"\n".join([*before, after])

    def _wanted(self, kind: str, match: re.Match[str]) -> bool:
        said = (kind, match[0][:_VALUE])
        if self._kinds[kind] >= _OF_A_KIND or self._said[said] >= _REPEATS:
            return False
        self._kinds[kind] += 1
        self._said[said] += 1
        return True


def _is_binary(beginning: bytes) -> bool:
    return (len(beginning) - len(beginning.translate(None, _NO_TEXT))) * 20 > len(beginning)


def _wrapped(pattern: Pattern, text: str, following: list[str]) -> re.Match[str] | None:
    """Return the match of *phrase* that begins in *text* and continues in the next lines."""
    for whole in joined([text, *following[: pattern.lines - 1]]):
        match = _compiled(pattern.pattern).search(whole)
        if match is not None and match.start() < len(text.strip()):
            return match
    return None


def _around(text: str, match: re.Match[str]) -> str:
    """Return the line for a quotation: whole, or the relevant part of a very long one."""
    if len(text) <= _QUOTE:
        return text
    start = max(min(match.start(), len(text)) - 120, 0)
    return ("…" if start else "") + text[start : start + _QUOTE].strip() + "…"


def _following(tail: bytes, rest: bytes) -> list[str]:
    if len(tail) < _AHEAD:
        tail += rest[: _AHEAD - len(tail)]
    lines = tail.split(b"\n", _FOLLOWING)[:_FOLLOWING]
    texts = (" ".join(clean(line[:2000].decode(errors="replace"))) for line in lines)
    # A message copied from a web page can have blank lines in it.
    return [*itertools.islice((text for text in texts if text.strip()), _SPAN)]


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield *stream* block by block as UTF-8; a byte order mark selects UTF-16 (PowerShell's ``>``)."""
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
