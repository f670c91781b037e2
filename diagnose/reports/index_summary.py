"""The report over an index: text for a terminal, JSON, and a page with charts that needs no script."""

from __future__ import annotations

import json
from html import escape

from diagnose import __version__
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.outcome import Outcome
from diagnose.model.versions import name_key
from diagnose.reports.html import head
from diagnose.reports.style import clean
from diagnose.reports.tables import plain_table
from diagnose.reports.wheel_picture import size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from diagnose.index.summary import Share, Summary

ROWS = 15
"""Builders and architectures that are listed; the others are added up."""
_ORDER = tuple(outcome.value for outcome in Outcome)


def as_text(summary: Summary) -> str:
    """Return the tables for a terminal."""
    parts = [f"{_headline(summary)}\n"]
    for title, header, rows in _tables(summary):
        if rows:
            parts.append(f"\n{title}\n\n{plain_table(header, rows)}")
    parts += [f"\nnot judged: {clean(error)}" for error in summary.errors]
    return "".join(parts) + ("\n" if summary.errors else "")


def as_json(summary: Summary) -> str:
    """Return the sums as JSON."""

    def shares(groups: Mapping[str, Share]) -> dict[str, dict[str, float]]:
        return {name: share._asdict() for name, share in groups.items()}

    return json.dumps(
        {
            "schema": 1,
            "total": summary.total._asdict(),
            "weighted": summary.weighted,
            "outcomes": shares(summary.outcomes),
            "checks": [
                {"check": check, "severity": severity, **share._asdict()}
                for (check, severity), share in summary.checks.items()
            ],
            "floors": [
                {"month": month or None, "tag": tag, "wheels": wheels}
                for (month, tag), wheels in summary.floors.items()
            ],
            "architectures": summary.arches,
            "builders": summary.builders,
            "errors": summary.errors,
            "bytes": {"wheels": summary.size, "fetched": summary.fetched},
        },
        indent=2,
    )


def as_page(summary: Summary) -> str:
    """Return the page: the same tables, with bars, and the platform floors over time as a picture."""
    parts = ["<!doctype html>", '<html lang="en">', "<head>", *head("index"), "</head>", "<body>"]
    parts += ["<header>", "<h1>diagnose index</h1>", f"<p>{escape(_headline(summary))}</p>", "</header>", "<main>"]
    for title, header, rows in _tables(summary):
        if rows:
            parts += ['<section class="subject">', f"<h2>{title}</h2>"]
            parts += _timeline(summary) if title == _FLOORS else ()
            parts += ['<div class="wide">', *_table(header, rows, summary.total.wheels), "</div>", "</section>"]
    if summary.errors:
        parts += ['<section class="subject">', "<h2>Not judged</h2>", "<ul>"]
        parts += [f"<li>{escape(clean(error))}</li>" for error in summary.errors]
        parts += ["</ul>", "</section>"]
    parts += ["</main>", f'<footer class="dim">crosslink-diagnose {__version__}</footer>', "</body>", "</html>"]
    return "".join(line + "\n" for line in parts).encode("ascii", "xmlcharrefreplace").decode("ascii")


_FLOORS = "Platform floors"


def _headline(summary: Summary) -> str:
    wheels = summary.total.wheels
    failed = summary.outcomes[Outcome.FAILED.value].wheels if Outcome.FAILED.value in summary.outcomes else 0
    line = f"{wheels} wheels, {size(summary.size)}: {failed} with errors ({_percent(failed, wheels)})"
    return line + (f"; fetched {size(summary.fetched)}" if summary.fetched else "")


