"""Subjects × checks → report. Reads nothing and prints nothing itself."""

from __future__ import annotations

from diagnose.engine.causality import attach_consequences, sort_findings
from diagnose.engine.registry import Check
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import Finding, InputError, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    _Subject = TypeVar("_Subject")


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
    causes: Iterable[Check],
) -> Result:
    """Read one subject and let every cause that can see its kind look at it.

    The worst findings come first, among equals what a build meets first; what only follows from another finding is put
    under that one.

    *describe* turns what *read* returns into the facts that JSON carries. A subject with a method ``overcome`` says by
    it which findings came to nothing: these are left out. One with a method ``looked`` says by it whether anything was
    looked for that a build meets in a phase: a check of another phase has not passed.
    """
    try:
        subject = read()
    except InputError as error:
        return Result(kind, name, error=str(error))
    causes = list(causes)
    findings, passed = [], []
    overcome = getattr(subject, "overcome", lambda finding: False)
    looked = getattr(subject, "looked", lambda phase: True)
    for cause in causes:
        found = [
            finding._replace(check=cause.id, aliases=cause.aliases)
            for finding in cause.detectors[kind](subject)
            if not overcome(finding)
        ]
        findings += found
        if not found and looked(cause.phase):
            passed.append(cause.id)
    findings = sort_findings(findings, subject, {cause.id: cause.phase.value for cause in causes})
    findings = attach_consequences(
        findings, {cause.id: cause.leads_to for cause in causes if cause.leads_to is not None}, subject
    )
    unseen = tuple(getattr(subject, "unseen", ()))
    return Result(kind, name, describe(subject), tuple(findings), tuple(passed), unseen)
