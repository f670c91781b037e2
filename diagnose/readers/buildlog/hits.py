"""The significant lines of a log, found by kind and by line."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from copy import copy

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, KeysView, Mapping


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


class Hits:
    """Hits in the order of their lines; those of a kind, or in a line, are found without a look at all.

    A part of them, without some lines, shares their indexes: a check may leave out lines of a log with thousands.
    """

    def __init__(self, hits: Iterable[Hit] = ()) -> None:
        self._all = tuple(hits)
        self._gone: Collection[int] = ()  # lines
        self._kinds: dict[str, list[int]] = {}
        for position, hit in enumerate(self._all):
            self._kinds.setdefault(hit.kind, []).append(position)
        self._lines = [hit.line for hit in self._all]

    def __iter__(self) -> Iterator[Hit]:
        return (hit for hit in self._all if hit.line not in self._gone)

    def without(self, gone: Collection[int]) -> Hits:
        """Return the hits that are not in the lines *gone*."""
        left = copy(self)
        left._gone = {*self._gone, *gone}
        return left

    @property
    def kinds(self) -> KeysView[str]:
        """The kinds that there are; of a part, those of the whole."""
        return self._kinds.keys()

    def of(self, *kinds: str) -> list[Hit]:
        """Return the hits of these kinds, in order."""
        found = [position for kind in dict.fromkeys(kinds) for position in self._kinds.get(kind, ())]
        return self._left([self._all[position] for position in (sorted(found) if len(kinds) > 1 else found)])

    def between(self, first: int, last: int) -> list[Hit]:
        """Return the hits in the lines from *first* to *last*."""
        return self._left(list(self._all[bisect_left(self._lines, first) : bisect_right(self._lines, last)]))

    def at(self, line: int) -> list[Hit]:
        """Return the hits in *line*."""
        return self.between(line, line)

    @property
    def last_line(self) -> int:
        """The line of the last one; 0 without any."""
        return next((hit.line for hit in reversed(self._all) if hit.line not in self._gone), 0)

    def _left(self, hits: list[Hit]) -> list[Hit]:
        return [hit for hit in hits if hit.line not in self._gone] if self._gone else hits
