"""What the user has declared about a finding, in the words of every report for people."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.model.finding import Finding


def declared(finding: Finding) -> list[str]:
    """Return a line for each intent that the user has declared about *finding*, and one for the names that are left."""
    lines = []
    for one in finding.declared:
        until = f" (until {one.expires})" if one.expires else ""
        more = f" and {len(one.names) - 4} more" if len(one.names) > 4 else ""
        lines.append(f"declared: {', '.join(one.names[:4])}{more}: {one.reason}{until}")
    if finding.undeclared:
        more = f" and {len(finding.undeclared) - 4} more" if len(finding.undeclared) > 4 else ""
        lines.append(f"not declared: {', '.join(finding.undeclared[:4])}{more}")
    return lines


def known_checks(findings: Iterable[Finding]) -> str:
    """Return the checks of those *findings* that the baseline has, each with their number if there are several."""
    checks = [finding.check for finding in findings if finding.known]
    names = {check: checks.count(check) for check in checks}
    return ", ".join(f"{check} × {count}" if count > 1 else check for check, count in names.items())
