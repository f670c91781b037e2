"""The lines of a log in which a failure does not count: attempts that were repeated, and probes."""

from __future__ import annotations

from bisect import bisect_left

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.buildlog.marks import PROBES_RUN, PROBING, Sign

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from diagnose.readers.buildlog.course import Event


def excused(events: Sequence[Event]) -> list[tuple[int, int]]:
    """Return the first and last lines of what may fail: repeated attempts, and probes whose answer was only asked."""
    return sorted([*_attempts(events), *_probes(events)], key=_last_line)


def _probes(events: Iterable[Event]) -> Iterator[tuple[int, int]]:
    """Yield the first and last lines of the probes in the logs of configuring tools."""
    begun: dict[str, int] = {}
    last = 0
    for event in events:
        if event.tool in PROBING:
            first = begun.pop(event.tool, 0)
            if first and event.sign is not Sign.FAILED:
                yield first, event.line - 1
            if event.sign is Sign.BEGUN:
                begun[event.tool] = event.line
        elif "cmake-probe" in begun and event.tool not in PROBES_RUN:
            yield begun.pop("cmake-probe"), last
        last = event.line
    if "cmake-probe" in begun:
        yield begun["cmake-probe"], last


def _attempts(events: Iterable[Event]) -> list[tuple[int, int]]:
    """Return the first and last lines of the attempts that a tool repeated: what failed in them does not count."""
    found: list[tuple[int, int]] = []
    begun: dict[str, int] = {}
    for event in events:
        if event.sign is Sign.BEGUN:
            begun[event.tool] = event.line
        elif event.sign is Sign.RETRIED:
            found.append((begun.get(event.tool, 0), event.line))
            begun[event.tool] = event.line + 1
    return found


def is_within(excuses: Sequence[tuple[int, int]], line: int) -> bool:
    """Whether *line* is in one of the *excuses*, which are in the order of their last lines."""
    at = bisect_left(excuses, line, key=_last_line)
    return at < len(excuses) and excuses[at][0] <= line


def _last_line(excuse: tuple[int, int]) -> int:
    return excuse[1]
