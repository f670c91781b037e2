"""The text report: the headline first, then each finding with its evidence, its consequence and its fixes."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import FileEdit, Finding, Fix, Severity, unsetting
from diagnose.model.outcome import Outcome
from diagnose.reports.intent import declared, known_checks
from diagnose.reports.style import Style, clean, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.engine.run import Report, Result

_SGR = {"error": "1;31", "warning": "1;33", "note": "1;36", "ok": "1;32", "bold": "1", "dim": "2", "": ""}
_UNDECIDED = {Outcome.NOT_JUDGED: "–", Outcome.CANNOT_TELL: "?"}
EVIDENCE = 5
"""Pieces of evidence of a finding without -v."""
_MARK = {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.NOTE: "·"}


def render(report: Report, style: Style) -> str:
    """Return the whole report as text with a final newline, or nothing when quiet and clean.

    A table of several wheels comes first; below it, only wheels with a problem have a block.
    """
    lines: list[str] = []
    several = len(report.results) > 1 and not style.quiet
    tabulated = several and all(result.kind == "wheel" for result in report.results)
    if tabulated:
        from diagnose.reports import tables  # only here: one subject needs none of them

        lines += tables.wheels(report.results, style).splitlines()
    for result in report.results:
        block = [] if tabulated and not _is_worth_a_block(result, style) else list(_result(result, style))
        if block and lines and not style.quiet:
            lines.append("")
        lines += block
    checks = list(dict.fromkeys(finding.check for result in report.results for finding in result.findings))
    if checks and not style.quiet:
        others = f" (or {', '.join(checks[1:])})" if checks[1:] else ""
        lines += ["", *_put(style, f"details: diagnose explain {checks[0]}{others}", "dim", indent=2, hang=2)]
    if report.notices and lines:
        lines.append("")
    for notice in report.notices:
        lines += _put(style, f"settings: {notice}", "note", hang=2)
    if several:
        lines += ["", *_put(style, summary(report), "", hang=2)]
    return "".join(line + "\n" for line in lines)


def _is_worth_a_block(result: Result, style: Style) -> bool:
    """Whether a row of the table does not show all of *result*."""
    shown = result.error or result.findings or result.details or result.unseen or result.ignored
    return bool(shown or style.verbose)


_COUNTED = {
    Outcome.OK: "ok",
    Outcome.FAILED: "failed",
    Outcome.UNKNOWN_CAUSE: "failed, cause unknown",
    Outcome.CANNOT_TELL: "undecided",
    Outcome.NOT_JUDGED: "not judged",
}


def summary(report: Report) -> str:
    """Return the one line that counts everything: ``12 subjects: 9 ok, 1 not judged; 3 errors, 1 warning``.

    The first counts are of outcomes, the others of findings.
    """
    outcomes = []
    for outcome, words in _COUNTED.items():
        number = sum(result.outcome is outcome and result.error is None for result in report.results)
        outcomes += [f"{number} {words}"] if number else []
    outcomes += [f"{report.unreadable} unreadable"] if report.unreadable else []
    counts = [_count(report.count(severity), severity.value) for severity in Severity if report.count(severity)]
    kinds = {result.kind for result in report.results}
    noun = kinds.pop() if len(kinds) == 1 else "subject"
    return f"{_count(len(report.results), noun)}: {'; '.join(filter(None, (', '.join(outcomes), ', '.join(counts))))}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _result(result: Result, style: Style) -> Iterator[str]:
    if result.error is not None:
        yield from _put(style, f"✗ {result.error}", "error", hang=2)
        return
    if not style.quiet:
        mark, tone = _mark(result)
        yield from _put(style, f"{mark} {result.name}: {result.headline}", tone, hang=2)
        for line in result.details:
            yield from _put(style, line, "", indent=2, hang=2)
    shown: set[FileEdit] = set()
    printed: dict[Fix, str] = {}
    for finding in result.findings:
        if finding.known and not style.verbose:
            continue
        if not style.quiet:
            yield ""
        yield from _finding(result, finding, style, shown, printed)
    if (known := known_checks(result.findings)) and not style.quiet:
        yield from _put(style, f"known, in the baseline: {known}", "dim", indent=2, hang=2)
    if len(result.findings) > 1 and not style.quiet and (hint := _scripts(result)):
        yield ""
        yield from _put(style, hint, "dim", indent=2)
    if style.verbose and (checks := list(_checks(result))):
        yield ""
        for line in checks:
            yield from _put(style, line, "dim", indent=2, hang=2)
    if result.ignored and not style.quiet:
        ids = ", ".join(dict.fromkeys(finding.check for finding in result.ignored))
        yield from _put(style, f"ignored in these files (per-file-ignores): {ids}", "dim", indent=2, hang=2)
    yield from _unseen(result, style)


def _checks(result: Result) -> Iterator[str]:
    """Yield which checks found nothing; of a log only their number, because each is merely one more known cause."""
    if result.kind == "log" and result.passed:
        yield f"passed: {len(result.passed)} checks, each for a cause that shows no sign (--format json lists them)"
    elif result.passed:
        yield f"passed: {', '.join(result.passed)}"
    if result.not_applicable:
        yield f"nothing to examine for: {', '.join(result.not_applicable)}"


#: Lines about facts that could not be examined, without --verbose.
_UNSEEN_LINES = 3


def _unseen(result: Result, style: Style) -> Iterator[str]:
    """Yield the facts that could not be examined. For a wheel, -v is not needed: they are not part of the headline."""
    shown = (*result.unseen, *result.unsampled) if style.verbose else result.unseen
    if not style.verbose:
        if result.kind != "wheel" or style.quiet:
            return
        shown = shown[:_UNSEEN_LINES]
    for unseen in shown:
        yield from _put(style, f"not examined: {unseen}", "dim", indent=2, hang=2)
    if rest := max(len(result.unseen) - len(shown), 0):
        yield from _put(style, f"not examined: {rest} more (-v shows all)", "dim", indent=2, hang=2)


def _mark(result: Result) -> tuple[str, str]:
    """Return the sign before the headline and its colour, by the worst finding, else by the outcome."""
    if result.findings:
        worst = result.findings[0].severity
        return _MARK[worst], worst.value
    if result.outcome is Outcome.OK:
        return "✓", "ok"
    if result.outcome is Outcome.FAILED and result.left_out:
        return _MARK[Severity.NOTE], "note"  # the check that would say why was deselected
    return _UNDECIDED.get(result.outcome, "✗"), "note" if result.outcome in _UNDECIDED else "error"


def _scripts(result: Result) -> str:
    """Return the line that names the option for all fixes at once; empty without one."""
    if result.kind == "wheel":
        repacked = sum(bool(finding.fixes and finding.fixes[0].repack) for finding in result.findings)
        return "all repacking fixes as one script: --fix-format sh" if repacked > 1 else ""
    if result.kind != "env":
        return ""
    from diagnose.fixes.plan import by_rote

    here = "; apply them here: --apply" if result.facts.get("live") else ""
    left = [finding.check for finding in result.findings if finding.fixes and not by_rote(finding.fixes[0])]
    hand = f"; needs manual steps: {', '.join(dict.fromkeys(left))}" if left else ""
    return f"all fixes as one script: --fix-format sh{here}{hand}"


def _finding(
    result: Result, finding: Finding, style: Style, shown: set[FileEdit], printed: dict[Fix, str]
) -> Iterator[str]:
    """Yield one finding; a fix of an earlier finding of the same subject (*printed*) is named, not printed again."""
    name = f"{result.name}: " if style.quiet else ""
    head = f"{finding.severity.value}[{finding.check}] "
    yield from _put(style, head + name + finding.message, finding.severity.value, indent=2, hang=2, paint=len(head))
    limit = len(finding.evidence) if style.verbose or len(finding.evidence) <= EVIDENCE else EVIDENCE - 1
    for item in finding.evidence[:limit]:
        yield from _put(style, f"{item.path or item.where}: {item.detail}", "dim", indent=4, hang=2)
    if limit < len(finding.evidence):
        yield from _put(style, f"and {len(finding.evidence) - limit} more (-v shows all)", "dim", indent=4)
    if finding.consequence:
        yield from _put(style, f"→ {finding.consequence}", "", indent=4, hang=2)
    for line in declared(finding):
        yield from _put(style, line, "", indent=4, hang=2)
    for number, fix in enumerate(finding.fixes):
        word = "fix" if number == 0 else "or"
        if (fix.commands or fix.repack) and fix in printed:
            yield from _put(style, f"{word}: {fix.title}, as for {printed[fix]}", "ok", 4, len(word) + 2, len(word) + 1)
            continue
        printed.setdefault(fix, finding.check)
        yield from _fix(fix, word, style, shown)
    for follower in finding.consequences:
        place = follower.evidence[0].path or follower.evidence[0].where
        yield from _put(style, f"causes {follower.check} ({place}): {follower.message}", "dim", indent=4, hang=2)
    if finding.url and (style.verbose or not style.width):
        yield from _put(style, f"see: {finding.url}", "dim", indent=4)


def _fix(fix: Fix, word: str, style: Style, shown: set[FileEdit]) -> Iterator[str]:
    """Yield one fix; an edit of an earlier finding is named and not printed again."""
    steps = [*map(unsetting, fix.unset), *(command.line for command in fix.commands)]
    yield from _put(style, f"{word}: {fix.title}", "ok", indent=4, hang=len(word) + 2, paint=len(word) + 1)
    first = [edit for edit in fix.files if os.path.isabs(edit.path) and edit not in shown]
    for edit in first:
        yield from _edit(edit, style)  # the system's files first: the packages depend on them
    if first and steps:
        yield ""
    for step in steps:
        yield "      " + one_line(step)  # never wrapped, so that it can be copied
    for edit in fix.files:
        if edit in shown:
            yield _paint(f"      # {one_line(edit.path)} as above", "dim", style)
        elif not os.path.isabs(edit.path):
            yield from _edit(edit, style)
    if fix.env and not (fix.files and shown.issuperset(fix.files)):
        if fix.files:
            yield _paint("      # for this shell only:", "dim", style)
        for name, value in fix.env:
            yield f"      export {name}={_quote(one_line(value))}"
    shown.update(fix.files)
    if fix.notes:
        yield from _put(style, fix.notes, "", indent=6)


def _edit(edit: FileEdit, style: Style) -> Iterator[str]:
    from difflib import unified_diff  # only a fix with files needs it

    if edit.before is None:
        yield _paint(f"      # {one_line(edit.path)} (new file)", "dim", style)
        yield from (f"      {clean(line)}".rstrip() for line in edit.after.splitlines())
        return
    yield _paint(f"      # {one_line(edit.path)}", "dim", style)
    for line in list(unified_diff(edit.before.splitlines(), edit.after.splitlines(), lineterm="", n=1))[2:]:
        tone = {"+": "ok", "-": "error", "@": "dim"}.get(line[:1], "")
        yield _paint(f"      {clean(line)}".rstrip(), tone, style)


def _quote(value: str) -> str:
    import shlex

    return shlex.quote(value)


def _paint(text: str, tone: str, style: Style) -> str:
    code = _SGR[tone] if style.color else ""
    return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


def _put(style: Style, text: str, tone: str, indent: int = 0, hang: int = 0, paint: int = 0) -> Iterator[str]:
    """Yield *text* wrapped to the width; if *paint* is given, only the first *paint* characters are coloured."""
    text, margin = one_line(text), " " * indent
    lines = [margin + text]
    if style.width and len(lines[0]) > style.width:
        import textwrap

        lines = textwrap.wrap(
            text,
            style.width,
            initial_indent=margin,
            subsequent_indent=" " * (indent + hang),
            break_long_words=False,
            break_on_hyphens=False,
        )
    for row, line in enumerate(lines):
        if paint and row:
            yield line
            continue
        head = len(line) if not paint else len(margin) + paint
        yield margin + _paint(line[len(margin) : head], tone, style) + line[head:]
