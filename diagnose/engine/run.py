"""Subjects × checks → report. Reads nothing and prints nothing itself."""

from __future__ import annotations

from diagnose.engine import internal
from diagnose.engine.causality import attach_consequences, sort_findings
from diagnose.engine.decide_outcome import outcome
from diagnose.engine.headline import headline
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import Finding, Severity
from diagnose.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Protocol, TypeVar

    from diagnose.model.check import Check
    from diagnose.model.subject import Subject

    _Subject = TypeVar("_Subject", bound=Subject)

    class JudgingRules(Protocol):
        """How the user's settings change the findings of one subject."""

        def applied(self, finding: Finding) -> Finding:
            """Return *finding* as the user wants it judged."""

        def ignores(self, finding: Finding) -> bool:
            """Whether the user does not want to see it."""


class Result(NamedTuple):
    """The result for one subject, from which every report is made."""

    kind: str
    """``wheel``, ``env``, ``log`` or ``workflow``; ``trial`` of a wheel that was tried."""
    name: str
    """The input's name without its folder."""
    facts: dict[str, Any] = {}
    """The facts as JSON carries them; empty if the subject could not be read."""
    findings: tuple[Finding, ...] = ()
    """The root causes, the worst first."""
    passed: tuple[str, ...] = ()
    """Ids of the checks that examined something and found nothing."""
    unseen: tuple[str, ...] = ()
    """The facts that could not be examined, in plain words."""
    unsampled: tuple[str, ...] = ()
    """Facts that are examined in samples only, or not at all; the outcome does not depend on them."""
    error: str | None = None
    """Why the subject could not be read."""
    traces: tuple[str, ...] = ()
    """Python tracebacks of internal errors."""
    outcome: Outcome = Outcome.OK
    """The outcome."""
    recovered: tuple[Finding, ...] = ()
    """Findings that a build recovered from."""
    not_applicable: tuple[str, ...] = ()
    """Ids of the checks that had nothing to examine."""
    left_out: tuple[str, ...] = ()
    """Ids of the checks that the user deselected."""
    ignored: tuple[Finding, ...] = ()
    """Findings that the user's settings ignore because of their files."""
    headline: str = ""
    """The result in one line."""
    details: tuple[str, ...] = ()
    """Facts below the headline, one line each."""


class Report(NamedTuple):
    """All results of one run, in the order of the inputs, and what makes it a failure."""

    results: tuple[Result, ...]
    fail_on: Severity | None = Severity.ERROR
    """The lowest severity that does; None: no finding does."""
    unknown: bool = False
    """Whether an outcome that is unknown does, too."""
    notices: tuple[str, ...] = ()
    """What is wrong with the user's settings, as far as the results show it."""

    def count(self, severity: Severity) -> int:
        """Return the number of findings of exactly *severity*."""
        return sum(finding.severity is severity for j in self.results for finding in j.findings)

    @property
    def unreadable(self) -> int:
        """The number of subjects that could not be read."""
        return sum(j.error is not None for j in self.results)

    @property
    def complete(self) -> bool:
        """Whether every input was read, and no check failed."""
        return not self.unreadable and all(f.check != internal.ID for j in self.results for f in j.findings)

    def rejects(self, finding: Finding) -> bool:
        """Whether *finding* makes the run a failure."""
        return self.fail_on is not None and not finding.known and finding.severity.rank <= self.fail_on.rank

    def rejects_outcome(self, result: Result) -> bool:
        """Whether the outcome of *result* makes the run a failure, whatever was found.

        With ``unknown`` these are a part that decides it and could not be read, and a failure without a known cause. A
        subject that no check is for (a wheel for Windows) does not: no build changes that.
        """
        return self.unknown and result.outcome in (Outcome.UNKNOWN_CAUSE, Outcome.CANNOT_TELL)

    def exit_code(self) -> int:
        """Return 2 if it is not complete, else 1 if something makes it a failure, else 0."""
        if not self.complete:
            return 2
        return int(any(self.rejects_outcome(j) or any(map(self.rejects, j.findings)) for j in self.results))


def run_checks(
    kind: str,
    name: str,
    read: Callable[[], _Subject],
    describe: Callable[[_Subject], dict[str, Any]],
    checks: Iterable[Check],
    rules: JudgingRules | None = None,
) -> Result:
    """Read one subject and run every check that has a detector for its kind.

    The worst findings come first, equal ones in the order of a build. A finding that only follows from another one
    becomes its consequence; those that the build recovered from are separate. A fallback check runs if the subject
    failed and no other check found the cause, those that only admit so last. *describe* turns the subject into the
    facts that JSON carries. *rules* change the findings before anything is decided from them.
    """
    checks = list(checks)
    try:
        return _run(kind, name, read(), describe, checks, rules)
    except Exception as error:
        trace = internal.trace(error)
        reason = internal.reason(name, error)
        return Result(kind, name, error=reason, traces=(trace,) if trace else (), outcome=Outcome.NOT_JUDGED)


