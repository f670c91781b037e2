"""Subjects × checks → report. Reads nothing and prints nothing itself."""

from __future__ import annotations

from diagnose.engine import internal
from diagnose.engine.causality import attach_consequences, sort_findings
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    from diagnose.model.check import Check
    from diagnose.model.subject import Subject

    _Subject = TypeVar("_Subject", bound=Subject)


class Result(NamedTuple):
    """One subject: its facts (as JSON carries them), what is wrong with it, and which checks found nothing.

    ``error`` is set when the subject could not be read; then ``facts`` is empty. ``unseen`` says in plain words what
    could not be looked at. ``traces`` are the Python tracebacks of internal errors.
    """

    kind: str
    name: str
    facts: dict[str, Any] = {}
    findings: tuple[Finding, ...] = ()
    passed: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    error: str | None = None
    traces: tuple[str, ...] = ()


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
        """Return 2 if an input could not be read or a check failed, else 1 for a finding at or above *fail_on*, else 0.

        Where *fail_on* is None, no finding counts.
        """
        if self.unreadable or any(f.check == internal.ID for j in self.results for f in j.findings):
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
    checks = list(checks)
    findings: list[Finding] = []
    failed: list[Finding] = []
    passed, traces = [], []
    try:
        subject = read()
        for check in checks:
            try:
                found = [
                    finding._replace(check=check.id, aliases=check.aliases, url=check.url)
                    for finding in check.detectors[kind](subject)
                    if not subject.is_recovered(finding)
                ]
            except Exception as error:
                failed.append(internal.finding(check.id, error))
                traces.append(internal.trace(error))
                continue
            findings += found
            if not found and subject.was_examined(check.phase):
                passed.append(check.id)
        findings = sort_findings(findings, subject, {check.id: check.phase.value for check in checks})
        leads_to = {check.id: check.leads_to for check in checks if check.leads_to is not None}
        findings = attach_consequences(findings, leads_to, subject)
        facts = describe(subject)
    except Exception as error:
        trace = internal.trace(error)
        return Result(kind, name, error=internal.reason(name, error), traces=(trace,) if trace else ())
    return Result(kind, name, facts, (*failed, *findings), tuple(passed), subject.unseen, traces=tuple(traces))
