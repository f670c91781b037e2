"""What follows a finding's message in formats that have one text for it: consequence, fixes, alternatives, notes."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import unsetting
from diagnose.reports.intent import declared
from diagnose.reports.style import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.finding import Evidence, FileEdit, Finding, Fix


def place(item: Evidence) -> str:
    """Return where *item* was read."""
    return one_line(item.path or item.where)


def setting(item: Evidence) -> tuple[str, int] | None:
    """Return file and line of *item* if it is a setting of the project, outside every subject: ``pyproject.toml:3``."""
    match = re.fullmatch(r"((?:.*/)?[^/:]+\.toml):([1-9]\d{0,8})", item.where)
    return (match[1], int(match[2])) if match else None


def steps(fix: Fix) -> list[str]:
    """Return the lines of POSIX shell that *fix* consists of, apart from its edits of files."""
    import shlex

    exports = [f"export {name}={shlex.quote(value)}" for name, value in fix.env]
    return [one_line(line) for line in (*map(unsetting, fix.unset), *(one.line for one in fix.commands), *exports)]


def edits(fix: Fix) -> list[str]:
    """Return one line for each file that *fix* writes."""
    return [f"# {'write' if edit.before is None else 'edit'} {one_line(edit.path)}" for edit in fix.files]


def patch(edit: FileEdit) -> str:
    """Return the changed lines of *edit* as a unified diff without its header."""
    from difflib import unified_diff

    changed = unified_diff((edit.before or "").splitlines(), edit.after.splitlines(), lineterm="", n=1)
    return "\n".join(list(changed)[2:])


def lines(finding: Finding) -> Iterator[str]:
    """Yield the consequence of *finding*, its fixes as alternatives with their notes, and where to read more."""
    return map(one_line, _lines(finding))


def evidence(finding: Finding) -> list[str]:
    """Return one line for each piece of evidence."""
    return [f"{place(item)}: {one_line(item.detail)}" for item in finding.evidence]


def _lines(finding: Finding) -> Iterator[str]:
    if finding.consequence:
        yield finding.consequence
    yield from declared(finding)
    for number, fix in enumerate(finding.fixes):
        yield f"{'Or' if number else 'Fix'}: {fix.title}"
        yield from (f"  {line}" for line in [*edits(fix), *steps(fix)])
        if fix.notes:
            yield f"  {fix.notes}"
    for follower in finding.consequences:
        yield f"Causes {follower.check} ({place(follower.evidence[0])}): {follower.message}"
    yield f"Details: diagnose explain {finding.check}{f' or {finding.url}' if finding.url else ''}"
