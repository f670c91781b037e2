"""Finds the significant lines of a log of any size, fast and in bounded memory.

Hardly any line of a log is significant. So every pattern has a literal anchor: each block of bytes is searched for all
anchors at once, and only lines with an anchor are decoded, cleaned, and matched with the patterns of that anchor.
"""

from __future__ import annotations

import codecs
import itertools
from bisect import bisect_right
from collections import Counter
from functools import lru_cache

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.pattern import Pattern, Wordings
from diagnose.readers.buildlog.anchors import Anchors
from diagnose.readers.buildlog.clean import clean, plain, rejoined
from diagnose.readers.buildlog.expressions import search, search_wrapped
from diagnose.readers.buildlog.hits import Hit, LineOrigin, Said
from diagnose.readers.buildlog.margin import Margin
from diagnose.readers.buildlog.quoted import Quotations, Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    #: A pattern's kind and anchor, the text of a line that it matches, and the match.
    _Match = tuple[str, str, str, re.Match[str]]
    #: The characters that could have been searched while a line was, the line, and its matches.
    _Searched = tuple[int, str, list[_Match]]

_BLOCK = 1 << 18  # small enough for a processor's cache, with the data derived from it
_ENDLESS = 1 << 22  # bytes without a line end from which on a line is read in pieces
_BEGINNING = 1 << 13  # bytes of the first block; more than 5 % control bytes among them mean binary
_NO_TEXT = bytes({*range(32)} - {*b"\a\b\t\n\v\f\r\x1b"})
_AHEAD = 1 << 14  # bytes kept so that a wrapped message is complete
_LINE = 1 << 16  # bytes around the anchor that are read of a longer line
_QUOTE = 600  # characters of a line that are kept
_FLOOD = 5_000  # consecutive hits of an anchor without a new match
# Characters that may be searched without a result, and how many more for every byte of the log.
_IDLE_FREE = 20 << 20
_IDLE_SHARE = 2
_COSTLY = 16  # anchors that are given up in a row before they are sorted again
# Characters that can be searched while a line is cut out and cleaned, for each part that it is redrawn with, for each
# character that programs put before it, and while a search begins.
_LINE_COST, _PART_COST, _PREFIX_COST, _SEARCH_COST = 600, 150, 10, 50
_PREFIXED = 200  # characters of prefixes that take time
_WRAPPED = 2000  # characters whose search takes as long as cleaning the following lines
_VALUE = 2000  # characters of a group's text that are kept
_OF_A_KIND = 400  # hits of one kind that are kept, …
_MANY, _OF_MANY = 6_000, 20  # … and once there are so many of all kinds
_FOLLOWING = 24  # lines that can contain the rest of a wrapped message
_FEW = 4  # texts in one line that are searched one by one
_SPAN = 8  # lines of a message at most
_ORDERS = 10_000  # combinations of anchors in a line whose patterns are remembered
_SHORT, _REMEMBERED = 1 << 10, 1 << 20  # bytes of a line, and of all lines, whose matches are remembered
_SEEN = 20_000  # lines of which it is remembered that they were there
_REPEATS = 4  # identical hits of one kind that are kept
_AROUND = 1 << 12  # bytes before and after a failure that are kept to show it
_FIRST, _LAST = 4, 40  # numbers of first and last failures to keep them for


_FAILURES = ("mark failed", "mark error")
#: Whose marks still count in a line that quotes a message: those of the tools that run tests, and of what runs them.
_RUNNERS = frozenset({"pytest", "unittest", "coverage", "tox", "nox", "ci", "kernel", "buildkit", "docker"})
_QUOTING = {Standing.QUOTATION: _RUNNERS, Standing.EXCEPTION: _RUNNERS | {"python"}}
_DATED = r"\[?(?:Container\] )?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?Z?\]? (?:[0-9a-f]{2}[OE]\+? )?"
_STREAM = re.compile(rf"^(?:{_DATED})?\s{{0,8}}(#\d+) |^([^\t]{{1,200}})\t[^\t]{{1,200}}\t\ufeff?\d{{4}}-\d\d-\d\dT")
_CRATE = re.compile(
    r"(?:^|[\s\]|])(?:cargo::?warning=|(?P<warning>warning): (?P<warned>[a-z0-9][\w-]*)@\d[\w.+-]*: (?!ToolExecError: )"
    r"|\[(?P<crate>[a-z0-9][\w-]*) \d+\.\d+\.[\w.+-]+\] )"
)
_UNKNOWN = LineOrigin()


