"""What the user has declared about a finding, in the words of every report for people."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
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
