"""A page in one file, without a script and without anything from elsewhere: for people who open a build's artifacts.

Its content security policy allows its own style sheet and nothing else, so that text from an input that got past the
escapes could still load and run nothing. The page is ASCII, whatever the character set of the place that it goes to.
"""

from __future__ import annotations

import os
from html import escape

from diagnose import __version__
from diagnose.engine.headline import legs_table, platforms
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.outcome import Outcome
from diagnose.reports import text, wheel_picture, wording
from diagnose.reports.intent import declared, known_checks
from diagnose.reports.style import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.engine.run import Report, Result
    from diagnose.model.finding import Finding, Fix

EVIDENCE = 10
"""Pieces of evidence of a finding that are shown at once; the others unfold."""
OPEN = 20
"""Subjects up to which the picture and the table of files of each are there without a problem, too."""


def render(report: Report) -> str:
    """Return the page: a table of the subjects where there are several, then each with its findings and its picture."""
    parts = ["<!doctype html>", '<html lang="en">', "<head>", *head(text.summary(report)), "</head>", "<body>"]
    parts += ["<header>", "<h1>diagnose</h1>", f"<p>{_words(text.summary(report))}</p>"]
    parts += [f'<p class="dim">settings: {_words(notice)}</p>' for notice in report.notices]
    parts.append("</header>")
    if len(report.results) > 1:
        parts += ["<nav>", *_contents(report.results), "</nav>"]
    parts.append("<main>")
    small = len(report.results) <= OPEN
    for number, result in enumerate(report.results, 1):
        parts += _subject(result, number, small)
    parts += ["</main>", f'<footer class="dim">crosslink-diagnose {__version__}</footer>', "</body>", "</html>"]
    return "".join(line + "\n" for line in parts).encode("ascii", "xmlcharrefreplace").decode("ascii")


def head(title: str) -> Iterator[str]:
    """Yield what is inside the ``<head>`` of a page with this *title*: its only style sheet, and its policy."""
    import base64
    import hashlib

    with open(os.path.join(os.path.dirname(__file__), "report.css"), encoding="ascii") as file:
        style = "\n" + file.read()
    digest = base64.b64encode(hashlib.sha256(style.encode("ascii")).digest()).decode("ascii")
    allowed = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{allowed}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>diagnose: {_words(title)}</title>"
    yield f"<style>{style}</style>"


def _contents(results: Iterable[Result]) -> Iterator[str]:
    yield '<table class="contents"><thead><tr><th>outcome</th><th>subject</th><th>result</th></tr></thead><tbody>'
    for number, result in enumerate(results, 1):
        said = result.headline if result.error is None else result.error
        yield (
            f'<tr><td>{_badge(result)}</td><td><a href="#s{number}">{_code(result.name)}</a></td>'
            f"<td>{_words(said)}</td></tr>"
        )
    yield "</tbody></table>"


_TONE = {Outcome.OK: "ok", Outcome.FAILED: "error", Outcome.UNKNOWN_CAUSE: "error"}


def _badge(result: Result) -> str:
    """Return the outcome of *result*, coloured as its worst finding."""
    if result.error is not None:
        return '<span class="badge error">unreadable</span>'
    tone = result.findings[0].severity.value if result.findings else _TONE.get(result.outcome, "open")
    return f'<span class="badge {tone}">{result.outcome.value}</span>'


def _subject(result: Result, number: int, small: bool) -> Iterator[str]:
    yield f'<section class="subject" id="s{number}">'
    yield f"<h2>{_code(result.name)}</h2>"
    yield f"<p>{_badge(result)} {_words(result.headline if result.error is None else result.error)}</p>"
    table = legs_table(result.facts) if result.kind == "workflow" and result.facts else []
    if table:
        yield '<div class="wide"><table><thead>'
        for place, row in enumerate(table):
            name = "td" if place else "th"
            yield f"<tr>{''.join(f'<{name}>{_words(cell)}</{name}>' for cell in row)}</tr>"
            yield from ("</thead>", "<tbody>") if not place else ()
        yield "</tbody></table></div>"
    yield from _list(result.details[len(table) :])
    drawn = ""
    if result.kind == "wheel" and result.facts and (small or result.findings):
        drawn = wheel_picture.svg(result.facts, number)
    yield f'<div class="body{" pictured" if drawn else ""}">'
    yield "<div>"
    if result.kind == "wheel" and result.facts:
        real = result.facts["lowest_tag"] or ""
        claimed = " ".join(map(_code, platforms(result.facts)))
        yield f"<p>claimed: {claimed}{f'; real: {_code(real)}' if real else ''}</p>"
    for finding in result.findings:
        if not finding.known:
            yield from _finding(finding)
    if known := known_checks(result.findings):
        yield f"<p>In the baseline: {_words(known)}</p>"
    if result.unseen:
        yield "<h3>Not examined</h3>"
        yield from _list(result.unseen)
    yield from _more(result, bool(drawn))
    yield "</div>"
    if drawn:
        yield f"<figure><figcaption>Arcs lead from a file to the libraries that it needs.</figcaption>{drawn}</figure>"
    yield "</div>"
    yield "</section>"