def _origin(line: str) -> LineOrigin:
    """Return the origin of *line* from the prefix of its message."""
    beginning = line[:400]
    stream = _STREAM.match(beginning) if "#" in beginning or "\t" in beginning else None
    name = (stream[1] or stream[2]) if stream else ""
    if "warning" not in beginning and "] " not in beginning:
        return LineOrigin(name) if name else _UNKNOWN
    crate = _CRATE.search(beginning)
    if crate is None:
        return LineOrigin(name)
    return LineOrigin(name, crate["warned"] or crate["crate"] or "", not crate["crate"])


class _Tried(NamedTuple):
    """The patterns to try on a line, and their kinds; *later* if they are marks of which only the last one counts."""

    patterns: list[Pattern]
    kinds: frozenset[str]
    later: bool


class _Table:
    """The patterns behind each anchor; those of :class:`Wordings` once the log has the anchor."""

    def __init__(self, patterns: Iterable[Pattern | Wordings]) -> None:
        # By anchor, with the place in the table: of several that match, the first of the table counts.
        self._behind: dict[str, list[tuple[int, Pattern]]] = {}
        self._later: dict[bytes, list[tuple[int, Wordings]]] = {}
        self._ranked: dict[bytes, list[Pattern]] = {}
        self.rank: dict[Pattern, tuple[int, int]] = {}  # of those behind the anchors that the log has
        for number, row in enumerate(patterns):
            if isinstance(row, Wordings):
                for text in row.anchors:
                    self._later.setdefault(text, []).append((number, row))
            else:
                self._behind.setdefault(row.anchor, []).append((number, row))
        own = [anchor.encode() for anchor in self._behind]
        self.anchors = dict.fromkeys((*own, *self._later))  # in order: a set's differs from run to run

    def behind(self, anchor: bytes) -> list[Pattern]:
        """Return the patterns behind *anchor*, as the table has them."""
        if anchor in self._ranked:
            return self._ranked[anchor]
        text = anchor.decode()
        for number, pattern in self._behind.get(text, ()):
            self.rank.setdefault(pattern, (number, 0))
        found = [pattern for _, pattern in self._behind.get(text, ())]
        for number, row in self._later.get(anchor, ()):
            for place, pattern in enumerate(row.fetch()):
                if pattern.anchor == text:
                    found.append(pattern)
                    self.rank.setdefault(pattern, (number, place))
        found.sort(key=self.rank.__getitem__)
        self._ranked[anchor] = found
        return found


