"""Times every pattern of the log checks on text made to keep it busy: none may take longer than in proportion.

    DIAGNOSE_FUZZ_KEEP=FOLDER python3 dev.py fuzz patterns SECONDS    # again, until it has measured all

Every pattern is searched for in lines of one text repeated: of all sorts of characters, of its own anchor, and of what
each beginning of the pattern itself matches; the anchor stands before or behind. A first look searches each text at
4096 and at 16384 characters: what takes less than 0.3 ms there, 50 MB/s, has no steps for a square. What seems to grow
faster than n to the power of 1.1, there and in lines four times as long, is measured at n, 2n and 4n characters
(processor time, the least of five, n grown until it takes 20 ms), and must not grow faster than n^1.2. All patterns
take some five minutes of one core.
"""

from __future__ import annotations

import json
import math
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

try:
    from re import _parser as parser  # type: ignore[attr-defined]
except ImportError:  # Python 3.10
    import sre_parse as parser

from diagnose.engine import registry
from diagnose.model.pattern import Pattern
from diagnose.readers.buildlog.patterns import SHARED

LONGEST = 1 << 16  # characters of a line that the reader looks at
SEEN = 0.0003  # seconds of one search that a first look can compare
SLOW = 0.004  # seconds for one search that make it worth measuring: 16 MB/s in the longest line
CLEAR = 0.02  # seconds that can be measured well
STEEPEST = 1.2
LINEAR = 1.1  # by a coarse measurement

SIGNS = " a1-./:'\"`(){}[]=,_+<>|\\@*é\t"
UNITS = (
    "a ", "a/", "a.", "a-", "a:", "1.", ".1", "a=1 ", "a=", "=a", "(a", "a)", "a,b", "--a ", "-l", "lib", "liba", ".so",
    "lld", "ld: ", "mold", "/a.so", "error: ", "a: ", ": a", "''", "'a", "\"a\" ", "`a`", "A_", "a_1-", "linux-", "  a",
)  # fmt: skip


class Filler(NamedTuple):
    """Text of any length: *before*, *unit* as often as it takes, *after*."""

    before: str
    unit: str
    after: str

    def text(self, length: int) -> str:
        """Return about *length* characters of it."""
        return (
            self.before
            + self.unit * max((length - len(self.before) - len(self.after)) // len(self.unit), 1)
            + self.after
        )


class Slow(NamedTuple):
    """How a pattern fares on a filler: the exponent of its growth, and MB/s in the longest line measured."""

    exponent: float
    rate: float
    pattern: Pattern
    filler: Filler


def all_patterns() -> list[Pattern]:
    """Return every pattern that a log is held against."""
    return list(dict.fromkeys([*SHARED, *(row for check in registry.load("log") for row in check.patterns)]))


def _sign(items: Any) -> str:
    """Return a character that the class *items* matches, a letter or digit if any is."""
    text = "".join("[")
    for sign in "alds1./-:_ '\"`\\(=A<>+,\t\n~é":
        if _matches(items, sign):
            return sign
    return text


def _matches(items: Any, sign: str) -> bool:
    negated = bool(items) and str(items[0][0]) == "NEGATE"
    found = False
    for op, value in items[negated:]:
        name = str(op)
        if name == "LITERAL":
            found |= ord(sign) == value
        elif name == "RANGE":
            found |= value[0] <= ord(sign) <= value[1]
        elif name == "CATEGORY":
            kind = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}[str(value).rpartition("_")[2]]
            kind = kind.upper() if "NOT" in str(value) else kind
            found |= re.match(kind, sign) is not None
    return found != negated


def pieces(parsed: Any) -> Iterator[tuple[str, str]]:
    """Yield the characters that each part of a parsed pattern matches, and those that it repeats (or nothing)."""
    for op, value in parsed:
        name = str(op)
        if name == "LITERAL":
            yield chr(value), ""
        elif name == "NOT_LITERAL":
            yield ("a" if value != ord("a") else "b"), ""
        elif name == "ANY":
            yield "a", ""
        elif name == "IN":
            yield _sign(value), ""
        elif name == "BRANCH":
            yield from pieces(value[1][0])
        elif name == "SUBPATTERN":
            yield from pieces(value[-1])
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = value
            parts = list(pieces(inner))
            text = "".join(part for part, _ in parts)
            yield text * max(least, 1), text if most > 8 else ""
            for _, unit in parts:
                if unit:
                    yield "", unit


