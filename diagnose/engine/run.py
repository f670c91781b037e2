"""Subjects × checks → report. Reads nothing and prints nothing itself."""

from __future__ import annotations

from diagnose.engine.causality import attach_consequences, sort_findings
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import Finding, InputError, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    from diagnose.model.check import Check
    from diagnose.model.subject import Subject

    _Subject = TypeVar("_Subject", bound=Subject)


class Result(NamedTuple):
    """One subject: its facts (as JSON carries them), what is wrong with it, and which checks found nothing.

    ``error`` is set when the subject could not be read; then ``facts`` is empty. ``unseen`` says in plain words what
    could not be looked at.
    """

    kind: str
    name: str
    facts: dict[str, Any] = {}
    findings: tuple[Finding, ...] = ()
    passed: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    error: str | None = None


class Report(NamedTuple):
    """All judgements of one run, in the order of the inputs."""

    results: tuple[Result, ...]

    def count(self, severity: Severity) -> int:
        """Return the number of findings of exactly *severity*."""
        return sum(finding.severity is severity for j in self.results for finding in j.findings)

    @property
    def unreadable(self) -> int:
        """The number of subjects that could not be read."""
        return sum(j.error is not None for j in self.results)

    def exit_code(self, fail_on: Severity | None) -> int:
        """Return 2 if an input could not be read, 1 if a finding is at or above *fail_on* (None: never), else 0."""
        if self.unreadable:
            return 2
        if fail_on is None:
            return 0
        return int(any(f.severity.rank <= fail_on.rank for j in self.results for f in j.findings))


def run_checks(
    kind: str,
    name: str,
    read: Callable[[], _Subject],
    describe: Callable[[_Subject], dict[str, Any]],
    checks: Iterable[Check],
) -> Result:
    """Read one subject and run every check that has a detector for its kind.

    The worst findings come first, among equals what a build meets first. A finding that only follows from another one
    becomes its consequence; one that the build recovered from is left out. *describe* turns the subject into the facts
    that JSON carries.
    """
    try:
        subject = read()
    except InputError as error:
        return Result(kind, name, error=str(error))
    checks = list(checks)
    findings: list[Finding] = []
    passed = []
    for check in checks:
        found = [
            finding._replace(check=check.id, aliases=check.aliases, url=check.url)
            for finding in check.detectors[kind](subject)
            if not subject.is_recovered(finding)
        ]
        findings += found
        if not found and subject.was_examined(check.phase):
            passed.append(check.id)
    findings = sort_findings(findings, subject, {check.id: check.phase.value for check in checks})
    leads_to = {check.id: check.leads_to for check in checks if check.leads_to is not None}
    findings = attach_consequences(findings, leads_to, subject)
    return Result(kind, name, describe(subject), tuple(findings), tuple(passed), subject.unseen)