def _more(result: Result, files: bool) -> Iterator[str]:
    """Yield what unfolds: the files, the checks, what is examined in samples, what the configuration ignores."""
    rows = list(wheel_picture.files(result.facts)) if files else []
    if rows:
        yield f"<details><summary>Files with code ({len(rows)})</summary>"
        yield '<div class="wide"><table><thead><tr><th>file</th><th>size</th><th>newest versions of symbols</th>'
        yield "<th>needs</th></tr></thead><tbody>"
        for path, size, floors, needs in rows:
            yield f"<tr><td>{_code(path)}</td><td>{size}</td><td>{_words(floors)}</td><td>{_words(needs)}</td></tr>"
        yield "</tbody></table></div></details>"
    ids = [
        ("Passed", result.passed),
        ("Nothing to examine for", result.not_applicable),
        ("Left out", result.left_out),
        ("Ignored in these files", tuple(dict.fromkeys(finding.check for finding in result.ignored))),
    ]
    sentences = [
        ("Recovered from", tuple(f"{finding.check}: {finding.message}" for finding in result.recovered)),
        ("Examined in samples, or not at all", result.unsampled),
    ]
    if any(entries for _, entries in (*ids, *sentences)):
        yield "<details><summary>Checks</summary>"
        for heading, entries in (*ids, *sentences):
            if entries:
                yield f"<h3>{heading} ({len(entries)})</h3>"
                joined = (heading, entries) in ids
                yield from (f"<p>{_words(', '.join(entries))}</p>",) if joined else _list(entries)
        yield "</details>"


def _finding(finding: Finding) -> Iterator[str]:
    yield f'<article class="finding {finding.severity.value}">'
    name = _code(finding.check)
    if finding.url.startswith("https://"):
        name = f'<a rel="noreferrer" href="{escape(finding.url)}">{name}</a>'
    severity = f'<span class="badge {finding.severity.value}">{finding.severity.value}</span>'
    yield f"<h3>{severity} {name}: {_words(finding.message)}</h3>"
    evidence = [f"{_code(wording.place(item))}: {_words(item.detail)}" for item in finding.evidence]
    yield from _items(evidence[:EVIDENCE])
    if rest := evidence[EVIDENCE:]:
        yield f"<details><summary>and {len(rest)} more</summary>"
        yield from _items(rest)
        yield "</details>"
    if finding.consequence:
        yield f"<p>&rarr; {_words(finding.consequence)}</p>"
    yield from (f"<p>{_words(line)}</p>" for line in declared(finding))
    for number, fix in enumerate(finding.fixes):
        yield from _fix(fix, "Or" if number else "Fix")
    if finding.consequences:
        yield from _items(f"causes {_code(one.check)}: {_words(one.message)}" for one in finding.consequences)
    yield "</article>"


def _fix(fix: Fix, word: str) -> Iterator[str]:
    yield f'<div class="fix"><p><strong>{word}:</strong> {_words(fix.title)}</p>'
    for edit in fix.files:
        yield f"<p>{'New file' if edit.before is None else 'File'} {_code(edit.path)}:</p>"
        yield _block(edit.after if edit.before is None else wording.patch(edit))
    if steps := wording.steps(fix):
        yield _block("\n".join(steps))
    if fix.notes:
        yield f"<p>{_words(fix.notes)}</p>"
    yield "</div>"


def _list(entries: Iterable[str]) -> Iterator[str]:
    return _items(map(_words, entries))


def _items(entries: Iterable[str]) -> Iterator[str]:
    inner = "".join(f"<li>{entry}</li>" for entry in entries)
    if inner:
        yield f"<ul>{inner}</ul>"


def _block(content: str) -> str:
    return f'<pre tabindex="0"><code>{escape(clean(content))}</code></pre>'


def _words(words: str) -> str:
    return escape(" ".join(clean(words).split()))


def _code(words: str) -> str:
    return f"<code>{_words(words)}</code>"