def fillers(pattern: Pattern) -> Iterator[Filler]:
    """Yield the texts that *pattern* is tried on."""
    anchor = pattern.anchor
    for unit in (*SIGNS, *UNITS, anchor, anchor + " ", anchor[:-1], " " + anchor, "a" + anchor, anchor + "a"):
        yield Filler("", unit, anchor)
        yield Filler(anchor, unit, "")
    before = ""
    parts = list(pieces(parser.parse(pattern.pattern)))
    for number, (text, unit) in enumerate(parts):
        if unit:
            following = "".join(part for part, _ in parts[number + 1 :])[:24]
            for sign in dict.fromkeys((unit, "a", "1", " ", "a ", "a=1 ", ".", "a:", "-", following, following[:4])):
                if sign:
                    yield Filler(before, sign, anchor)
                    yield Filler(anchor + before, sign, "")
        before += text
        if unit or len(text) > 1:
            yield Filler("", before, "")
            yield Filler("", before, anchor)
            yield Filler(anchor, before, "")
            yield Filler("", before + " ", anchor)
    for cut in range(4, len(before), max(len(before) // 12, 1)):
        yield Filler(anchor, before[:cut], "")
    for ahead in asserted(parser.parse(pattern.pattern)):
        for cut in range(4, len(before) + 1, 4):
            yield Filler("", before[:cut], ahead)


def few(pattern: Pattern) -> Iterator[Filler]:
    """Yield the texts that most patterns were slow on."""
    anchor, before = pattern.anchor, ""
    yield from (Filler("", "a", anchor), Filler(anchor, "/", ""), Filler("", "a: ", anchor))
    ends = []
    for text, unit in pieces(parser.parse(pattern.pattern)):
        before += text
        if unit:
            ends.append(before)
    yield from (Filler("", end, anchor) for end in ends[:1] + ends[-1:])
    yield from (Filler(end, " ", "") for end in ends)


def asserted(parsed: Any) -> Iterator[str]:
    """Yield what the assertions of a parsed pattern can match."""
    for op, value in parsed:
        if str(op) in ("ASSERT", "ASSERT_NOT"):
            yield "".join(text for text, _ in pieces(value[1]))
        elif str(op) == "SUBPATTERN":
            yield from asserted(value[-1])
        elif str(op) in ("MAX_REPEAT", "MIN_REPEAT"):
            yield from asserted(value[2])


def seconds(search: Callable[[str], Any], text: str, times: int = 5) -> float:
    """Return the least processor time of *times* searches."""
    best = math.inf
    for _ in range(times):
        start = time.process_time()
        search(text)
        best = min(best, time.process_time() - start)
    return best


def glance(pattern: Pattern, filler: Filler, length: int) -> Slow:
    """Return how *pattern* fares at *length* and four times that; the exponent is 0 if there are no steps for more."""
    search = re.compile(pattern.pattern).search
    last = seconds(search, filler.text(4 * length), 1)
    if last < SEEN:
        return Slow(0.0, 4 * length / max(last, 1e-7) / 1e6, pattern, filler)
    first = seconds(search, filler.text(length), 2)  # one that something else slowed down would hide what is steep
    return Slow(math.log(last / first, 4), 4 * length / last / 1e6, pattern, filler)


def judged(pattern: Pattern, filler: Filler) -> Slow:
    """Return how *pattern* fares on *filler*: by a look, or by the whole rule where two find it too steep."""
    for length in (LONGEST // 16, LONGEST // 4):
        found = glance(pattern, filler, length)
        if found.exponent <= LINEAR:
            return found
    return _confirmed(pattern, filler)


def measure(pattern: Pattern, filler: Filler) -> Slow:
    """Return how *pattern* fares on *filler* by the whole rule; the exponent is 0 if it is fast in the longest line."""
    search = re.compile(pattern.pattern).search
    length = 256
    while (spent := seconds(search, filler.text(length), 1)) < SLOW and length < LONGEST:
        length *= 2
    if spent < SLOW or (spent := seconds(search, filler.text(length), 3)) < SLOW:
        return Slow(0.0, length / spent / 1e6 if spent else math.inf, pattern, filler)
    while spent < CLEAR:
        if length > 64 * LONGEST:  # what was measured before was something else on the machine
            return Slow(0.0, length / spent / 1e6, pattern, filler)
        length = int(length * 1.5)
        spent = seconds(search, filler.text(length), 2)
    # How long n, 2n and 4n take. The least of two cannot be less than that of five.
    first = seconds(search, filler.text(length))
    exponent = math.log2(seconds(search, filler.text(4 * length), 2) / first) / 2
    if exponent > LINEAR:
        second = seconds(search, filler.text(2 * length))
        exponent = math.log2(second / first)
        if exponent < 1.6:  # else clearly more than in proportion: the last is spared
            exponent = min(exponent, math.log2(seconds(search, filler.text(4 * length)) / second))
    return Slow(exponent, length / first / 1e6, pattern, filler)


def _confirmed(pattern: Pattern, filler: Filler) -> Slow:
    """Measure twice more what seems too steep, and return the median: other processes can slow any length down."""
    slow = measure(pattern, filler)
    if slow.exponent <= LINEAR:
        return slow
    return sorted((slow, measure(pattern, filler), measure(pattern, filler)), key=lambda one: one.exponent)[1]


def _row(slow: Slow, count: int) -> dict[str, object]:
    """Return the worst of *count* texts of one pattern as plain data."""
    return {
        "kind": slow.pattern.kind, "anchor": slow.pattern.anchor, "pattern": slow.pattern.pattern, "texts": count,
        "exponent": round(slow.exponent, 3), "rate": min(round(slow.rate, 3), 1e6), "filler": slow.filler,
    }  # fmt: skip


def main(duration: float, seed: int = 0) -> None:
    """Measure patterns in an order that depends on *seed*, for *duration* seconds, and print the worst ten.

    Results are added to ``patterns.jsonl`` in the folder that ``DIAGNOSE_FUZZ_KEEP`` names, if it does; patterns whose
    result is there are not measured again.
    """
    patterns = all_patterns()
    random.Random(seed).shuffle(patterns)
    kept = Path(os.environ.get("DIAGNOSE_FUZZ_KEEP", os.devnull)) / "patterns.jsonl"
    lines = kept.read_text().splitlines() if kept.exists() else []
    known = {(row["kind"], row["anchor"], row["pattern"]): row for row in map(json.loads, lines)}
    end, rows = time.monotonic() + duration, []
    for pattern in patterns:
        row = known.get((pattern.kind, pattern.anchor, pattern.pattern))
        if row is None and time.monotonic() < end:
            found = [judged(pattern, filler) for filler in dict.fromkeys(fillers(pattern))]
            row = _row(max(found, key=lambda slow: (slow.exponent, -slow.rate)), len(found))
            if kept.parent.is_dir():
                with kept.open("a") as file:
                    file.write(json.dumps(row) + "\n")
        if row is not None:
            rows.append(row)
    left = len(patterns) - len(rows)
    print(f"{len(rows)} patterns, {sum(row['texts'] for row in rows)} texts" + f"; {left} are left" * (left > 0))
    rows.sort(key=lambda row: (-row["exponent"], row["rate"]))
    for row in rows[: max(10, sum(row["exponent"] > STEEPEST for row in rows))]:
        filler = tuple(part if len(part) < 60 else part[:60] + "…" for part in row["filler"])
        print(f"n^{row['exponent']:.2f} {row['rate']:8.2f} MB/s  {row['kind']}: {row['anchor']!r}  {filler}")
    if any(row["exponent"] > STEEPEST for row in rows):
        raise SystemExit("some patterns take longer than in proportion to a line")
