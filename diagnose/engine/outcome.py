"""Decides the outcome of one subject, once, for all reports and for the exit code."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Finding, Severity
from diagnose.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def outcome(kind: str, facts: dict[str, Any], findings: Sequence[Finding], unseen: Sequence[str]) -> Outcome:
    """Return what a subject of *kind* comes to, by its facts as JSON has them."""
    if any(finding.severity is Severity.ERROR for finding in findings):
        return Outcome.FAILED
    return Outcome(facts["outcome"]) if kind == "log" else Outcome.OK