def _run(
    kind: str,
    name: str,
    subject: _Subject,
    describe: Callable[[_Subject], dict[str, Any]],
    checks: list[Check],
    rules: JudgingRules | None,
) -> Result:
    standing: list[Finding] = []
    recovered: list[Finding] = []
    failed: list[Finding] = []
    ignored: list[Finding] = []
    passed: list[str] = []
    not_applicable: list[str] = []
    traces: list[str] = []

    def found(check: Check) -> tuple[list[Finding], list[Finding]] | None:
        try:
            result = _found(check, kind, subject)
            return result if rules is None else _ruled(rules, result, ignored)
        except Exception as error:
            failed.append(internal.finding(check.id, error))
            traces.append(internal.trace(error))
            return None

    def applies(check: Check) -> bool:
        try:
            return check.applies is None or check.applies(subject)
        except Exception as error:
            failed.append(internal.finding(check.id, error))
            traces.append(internal.trace(error))
            return False

    for check in checks:
        before = len(ignored)
        if not subject.offers(check.needs):
            not_applicable.append(check.id)
            continue
        if check.fallback or (result := found(check)) is None:
            continue
        standing += result[0]
        recovered += result[1]
        if len(ignored) > before:
            continue
        if not any(result) and kind == "wheel" and not applies(check):
            not_applicable.append(check.id)
        elif not any(result) and subject.was_examined(check.phase):
            passed.append(check.id)
    findings, recovered = _explained(standing, recovered, checks, subject)
    subject = subject.concluded(findings)
    facts = describe(subject)
    came_to = outcome(kind, facts, findings, subject.unseen)
    for check in sorted((check for check in checks if check.fallback), key=lambda check: check.admits):
        result = found(check) if came_to is Outcome.UNKNOWN_CAUSE else ([], [])
        findings = [*(result[0] if result else ()), *findings]
        passed += [check.id] if result and not result[0] else []
        if result and result[0] and not check.admits:
            subject = subject.concluded(findings)
            facts = describe(subject)
            came_to = outcome(kind, facts, findings, subject.unseen)
    head = headline(kind, facts, (*failed, *findings), came_to, recovered, subject.unseen)
    return Result(
        kind,
        name,
        facts,
        (*failed, *findings),
        tuple(sorted(passed)),
        subject.unseen,
        getattr(subject, "unsampled", ()),
        traces=tuple(traces),
        outcome=Outcome.CANNOT_TELL if failed and came_to is Outcome.OK else came_to,
        recovered=tuple(recovered),
        not_applicable=tuple(not_applicable),
        ignored=tuple(ignored),
        headline=head.text,
        details=head.details,
    )


def _ruled(
    rules: JudgingRules, result: tuple[list[Finding], list[Finding]], ignored: list[Finding]
) -> tuple[list[Finding], list[Finding]]:
    """Return the findings as *rules* change them; those that are ignored go to *ignored*."""
    standing, recovered = ([rules.applied(finding) for finding in findings] for findings in result)
    ignored += [finding for finding in standing if rules.ignores(finding)]
    return [finding for finding in standing if not rules.ignores(finding)], recovered


def _found(check: Check, kind: str, subject: Subject) -> tuple[list[Finding], list[Finding]]:
    """Return the findings of *check*, and those of them that the build recovered from."""

    def look(at: Subject) -> list[Finding]:
        found = check.detectors[kind](at)
        named = [finding._replace(check=check.id, aliases=check.aliases, url=check.url) for finding in found]
        return [_in_its_terms(check, finding, at) for finding in named] if kind == "log" else named

    every = look(subject)
    narrower = subject.without_recovered(every) if every else None
    if narrower is None:
        return every, []
    counting = look(narrower)
    told = {finding.message for finding in counting}
    return counting, [finding for finding in every if finding.message not in told and subject.is_recovered(finding)]


#: Areas of checks that are about the managers of Linux distributions themselves.
_LINUX_ALONE = frozenset({"apk", "apt", "pacman", "rpm"})


def _in_its_terms(check: Check, finding: Finding, log: Any) -> Finding:
    """Return *finding*, of a log, with fixes in the terms of the system whose packages the build takes."""
    if check.of_linux or check.area in _LINUX_ALONE or not finding.fixes:
        return finding
    system = log.elsewhere_at(max(map(log.position, finding.evidence), default=0))
    if not system:
        return finding
    from diagnose.remedies.in_terms_of_system import fitted

    return finding._replace(fixes=fitted(system, finding.fixes))


def _explained(
    standing: list[Finding], recovered: list[Finding], checks: Iterable[Check], subject: Subject
) -> tuple[list[Finding], list[Finding]]:
    """Return the findings that are causes, each with its consequences, and those that the build recovered from.

    One of the latter is still a cause if it led to a failure that counts.
    """
    checks = list(checks)
    phases = {check.id: check.phase.value for check in checks}
    leads_to = {check.id: check.leads_to for check in checks if check.leads_to is not None}
    roots = attach_consequences(sort_findings([*standing, *recovered], subject, phases), leads_to, subject)
    came_to_nothing = {finding._replace(consequences=()) for finding in recovered}

    def counts(root: Finding) -> bool:
        return any(one._replace(consequences=()) not in came_to_nothing for one in (root, *root.consequences))

    return [root for root in roots if counts(root)], [root for root in roots if not counts(root)]