def _tables(summary: Summary) -> Iterator[tuple[str, Sequence[str], list[Sequence[str]]]]:
    """Yield title, header and rows of each table; the second column counts wheels."""
    all_wheels, all_weight = summary.total
    weighted = summary.weighted

    def counted(share: Share) -> list[str]:
        row = [str(share.wheels), _percent(share.wheels, all_wheels)]
        return [*row, _percent(share.weight, all_weight)] if weighted else row

    columns = ("wheels", "share", *(["weighted"] if weighted else []))
    rows: list[Sequence[str]] = [(name, *counted(share)) for name, share in summary.outcomes.items()]
    yield "Outcomes", ("outcome", *columns), rows
    rows = [(check, *counted(share), severity) for (check, severity), share in summary.checks.items()]
    yield "Checks", ("check", *columns, "severity"), rows
    floors: dict[str, int] = {}
    for (_, tag), wheels in summary.floors.items():
        floors[tag] = floors.get(tag, 0) + wheels
    known = sum(floors.values())
    rows = [(tag, str(floors[tag]), _percent(floors[tag], known)) for tag in sorted(floors, key=name_key)]
    yield _FLOORS, ("lowest tag", "wheels", "share"), rows
    for title, noun, groups in (
        ("Architectures", "architecture", summary.arches), ("Builders", "builder", summary.builders),
    ):  # fmt: skip
        yield title, (noun, "wheels", "with errors"), list(_groups(groups))


def _groups(groups: Mapping[str, Mapping[str, int]]) -> Iterator[Sequence[str]]:
    names = list(groups)
    rest = names[ROWS:] if len(names) > ROWS + 1 else []
    for name in names[: len(names) - len(rest)]:
        yield _group(name or "none", [groups[name]])
    if rest:
        yield _group(f"{len(rest)} others", [groups[name] for name in rest])


def _group(name: str, counts: Iterable[Mapping[str, int]]) -> Sequence[str]:
    counts = list(counts)
    wheels = sum(sum(one.values()) for one in counts)
    failed = sum(one.get(Outcome.FAILED.value, 0) for one in counts)
    return name, str(wheels), f"{failed} ({_percent(failed, wheels)})"


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], total: int) -> Iterator[str]:
    titles = "".join(f"<th>{escape(title)}</th>" for title in (*header, ""))
    yield f"<table><thead><tr>{titles}</tr></thead><tbody>"
    for row in rows:
        cells = "".join(f"<td>{escape(clean(cell))}</td>" for cell in row)
        width = max(1, round(200 * int(row[1]) / total)) if total else 0
        bar = f'<svg class="bar" width="200" height="12" aria-hidden="true"><rect width="{width}" height="12"/></svg>'
        yield f"<tr>{cells}<td>{bar}</td></tr>"
    yield "</tbody></table>"


_WIDTH, _HEIGHT = 720, 220


def _timeline(summary: Summary) -> Iterator[str]:
    """Yield the picture of the floors by month: a column for each, with the lowest tags at its foot."""
    months = sorted({month for month, _ in summary.floors if month})
    if len(months) < 2:
        return
    tags = sorted({tag for _, tag in summary.floors}, key=name_key)
    step = _WIDTH / len(months)
    yield "<figure>"
    label = f"Shares of the lowest tags by month of upload, {months[0]} to {months[-1]}"
    yield f'<svg class="timeline" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">'
    for place, month in enumerate(months):
        whole = sum(summary.floors.get((month, tag), 0) for tag in tags)
        foot = float(_HEIGHT)
        for number, tag in enumerate(tags):
            wheels = summary.floors.get((month, tag), 0)
            if wheels:
                tall = _HEIGHT * wheels / whole
                foot -= tall
                shade = 0.25 + 0.75 * number / max(len(tags) - 1, 1)
                title = escape(f"{month}: {tag}, {wheels} of {whole} wheels")
                area = f'x="{place * step:.1f}" y="{foot:.1f}" width="{step:.1f}" height="{tall:.1f}"'
                yield f'<rect {area} opacity="{shade:.2f}"><title>{title}</title></rect>'
    yield "</svg>"
    span = f"{months[0]} to {months[-1]}"
    yield f"<figcaption>Lowest tag by month of upload, {span}: the stronger the colour,"
    yield "the newer the system that a wheel needs.</figcaption></figure>"
