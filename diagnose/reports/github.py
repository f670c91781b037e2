"""GitHub Actions workflow commands: every finding becomes an annotation of the run."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Finding, Severity
from diagnose.model.outcome import Outcome
from diagnose.reports import text, wording
from diagnose.reports.intent import known_checks
from diagnose.reports.style import clean, one_line

if TYPE_CHECKING:
    from diagnose.engine.run import Report, Result

_COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report) -> str:
    """Return one workflow command per line, and a last line, for the step's log, that counts everything."""
    lines = []
    for result in report.results:
        if result.error is not None:
            lines.append(_command("error", "unreadable input", result.error))
        if result.outcome is Outcome.CANNOT_TELL:
            lines.append(_command("notice", "cannot tell", f"{result.name}: {result.headline}"))
        lines += [
            _command(_COMMAND[finding.severity], finding.check, _text(result, finding), _place(result, finding))
            for finding in result.findings
            if not finding.known
        ]
        if known := known_checks(result.findings):
            lines.append(_command("notice", "known findings", f"{result.name}: in the baseline: {known}"))
    lines += [_command("notice", "diagnose settings", notice) for notice in report.notices]
    return "".join(line + "\n" for line in [*lines, text.summary(report)])


def _text(result: Result, finding: Finding) -> str:
    message = one_line(f"{result.name}: {finding.message}")
    return "\n".join([message, *wording.evidence(finding), *wording.lines(finding)])


def _place(result: Result, finding: Finding) -> str:
    """Return the properties that put the annotation on its line of a workflow, or on a setting; empty for others."""
    for file, line in filter(None, map(wording.setting, finding.evidence)):
        return f"file={_property(file)},line={line},"
    if result.kind != "workflow":
        return ""
    path, *numbers = finding.evidence[0].path.split(":")
    named = zip(("line", "col"), numbers, strict=False)
    parts = [f"file={_property(path)}", *(f"{name}={number}" for name, number in named if number.isdigit())]
    return ",".join(parts) + "," if path else ""


def _property(text: str) -> str:
    return clean(text).translate({37: "%25", 13: "%0D", 10: "%0A", 58: "%3A", 44: "%2C"})


def _command(command: str, title: str, text: str, place: str = "") -> str:
    # The escapes of @actions/core (packages/core/src/command.ts): properties escape two characters more than data.
    data = clean(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::{command} {place}title={_property(title)}::{data}"
