"""The picture of a wheel: its files and the libraries that they need, as an SVG graph without a script.

Rows from top to bottom: the modules and programs of the wheel, the libraries bundled in it, those that are expected
from outside, and those of the system. An arc at the left leads from a file to the library that it needs. One column of
text is readable on a telephone, and a library that forty files need is still one row.
"""

from __future__ import annotations

from html import escape

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.versions import name_key
from diagnose.reports.style import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any


class Place(NamedTuple):
    """Where a file or library of the picture comes from: the class of its rows, their heading, and how many it has."""

    name: str
    heading: str
    rows: int


PLACES = (
    Place("own", "modules and programs", 24),
    Place("bundled", "libraries in the wheel", 40),
    Place("missing", "in the wheel, but not found", 10),
    Place("external", "from outside: in no platform tag", 30),
    Place("system", "system: platform tags have it", 20),
)
ARCS = 600
"""Arcs that are drawn; the caption counts the others."""


class PictureNode(NamedTuple):
    """One row. ``needs`` are keys of other rows; ``floors`` the newest versions of symbols that are needed there.

    ``size`` is in bytes, 0 for a library that is not in the wheel. ``members`` are the names of all files in the row.
    """

    key: str
    place: str
    label: str
    size: int
    floors: tuple[str, ...]
    needs: tuple[str, ...]
    members: tuple[str, ...]


def nodes(facts: dict[str, Any]) -> list[PictureNode]:
    """Return the rows of the picture of the wheel with these *facts*, in order.

    Modules that need the same libraries share a row, and so do the smallest of too many.
    """
    files = facts["elf_files"]
    found = {target for file in files for target in file["needed_in_wheel"].values() if target}
    outside: dict[str, list[Any]] = {}
    lists: dict[str, list[PictureNode]] = {place.name: [] for place in PLACES}
    for file in files:
        inside = file["needed_in_wheel"]
        needs = []
        for name in file["needed"]:
            target = inside.get(name)
            needs.append(target or f"\0{name}")  # a path in a wheel has no NUL
            if not target:
                outside.setdefault(name, []).append(file)
        floors = [need["version"] for need in file["highest_versions"] if not inside.get(need["library"])]
        place = "bundled" if file["path"] in found else "own"
        node = PictureNode(
            file["path"],
            place,
            file["path"].rpartition("/")[2],
            file["size"],
            _newest(floors),
            tuple(sorted(set(needs) - {file["path"]})),
            (file["path"],),
        )
        lists[place].append(node)
    lost = {name for file in files for name, target in file["needed_in_wheel"].items() if not target}
    for name, users in sorted(outside.items()):
        place = "missing" if name in lost else "external" if name in facts["libraries_in_no_policy"] else "system"
        needed = [n["version"] for user in users for n in user["highest_versions"] if n["library"] == name]
        lists[place].append(PictureNode(f"\0{name}", place, name, 0, _newest(needed), (), (name,)))
    lists["own"] = _merged(lists["own"])
    return _limited(lists)


def _newest(versions: Iterable[str]) -> tuple[str, ...]:
    """Return the newest of *versions* (``GLIBC_2.28``) of each family; glibc's first, as it decides the tag."""
    best: dict[str, str] = {}
    for version in versions:
        family = version.rpartition("_")[0]
        if family not in best or name_key(version) > name_key(best[family]):
            best[family] = version
    return tuple(best[family] for family in sorted(best, key=lambda family: (family != "GLIBC", family)))


def _merged(files: Sequence[PictureNode]) -> list[PictureNode]:
    groups: dict[tuple[str, ...], list[PictureNode]] = {}
    for node in files:
        groups.setdefault(node.needs, []).append(node)
    return [_together(group, f"{len(group)} files that need the same") for group in groups.values()]


def _together(group: Sequence[PictureNode], label: str) -> PictureNode:
    if len(group) == 1:
        return group[0]
    return PictureNode(
        group[0].key,
        group[0].place,
        label,
        sum(node.size for node in group),
        _newest(floor for node in group for floor in node.floors),
        tuple(sorted({need for node in group for need in node.needs})),
        tuple(member for node in group for member in node.members),
    )


def _limited(lists: dict[str, list[PictureNode]]) -> list[PictureNode]:
    """Return the rows of all *lists*; where one is too long, its smallest share the last row of their place."""
    rows: list[PictureNode] = []
    moved: dict[str, str] = {}
    for place in PLACES:
        every = lists[place.name]
        if len(every) > place.rows:
            kept = {node.key for node in sorted(every, key=lambda node: -node.size)[: place.rows - 1]}
            rest = [node for node in every if node.key not in kept]
            count = sum(len(node.members) for node in rest)
            moved |= {node.key: rest[0].key for node in rest}
            every = [*(node for node in every if node.key in kept), _together(rest, f"{count} others")]
        rows += every
    if not moved:
        return rows
    return [
        node._replace(needs=tuple(sorted({moved.get(need, need) for need in node.needs} - {node.key}))) for node in rows
    ]


