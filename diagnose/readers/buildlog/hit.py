"""What is looked for in a log, and what is found: light, because every cause that a log shows names its wordings."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Pattern(NamedTuple):
    """One wording, as a table row: what it says (``kind``), and how to recognise it.

    ``pattern`` is searched for in a cleaned line; its named groups are the facts. ``anchor`` is a literal text that
    every line that can match contains, at least four bytes long and without quotes, which vary. A message that may be
    wrapped, or that goes on in the next lines, spans up to ``lines`` of them.
    """

    kind: str
    anchor: str
    pattern: str
    lines: int = 1


def wordings(kind: str, *rows: tuple[str, str] | tuple[str, str, int]) -> tuple[Pattern, ...]:
    """Return the ways in which *kind* is said, each given as (anchor, pattern) or (anchor, pattern, lines).

    Of several that fit one line, the first counts.
    """
    return tuple(Pattern(kind, *row) for row in rows)


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
