"""Unified diffs at a bounded cost: difflib's grows with the cube of the lines where many are alike."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PAIRS_LIMIT = 200_000
"""Pairs of equal lines among which difflib seeks the best; of more, what differs is replaced as a whole."""
_CONTEXT = 3


def unified(before: Sequence[str], after: Sequence[str], old: str, new: str, end: str = "\n") -> Iterator[str]:
    """Yield a unified diff of lines that have their ends; *end* is that of the lines that head its parts."""
    from difflib import SequenceMatcher, unified_diff

    if _pairs(before, after) <= PAIRS_LIMIT:
        yield from unified_diff(before, after, old, new, lineterm=end)
        return
    if before == after:
        return
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    rest = (len(before) - tail, len(after) - tail)
    inner = (before[head : rest[0]], after[head : rest[1]])
    rows = [(0, len(inner[0]), 0, len(inner[1]))]
    if _pairs(*inner) <= PAIRS_LIMIT:
        rows = [row for tag, *row in SequenceMatcher(None, *inner).get_opcodes() if tag != "equal"]  # type: ignore[misc]
    yield f"--- {old}{end}"
    yield f"+++ {new}{end}"
    for group in _grouped([tuple(head + place for place in row) for row in rows]):
        first, last = group[0], group[-1]
        lead = min(first[0], _CONTEXT)
        trail = min(len(before) - last[1], _CONTEXT)
        starts, stops = (first[0] - lead, first[2] - lead), (last[1] + trail, last[3] + trail)
        yield f"@@ -{_range(starts[0], stops[0])} +{_range(starts[1], stops[1])} @@{end}"
        place = starts[0]
        for old_start, old_stop, new_start, new_stop in group:
            yield from (" " + line for line in before[place:old_start])
            yield from ("-" + line for line in before[old_start:old_stop])
            yield from ("+" + line for line in after[new_start:new_stop])
            place = old_stop
        yield from (" " + line for line in before[place : stops[0]])


def _grouped(rows: Sequence[tuple[int, ...]]) -> Iterator[list[tuple[int, ...]]]:
    """Yield *rows*, (start, stop) of the old lines and of the new ones, together where their contexts meet."""
    group: list[tuple[int, ...]] = []
    for row in rows:
        if group and row[0] - group[-1][1] > 2 * _CONTEXT:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _pairs(before: Sequence[str], after: Sequence[str]) -> int:
    """Return how many pairs of equal lines there are."""
    from collections import Counter

    counts = Counter(after)
    return sum(counts[line] for line in before)


def _common(before: Sequence[str], after: Sequence[str]) -> int:
    """Return how many lines both begin with."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((number for number, (old, new) in pairs if old != new), min(len(before), len(after)))


def _range(start: int, stop: int) -> str:
    """Return a range of lines as GNU diff writes it."""
    length = stop - start
    if length == 1:
        return f"{start + 1}"
    return f"{start + 1 if length else start},{length}"