_WIDTH, _GUTTER, _TEXT = 336, 54, 70  # units: the picture, where arcs end, where words begin
_HEADING, _ROW, _SHORT = 26, 34, 22  # heights: a heading, a row with two lines, a row with one
_NAME, _FACTS = 36, 39  # characters of monospaced text that fit at 12 and 11 units


def svg(facts: dict[str, Any], number: int) -> str:
    """Return the picture as an SVG element, or nothing without ELF files; *number* makes its ids unique in a page."""
    rows = nodes(facts)
    if not rows:
        return ""
    places = {place.name: place for place in PLACES}
    kinds = {node.key: node.place for node in rows}
    heights: dict[str, int] = {}
    parts: list[str] = []
    at, place = 0, ""
    for node in rows:
        if node.place != place:
            place = node.place
            parts.append(f'<text class="group" x="{_TEXT}" y="{at + 18}">{places[place].heading}</text>')
            at += _HEADING
        heights[node.key] = at + 11
        at += _ROW if _second_line(node) else _SHORT
    drawn = 0
    for node in rows:
        arcs = [need for need in node.needs if need in heights][: max(0, ARCS - drawn)]
        drawn += len(arcs)
        parts.append(_row(node, heights, arcs, kinds))
    left = sum(len(node.needs) for node in rows) - drawn
    inside = [node for node in rows if node.place in ("own", "bundled")]
    title = f"{sum(len(node.members) for node in inside)} files with code, and the libraries that they need"
    title += f"; {left} more needs are not drawn" if left else ""
    head = f'<svg class="picture" viewBox="0 0 {_WIDTH} {at + 4}" role="img" aria-labelledby="picture-{number}">'
    return f'{head}<title id="picture-{number}">{title}</title>{"".join(parts)}</svg>'


def _row(node: PictureNode, heights: dict[str, int], arcs: Sequence[str], kinds: dict[str, str]) -> str:
    y = heights[node.key]
    lines = [f'<g class="row {node.place}" tabindex="0"><title>{_text(_long(node))}</title>']
    for need in arcs:
        end = heights[need]
        bend = _GUTTER - min(_GUTTER - 4, 12 + abs(end - y) // 8)
        tip = _GUTTER - 1
        lines.append(
            f'<path class="arc {kinds[need]}" d="M{_GUTTER} {y}C{bend} {y} {bend} {end} {tip} {end}m-5 -3l5 3l-5 3"/>'
        )
    lines.append(_sign(node.place, y))
    lines.append(f'<text class="name" x="{_TEXT}" y="{y + 4}">{_text(elided(node.label, _NAME))}</text>')
    if second := _second_line(node):
        lines.append(f'<text class="facts" x="{_TEXT}" y="{y + 18}">{_text(_shortened(second))}</text>')
    return "".join((*lines, "</g>"))


def _sign(place: str, y: int) -> str:
    """Return the sign before a name: its form says what the colour says."""
    if place == "own":
        return f'<rect class="sign" x="{_GUTTER + 3}" y="{y - 4}" width="8" height="8"/>'
    if place == "missing":
        return f'<path class="sign" d="M{_GUTTER + 3} {y - 4}l8 8m0 -8l-8 8"/>'
    return f'<circle class="sign" cx="{_GUTTER + 7}" cy="{y}" r="{3 if place == "system" else 4}"/>'


def _second_line(node: PictureNode) -> str:
    return " · ".join(filter(None, (size(node.size) if node.size else "", " ".join(node.floors))))


def _shortened(line: str) -> str:
    """Return as many words of *line* as fit."""
    while len(line) > _FACTS:
        line = line.removesuffix(" …").rpartition(" ")[0] + " …"
    return line


def _long(node: PictureNode) -> str:
    shown = [*node.members[:20], *([f"and {len(node.members) - 20} more"] if len(node.members) > 20 else [])]
    return "\n".join([*shown, *([second] if (second := _second_line(node)) else [])])


def size(number: int) -> str:
    """Return *number* of bytes for people: ``870 B``, ``12 kB``, ``1.2 MB``."""
    if number < 1000:
        return f"{number} B"
    if number < 1_000_000:
        return f"{number / 1e3:.0f} kB"
    return f"{number / 1e6:.1f} MB"


def elided(text: str, length: int) -> str:
    """Return *text* in at most *length* characters; its middle is left out, because both ends of a name matter."""
    text = " ".join(clean(text).split())
    if len(text) <= length:
        return text
    tail = length // 2 - 1
    return f"{text[: length - tail - 1]}…{text[-tail:]}"


def _text(words: str) -> str:
    return escape("\n".join(clean(line) for line in words.split("\n")))


def files(facts: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield a row of words for each ELF file: path, size, newest versions of symbols, what it needs."""
    for file in facts["elf_files"]:
        floors = _newest(need["version"] for need in file["highest_versions"])
        yield file["path"], size(file["size"]), " ".join(floors), " ".join(file["needed"])
