"""Decides the outcome of one subject, once, for all reports and for the exit code."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Finding, Severity
from diagnose.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def outcome(kind: str, facts: dict[str, Any], findings: Sequence[Finding], unseen: Sequence[str]) -> Outcome:
    """Return the outcome of a subject of *kind*, from the facts that JSON carries."""
    if any(finding.severity is Severity.ERROR for finding in findings):
        return Outcome.FAILED
    if kind == "log":
        return Outcome(facts["outcome"])
    return _OUTCOMES[kind](facts, unseen)


def _wheel(facts: dict[str, Any], unseen: Sequence[str]) -> Outcome:
    if unseen:
        return Outcome.CANNOT_TELL
    return Outcome.OK if facts.get("judged", True) else Outcome.NOT_JUDGED


def _env(facts: dict[str, Any], unseen: Sequence[str]) -> Outcome:
    libraries = facts.get("libraries", ())
    unusable = [library["outcome"] for library in libraries if library["outcome"] not in ("found", "overridden")]
    unasked = [outcome for outcome in unusable if outcome in ("unknown", "disabled")]
    if len(unasked) < len(unusable):
        return Outcome.FAILED
    project = facts.get("project", {})
    unlocked = project.get("unlocked") and not libraries
    return Outcome.CANNOT_TELL if unasked or project.get("unknown") or unlocked else Outcome.OK


def _workflow(facts: dict[str, Any], unseen: Sequence[str]) -> Outcome:
    legs = facts.get("legs", ())
    if not legs:
        return Outcome.NOT_JUDGED
    return Outcome.CANNOT_TELL if all(leg["builds_in"] == "unknown" for leg in legs) else Outcome.OK


_OUTCOMES = {"wheel": _wheel, "env": _env, "workflow": _workflow}