class Scanner:
    """One pass over a log.

    ``lines`` is the number of lines read so far; ``binary`` is True for binary data. ``surroundings`` maps the lines
    of the first and last failures to the number of lines before the failure in the bytes around it, and those bytes.
    ``given_up`` holds the anchors that filled so many lines without a message that the search for them stopped.
    """

    def __init__(self, patterns: Iterable[Pattern | Wordings]) -> None:
        self.lines = 0
        self.binary = False
        self._margin = Margin()
        self._table = _Table(patterns)
        self._behind = set(self._table.anchors)  # without those that flood the log
        self._searching = self._anchors = Anchors(self._table.anchors)
        self._found: Counter[bytes] = Counter()
        self._idle: Counter[str] = Counter()  # by anchor: characters searched without a result
        self._idle_total = 0
        self._costly: list[str] = []  # those of which it is most, the worst last, when they were sorted
        self._allowed = _IDLE_FREE
        self.given_up: set[str] = set()
        self._gone: set[str] = set()  # of these, those that the piece at hand was searched for
        self._kept = 0
        self._kinds: Counter[str] = Counter()
        self._said: Counter[tuple[str, str]] = Counter()
        # The last match of each kind of marks that are not kept, which decides: its number, line, text and match.
        self._last: dict[str, tuple[int, str, str, re.Match[str]]] = {}
        self.surroundings: dict[int, tuple[int, bytes]] = {}
        self._failures: dict[int, tuple[int, int]] = {}  # of one piece: line number → start and end of the line
        self._orders: dict[tuple[bytes, ...], _Tried] = {}
        self._full: set[str] = set()  # kinds of which enough is kept, …
        self._filled: set[str] = set()  # … of these, those that are so since the last piece
        self._known: dict[bytes, _Searched] = {}  # lines that were searched: many a log repeats them
        self._spent: dict[bytes, list[Pattern]] = {}  # those that give no new hit, and their marks: the last one counts
        self._once: set[int] = set()  # hashes of lines that were searched
        self._room = _REMEMBERED
        self._quotations = Quotations()

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
        for kind, last in self._last.items():
            yield _hit(kind, *last)

    def _renew(self) -> None:
        """Search for everything again: the end of a log decides, even if a wording flooded it before."""
        self._kinds.clear()
        self._said.clear()
        self._full.clear()
        self._orders.clear()
        self._known.clear()
        self._spent.clear()
        self._room = _REMEMBERED
        if len(self._behind) < len(self._table.anchors):
            self._behind = set(self._table.anchors)
            self._found.clear()
            self._anchors = Anchors(self._behind)
            self._idle.clear()
            self._costly.clear()
            self._idle_total, self._allowed = 0, _IDLE_FREE // 4

    def _piece(self, piece: bytes, rest: bytes) -> Iterator[Hit]:
        self._allowed += len(piece) * _IDLE_SHARE
        piece, rest = self._margin.removed(plain(piece)), self._margin.removed(plain(rest))
        piece = rejoined(piece)
        self._quotations.enter(piece)
        starts = self._candidates(piece)
        deferred: list[tuple[int, int, int, list[Pattern]]] = []
        counted = 0
        for start, (at, (patterns, _, later)) in starts.items():
            self.lines += piece.count(b"\n", counted, start)
            counted = start
            if not later and self._spent:
                marks = self._spent.get(piece[start : piece.find(b"\n", at)])
                patterns, later = (patterns, False) if marks is None else (marks, True)
            if later:
                if patterns:
                    deferred.append((start, at, self.lines + 1, patterns))
                continue
            if self._gone:
                patterns = [pattern for pattern in patterns if pattern.anchor not in self._gone]
            if patterns:
                yield from self._line(piece, rest, start, at, self.lines + 1, patterns)
        self.lines += piece.count(b"\n", counted)
        for start, at, number, patterns in reversed(deferred):
            if left := [
                one for one in patterns if self._last.get(one.kind, (0,))[0] < number and one.anchor not in self._gone
            ]:
                yield from self._line(piece, rest, start, at, number, left, every=False)
        self._keep_around(piece, rest)
        if self._gone:
            gone = [anchor.encode() for anchor in self._gone]
            self._behind.difference_update(gone)
            self._gone.clear()
            self._orders.clear()
            self._anchors = self._anchors.without(gone)

    def _ranked(self, texts: tuple[bytes, ...]) -> _Tried:
        """Return the patterns of the anchors *texts* by kind, each kind in the order of the table."""
        kinds: dict[str, list[Pattern]] = {}
        for text in texts:
            for pattern in self._table.behind(text):
                if pattern.kind not in self._full or pattern.kind.startswith("mark "):
                    kinds.setdefault(pattern.kind, []).append(pattern)
        patterns = [
            pattern
            for group in kinds.values()
            for pattern in (sorted(group, key=self._table.rank.__getitem__) if len(group) > 1 else group)
        ]
        found = _Tried._make((patterns, frozenset(kinds), kinds.keys() <= self._full))
        if len(self._orders) < _ORDERS:
            self._orders[texts] = found
        return found

    def _candidates(self, piece: bytes) -> dict[int, tuple[int, _Tried]]:
        """Return the lines with an anchor: their start, the position of the anchor, and the patterns to try."""
        if self._filled:
            self._orders = {
                words: tried for words, tried in self._orders.items() if tried.kinds.isdisjoint(self._filled)
            }
            self._filled.clear()
        found: dict[int, tuple[int, _Tried]] = {}
        every: list[bytes] = []
        for start, texts in self._anchors.lines(piece).items():
            words = tuple([text for _, text in texts])
            every += words
            found[start] = texts[0][0], self._orders.get(words) or self._ranked(words)
        self._found.update(every)
        self._searching = self._anchors
        self._forget()
        return found

    def _forget(self) -> None:
        """Stop searching for kinds that flood the log."""
        drowned = [text for text, count in self._found.items() if count > _FLOOD and text in self._behind]
        if drowned:
            self._behind.difference_update(drowned)
            self._orders.clear()
            self._anchors = self._anchors.without(drowned)

    def _line(
        self, piece: bytes, rest: bytes, start: int, at: int, number: int, patterns: list[Pattern], every: bool = True
    ) -> list[Hit]:
        """Return the hits in one line; *every* is False if *patterns* are not all that could match."""
        end = piece.find(b"\n", at)
        end = len(piece) if end < 0 else end
        if end - start > _LINE:
            start, end = max(start, at - _LINE // 2), min(end, at + _LINE // 2)
        line = piece[start:end]
        known = self._known.get(line)
        cost, whole, matches = known or self._matched(line, piece, rest, end, patterns, every)
        hits: list[Hit] = []
        standing = self._quotations.standing(piece, start, end) if matches else Standing.MESSAGE
        for kind, anchor, text, match in matches:
            mark = kind.startswith("mark ")
            if standing is not Standing.MESSAGE and not (mark and kind.rpartition(" ")[2] in _QUOTING[standing]):
                continue
            if mark and kind.startswith(_FAILURES):
                self._failures[number] = start, end
            if self._wanted(kind, match):
                self._found[anchor.encode()] = 0
                hits.append(_hit(kind, number, whole, text, match))
                continue
            self._idle[anchor] += len(text) + _SEARCH_COST
            self._idle_total += len(text) + _SEARCH_COST
            if mark and number >= self._last.get(kind, (0,))[0]:
                self._last[kind] = number, whole, text, match
        if known and not hits and standing is Standing.MESSAGE:
            marks = [(kind, anchor) for kind, anchor, _, _ in matches if kind.startswith("mark ")]
            self._spent[line] = [Pattern(kind, anchor, "") for kind, anchor in marks]
        if not hits:
            self._idle[patterns[0].anchor] += cost
        self._idle_total += cost
        if self._idle_total > self._allowed:
            self._give_up()
        return hits

    def _matched(
        self, raw: bytes, piece: bytes, rest: bytes, end: int, patterns: list[Pattern], every: bool
    ) -> _Searched:
        """Return what *patterns* find in the line *raw*, which ends at *end* of *piece*."""
        line = raw.decode(errors="replace")
        texts = clean(line)
        if not texts:  # a quoted source line: only what is searched in the line as it is
            patterns = [pattern for pattern in patterns if pattern.raw]
            texts = [""] if patterns else texts
        removed = len(line) - len(texts[0]) if len(texts) == 1 else 0
        cost = len(line) + _LINE_COST + _PART_COST * len(texts) + _PREFIX_COST * min(removed, _PREFIXED)
        matches: list[_Match] = []
        following: list[str] = []
        idle, gone = self._idle, self._gone
        alone = True  # whether the next lines do not matter
        for text, tried in ((texts[0], patterns),) if len(texts) == 1 else self._by_text(texts, patterns):
            known: set[str] = set()
            bare = text.strip()  # the indentation is irrelevant
            spent = len(bare) + _SEARCH_COST
            for pattern in tried:
                kind, anchor, expression, lines, raw_too = pattern
                if kind in known or anchor in gone:
                    continue
                if raw_too:
                    match = search(expression, anchor, line) if text is texts[0] else None
                else:
                    match = search(expression, anchor, bare)
                if match is None and lines > 1 and text is texts[-1]:
                    alone = False
                    following = following or _following(piece[end + 1 : end + 1 + _AHEAD], rest)
                    match = search_wrapped(pattern, text, following)
                    if match is None:
                        self._count_idle(anchor, sum(map(len, following)) << min(lines, len(following)))
                        self._count_idle(anchor, _WRAPPED)
                if match is None:
                    idle[anchor] += spent
                    self._idle_total += spent
                    continue
                known.add(kind)
                matches.append((kind, anchor, bare, match))
        if alone and every and len(raw) <= _SHORT and not gone:
            self._remember(raw, line, matches)
        return cost, line, matches

    def _remember(self, raw: bytes, line: str, matches: list[_Match]) -> None:
        """Keep what was found in a line that is there for the second time."""
        seen = hash(raw)
        if seen not in self._once:
            if len(self._once) < _SEEN:
                self._once.add(seen)
        elif len(raw) <= self._room:
            self._room -= len(raw)
            self._known[raw] = 0, line, matches

    def _by_text(self, texts: list[str], patterns: list[Pattern]) -> Iterable[tuple[str, list[Pattern]]]:
        """Return each of the *texts* of one line with those of *patterns* to try.

        A progress bar can redraw a line thousands of times, so many texts are searched for their anchors at once: also
        for anchors that flooded the log since the line was found.
        """
        if len(texts) < _FEW:
            return [(text, patterns) for text in texts]
        behind: dict[bytes, list[int]] = {}
        for number, pattern in enumerate(patterns):
            behind.setdefault(pattern.anchor.encode(), []).append(number)
        encoded = [text.encode(errors="replace") + b"\n" for text in texts]
        ends = list(itertools.accumulate(map(len, encoded)))
        tried: list[set[int]] = [set() for _ in texts]
        for start, found in self._searching.lines(b"".join(encoded)).items():
            for _, anchor in found:
                tried[bisect_right(ends, start)].update(behind.get(anchor, ()))
        tried[0].update(number for number, pattern in enumerate(patterns) if pattern.raw)
        tried[-1].update(number for number, pattern in enumerate(patterns) if pattern.lines > 1)
        return [(text, [patterns[n] for n in sorted(some)]) for text, some in zip(texts, tried, strict=True)]

    def _count_idle(self, anchor: str, size: int) -> None:
        """Count a search of *size* characters without a result."""
        self._idle[anchor] += size
        self._idle_total += size
        if self._idle_total > self._allowed:
            self._give_up()

    def _give_up(self) -> None:
        """Give up what costs most, because too much is searched without a result."""
        while self._idle and self._idle_total > self._allowed:
            if not self._costly:  # the order changes slowly, and there are thousands
                self._costly = [anchor for anchor, _ in reversed(self._idle.most_common(_COSTLY))]
            anchor = self._costly.pop()
            self._idle_total -= self._idle.pop(anchor) // 4  # not all of it, so that what is allowed bounds the sum
            self._gone.add(anchor)
            self.given_up.add(anchor)

    def _keep_around(self, piece: bytes, rest: bytes) -> None:
        """Keep the bytes around the failures of *piece*: of a log's first and last ones."""
        new = sorted(number for number in self._failures if number not in self.surroundings)
        first = max(_FIRST - len(self.surroundings), 0)
        for number in [*new[:first], *new[first:][-_LAST:]]:
            if len(self.surroundings) >= _FIRST + _LAST:
                del self.surroundings[list(self.surroundings)[_FIRST]]
            start, end = self._failures[number]
            before = piece[max(start - _AROUND, 0) : start].split(b"\n")[-9:-1]
            after = piece[start : end + _AROUND]
            if len(after) < _AROUND:
                after += rest[: _AROUND - len(after)]
            self.surroundings[number] = len(before), b"\n".join([*before, after])
        self._failures.clear()

    def _wanted(self, kind: str, match: re.Match[str]) -> bool:
        said = (kind, match[0][:_VALUE])
        if kind in self._full or self._said[said] >= _REPEATS:
            return False
        self._kinds[kind] += 1
        self._said[said] += 1
        self._kept += 1
        if self._kinds[kind] >= (_OF_A_KIND if self._kept < _MANY else _OF_MANY):
            self._full.add(kind)
            self._filled.add(kind)
        return True


def _hit(kind: str, number: int, line: str, text: str, match: re.Match[str]) -> Hit:
    """Return the hit that *match* in *text*, the cleaned *line*, is."""
    said = Said({key: value[:_VALUE] for key, value in match.groupdict().items() if value is not None})
    return Hit._make((kind, number, _around(text, match), said, _origin(line)))


def _is_binary(beginning: bytes) -> bool:
    return (len(beginning) - len(beginning.translate(None, _NO_TEXT))) * 20 > len(beginning)


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
    texts = (_continuing(line[:2000]) for line in lines)
    # A message copied from a web page can have blank lines in it.
    return [*itertools.islice((text for text in texts if text.strip()), _SPAN)]


@lru_cache(32)  # the lines after one line are those after the next, too
def _continuing(line: bytes) -> str:
    return " ".join(clean(line.decode(errors="replace")))


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
