"""Orders findings by time, and distinguishes root causes from their consequences.

In a log one failure causes the next. The module of a check may determine the failures that its cause leads to, in a
function ``leads_to(finding, other, log) -> bool``; those findings become its consequences. In a subject without an
order in time, every finding is a root cause.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from diagnose.model.check import LeadsTo
    from diagnose.model.finding import Finding
    from diagnose.model.subject import Subject


def attach_consequences(
    findings: Sequence[Finding], leads_to: Mapping[str, LeadsTo], subject: Subject
) -> list[Finding]:
    """Return the root causes among *findings*, each with the findings that follow from it as its consequences.

    *leads_to* maps the id of each check with such a function to that function. A finding that several checks lead to
    belongs to the first of them; a cycle begins with its first finding.
    """
    if not findings or subject.position(findings[0].evidence[0]) is None:
        return list(findings)
    parents: dict[int, int] = {}
    for child, other in enumerate(findings):
        for parent, finding in enumerate(findings):
            follows = leads_to.get(finding.check)
            if follows is None or parent == child:
                continue
            if follows(finding, other, subject) and _root_cause(parents, parent) != child:
                parents[child] = parent
                break
    followers: dict[int, list[Finding]] = {}
    for child in parents:
        followers.setdefault(_root_cause(parents, child), []).append(findings[child])
    return [
        finding._replace(consequences=tuple(followers.get(number, ())))
        for number, finding in enumerate(findings)
        if number not in parents
    ]


def _root_cause(parents: Mapping[int, int], number: int) -> int:
    while number in parents:
        number = parents[number]
    return number


def sort_findings(findings: Iterable[Finding], subject: Subject, phases: Mapping[str, int]) -> list[Finding]:
    """Return *findings*, the worst first, equal ones in the order of a build.

    In a subject with an order in time that is its own order; in others the order of the *phases*, given by check id.
    """

    def key(finding: Finding) -> tuple[int, int, int, str]:
        time = min(subject.position(item) or 0 for item in finding.evidence)
        return finding.severity.rank, time, phases[finding.check], finding.check

    return sorted(findings, key=key)  # stable: findings of one check keep their order
