"""The significant lines of a log, found by kind and by line."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, KeysView, Mapping


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


class Hits(tuple[Hit, ...]):
    """Hits in the order of their lines; those of a kind, or in a line, are found without a look at all."""

    _kinds: dict[str, list[int]] | None = None
    _lines: list[int] | None = None
    _whole: Hits | None = None  # what this is a part of, without the lines _gone: its indexes serve both
    _gone: Collection[int] = ()

    def without(self, gone: Collection[int]) -> Hits:
        """Return the hits that are not in the lines *gone*."""
        lines, begin = self._line_numbers(), 0
        rest: list[Hit] = []
        for line in sorted(gone):
            end = bisect_left(lines, line)
            rest += self[begin:end]
            begin = bisect_right(lines, line)
        left = Hits([*rest, *self[begin:]])
        left._whole, left._gone = self, gone
        return left

    @property
    def kinds(self) -> KeysView[str]:
        """The kinds that there are; of a part, those of the whole."""
        return self._whole.kinds if self._whole is not None else self._by_kind().keys()

    def of(self, *kinds: str) -> list[Hit]:
        """Return the hits of these kinds, in order."""
        if self._whole is not None:
            return [hit for hit in self._whole.of(*kinds) if hit.line not in self._gone]
        by_kind = self._by_kind()
        found = [position for kind in dict.fromkeys(kinds) for position in by_kind.get(kind, ())]
        return [self[position] for position in (sorted(found) if len(kinds) > 1 else found)]

    def between(self, first: int, last: int) -> list[Hit]:
        """Return the hits in the lines from *first* to *last*."""
        if self._whole is not None:
            return [hit for hit in self._whole.between(first, last) if hit.line not in self._gone]
        lines = self._line_numbers()
        return list(self[bisect_left(lines, first) : bisect_right(lines, last)])

    def at(self, line: int) -> list[Hit]:
        """Return the hits in *line*."""
        return self.between(line, line)

    def _by_kind(self) -> dict[str, list[int]]:
        if self._kinds is None:
            self._kinds = {}
            for position, hit in enumerate(self):
                self._kinds.setdefault(hit.kind, []).append(position)
        return self._kinds

    def _line_numbers(self) -> list[int]:
        if self._lines is None:
            self._lines = [hit.line for hit in self]
        return self._lines
