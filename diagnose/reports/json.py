"""The machine-readable report, described by ``diagnose/reports/report.schema.json``."""

from __future__ import annotations

from diagnose import __version__
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.reports import json_text

if TYPE_CHECKING:
    from typing import Any

    from diagnose.engine.run import Report, Result


SCHEMA = 1
"""Increased when a field changes its meaning or is removed, but not for new fields."""


def render(report: Report) -> str:
    """Return *report* as one JSON document, ASCII only, with a final newline."""
    document = {
        "schema": SCHEMA,
        "tool": {"name": "crosslink-diagnose", "version": __version__},
        "subjects": [subject(result) for result in report.results],
        "summary": {severity.value: report.count(severity) for severity in Severity}
        | {"unreadable": report.unreadable},
        "notices": list(report.notices),
    }
    return json_text.dumps(document) + "\n"


def subject(result: Result) -> dict[str, Any]:
    """Return *result* as a JSON object."""
    return {
        "kind": result.kind,
        "name": result.name,
        "facts": result.facts,
        "findings": [finding_as_dict(finding) for finding in result.findings],
        "outcome": result.outcome.value,
        "headline": result.headline,
        "details": list(result.details),
        "passed": list(result.passed),
        "not_applicable": list(result.not_applicable),
        "left_out": list(result.left_out),
        "ignored": [finding_as_dict(finding) for finding in result.ignored],
        "unseen": [*result.unseen, *result.unsampled],
        "error": result.error,
        "recovered": [finding_as_dict(finding) for finding in result.recovered],
    }


def finding_as_dict(finding: Finding) -> dict[str, Any]:
    """Return *finding* as a JSON object."""
    return {
        "check": finding.check,
        "aliases": list(finding.aliases),
        "url": finding.url,
        "severity": finding.severity.value,
        "message": finding.message,
        "evidence": [_evidence(item) for item in finding.evidence],
        "consequence": finding.consequence,
        "fixes": [_fix(fix) for fix in finding.fixes],
        "consequences": [finding_as_dict(follower) for follower in finding.consequences],
        "declared": [
            {"reason": one.reason, "expires": one.expires, "names": list(one.names)} for one in finding.declared
        ],
        "undeclared": list(finding.undeclared),
        "known": finding.known,
    }


def _evidence(evidence: Evidence) -> dict[str, str]:
    place = {"path": evidence.path} if evidence.path else {"where": evidence.where}
    return place | {"detail": evidence.detail}


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "title": fix.title,
        "commands": [command.line for command in fix.commands],
        "env": dict(fix.env),
        "unset": list(fix.unset),
        "files": [edit._asdict() for edit in fix.files],
        "notes": fix.notes,
        "safe": fix.safe,
    }
