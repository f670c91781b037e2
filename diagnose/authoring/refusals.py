"""Messages with which a tool refuses a setting, as a table: what is printed, what it means, and how it is corrected."""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.finding import Command, Finding, Fix, FixStage
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.model.pattern import Pattern
    from diagnose.readers.buildlog import BuildLog, Hit


class RefusedSetting(NamedTuple):
    """One message: its anchor and pattern, whose groups are put for their names in braces in all that follows."""

    anchor: str
    pattern: str
    message: str
    fix: str
    notes: str = ""
    command: str = ""
    lines: int = 1
    consequence: str = ""


def refusal_patterns(kind: str, rows: Sequence[RefusedSetting]) -> tuple[Pattern, ...]:
    """Return the patterns of *rows*: the number of a row is behind *kind* in its hits."""
    return tuple(
        pattern
        for number, row in enumerate(rows)
        for pattern in patterns_for(f"{kind}{number}", (row.anchor, row.pattern, row.lines))
    )


def refusals(log: BuildLog, kind: str, rows: Sequence[RefusedSetting]) -> list[tuple[Hit, RefusedSetting]]:
    """Return the messages of *rows* in *log*, each with its row, in the order of the log."""
    hits = log.find(*(f"{kind}{number}" for number in range(len(rows))))
    return [(hit, rows[int(hit.kind.removeprefix(kind))]) for hit in hits]


def refusal_finding(log: BuildLog, hit: Hit, row: RefusedSetting, consequence: str) -> Finding:
    """Return the finding for *hit*; *consequence* is that of a row without its own."""
    said = {name: hit.groups[name].strip() or "…" for name in re.compile(row.pattern).groupindex}

    def filled(text: str) -> str:
        for name, value in said.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    commands = (Command(filled(row.command), FixStage.BUILD),) if row.command else ()
    fix = Fix(filled(row.fix), commands, notes=filled(row.notes))
    return finding_from_hits(log, [hit], filled(row.message), row.consequence or consequence, (fix,))
