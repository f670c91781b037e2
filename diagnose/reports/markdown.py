"""Markdown, as GitHub renders it: for pull requests, issues, and the summary of a step."""

from __future__ import annotations

from diagnose.engine.headline import legs_table, platforms
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import Severity
from diagnose.model.outcome import Outcome
from diagnose.reports import text, wording
from diagnose.reports.intent import declared, known_checks
from diagnose.reports.style import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from diagnose.engine.run import Report, Result
    from diagnose.model.finding import Finding, Fix

_MARK = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.NOTE: "ℹ️"}
_UNDECIDED = {Outcome.CANNOT_TELL: "❔", Outcome.NOT_JUDGED: "➖", Outcome.OK: "✅"}
EVIDENCE = 10
"""Pieces of evidence of a finding that are shown."""
SUMMARY_LIMIT = 1 << 20
"""Bytes that GitHub shows of a step's summary; a larger one is refused."""


def render(report: Report) -> str:
    """Return the report with a table of the subjects first, and a section for each of which that does not say all."""
    lines = list(_head(report))
    for result in report.results:
        if _says_more(result):
            lines += ["", *_section(result)]
    lines += ["", *(f"- {_escape(notice)}" for notice in report.notices)] if report.notices else []
    return "".join(line + "\n" for line in lines)


def _says_more(result: Result) -> bool:
    """Whether there is more to say of *result* than its row in the first table."""
    if result.error is not None or result.unseen or any(not finding.known for finding in result.findings):
        return True
    return bool(result.details) if result.kind != "wheel" else result.facts.get("layout") in ("code", "conda")


def render_summary(report: Report, limit: int = SUMMARY_LIMIT) -> str:
    """Return the report in at most *limit* bytes: without its details where they are too long, or as one line."""
    short = [*_head(report), "", "The findings are too long for a summary: `--format markdown=FILE` has them."]
    for summary in (render(report), "".join(line + "\n" for line in short), text.summary(report) + "\n"):
        if len(summary.encode("utf-8", "backslashreplace")) <= limit:
            return summary
    return ""


def _head(report: Report) -> Iterator[str]:
    yield f"## diagnose: {text.summary(report)}"
    yield ""
    wheels = all(result.kind == "wheel" for result in report.results)
    yield from _row([("", "wheel", "claimed", "real", "outcome") if wheels else ("", "subject", "result", "outcome")])
    yield from _row([("---",) * (5 if wheels else 4)])
    for result in report.results:
        cells = [_mark(result), _code(result.name)]
        if wheels:
            facts = result.facts
            cells += [" ".join(map(_code, platforms(facts))) if facts else "", _code(facts.get("lowest_tag") or "")]
        else:
            cells.append(_escape(result.headline))
        yield from _row([(*cells, "unreadable" if result.error is not None else result.outcome.value)])
    counted = _counts(report)
    if counted:
        yield ""
        yield from _row([("check", "severity", "findings", "subjects"), ("---", "---", "--:", "--:"), *counted])


def _counts(report: Report) -> list[tuple[str, str, str, str]]:
    """Return the rows of the table of checks with findings."""
    from diagnose.reports.tables import counts

    return [(_code(one.check), one.severity.value, str(one.findings), str(one.subjects)) for one in counts(report)]


def _row(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for cells in rows:
        yield f"| {' | '.join(cells)} |"


def _mark(result: Result) -> str:
    if result.error is not None:
        return _MARK[Severity.ERROR]
    if result.findings:
        return _MARK[result.findings[0].severity]
    return _UNDECIDED.get(result.outcome, _MARK[Severity.ERROR])


def _section(result: Result) -> Iterator[str]:
    yield f"### {_mark(result)} {_code(result.name)}"
    yield ""
    yield _escape(result.headline if result.error is None else result.error)
    table = legs_table(result.facts) if result.kind == "workflow" and result.facts else []
    if table:
        head, *rows = table
        yield ""
        yield from _row([head, ["---"] * len(head), *([_escape(cell) for cell in row] for row in rows)])
        yield ""
    for line in result.details[len(table) :]:
        yield f"- {_escape(line)}"
    for finding in result.findings:
        if not finding.known:
            yield ""
            yield from _finding(finding)
    if known := known_checks(result.findings):
        yield ""
        yield f"In the baseline: {_escape(known)}"
    if result.unseen:
        yield ""
        yield from (f"- not examined: {_escape(words)}" for words in result.unseen)


def _finding(finding: Finding) -> Iterator[str]:
    name = f"[{finding.check}]({finding.url})" if finding.url else _code(finding.check)
    yield f"#### {_MARK[finding.severity]} {finding.severity.value} {name}: {_escape(finding.message)}"
    yield ""
    for item in finding.evidence[:EVIDENCE]:
        yield f"- {_code(wording.place(item))}: {_escape(item.detail)}"
    if len(finding.evidence) > EVIDENCE:
        yield f"- and {len(finding.evidence) - EVIDENCE} more"
    if finding.consequence:
        yield ""
        yield f"→ {_escape(finding.consequence)}"
    for line in declared(finding):
        yield ""
        yield _escape(line)
    for number, fix in enumerate(finding.fixes):
        yield ""
        yield from _fix(fix, "Or" if number else "Fix")
    if finding.consequences:
        yield ""
        yield from (f"- causes {_code(one.check)}: {_escape(one.message)}" for one in finding.consequences)


def _fix(fix: Fix, word: str) -> Iterator[str]:
    yield f"**{word}:** {_escape(fix.title)}"
    for edit in fix.files:
        yield from ("", f"{'New file' if edit.before is None else 'File'} {_code(edit.path)}:", "")
        yield from _block(*((edit.after, "") if edit.before is None else (wording.patch(edit), "diff")))
    if steps := wording.steps(fix):
        yield ""
        yield from _block("\n".join(steps), "sh")
    if fix.notes:
        yield ""
        yield _escape(fix.notes)


def _block(content: str, language: str) -> Iterator[str]:
    content = clean(content)
    fence = "`" * (max(map(len, re.findall("`+", content)), default=2) + 1) if "```" in content else "```"
    yield fence + language
    yield from content.split("\n")
    yield fence


_MARKUP = r"[\\`*\[\]<>&#|~@!${}^]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.|^[-+=]|^\d(?=\d*[.)])"


def _escape(words: str) -> str:
    """Return *words* on one line, with every character that could be markup, a link or a mention as an entity."""
    plain = " ".join(clean(words).split())
    return re.sub(_MARKUP, lambda match: f"&#{ord(match.group())};", plain)


def _code(words: str) -> str:
    """Return *words* as code, also in a table: there a bar would end the cell."""
    plain = " ".join(clean(words).split())
    if not plain:
        return ""
    if "|" in plain:
        return f"<code>{re.sub('[^A-Za-z0-9 ]', lambda match: f'&#{ord(match.group())};', plain)}</code>"
    fence = "`" * (max(map(len, re.findall("`+", plain)), default=0) + 1)
    pad = " " if plain[0] == "`" or plain[-1] == "`" else ""
    return f"{fence}{pad}{plain}{pad}{fence}"
