"""Which of several findings came first: one is the cause, others only happened because of it.

In a log one failure brings about the next. A cause's module may say what it brings about, in a function
``leads_to(finding, other, log) -> bool``; the findings that it leads to become the consequences of its own. In subjects
without an order of time, every finding stands for itself.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    LeadsTo = Callable[[Finding, Finding, Any], bool]


def attach_consequences(findings: Sequence[Finding], leads_to: Mapping[str, LeadsTo], facts: Any) -> list[Finding]:
    """Return those of *findings* that nothing else explains, each with those that it explains as its consequences.

    *leads_to* holds the functions of the causes that have one, by id. A finding that several lead to belongs to the
    first of them; what leads to each other in a circle begins with the first.
    """
    if not hasattr(facts, "position"):
        return list(findings)
    parents: dict[int, int] = {}
    for child, other in enumerate(findings):
        for parent, finding in enumerate(findings):
            says = leads_to.get(finding.check)
            if says and parent != child and says(finding, other, facts) and _root_cause(parents, parent) != child:
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


def sort_findings(findings: Iterable[Finding], facts: Any, phases: Mapping[str, int]) -> list[Finding]:
    """Return *findings* with the worst first, among equals what a build meets first.

    That is what stands first in a subject that has an order of its own (``facts.position(evidence)``), and in others
    what belongs to an earlier of the *phases*, given by the cause's id.
    """
    position = getattr(facts, "position", None)

    def key(found: Finding) -> tuple[int, int, int, str]:
        line = min(position(item) for item in found.evidence) if position else 0
        return found.severity.rank, line, phases[found.check], found.check

    return sorted(findings, key=key)  # those of one cause stay in the order in which it met them
