"""Helpers for detectors of workflows: calls in hooks, and one finding for all legs with the same cause."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import Evidence, Finding, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from diagnose.readers.workflow.shell import Call
    from diagnose.readers.workflow.workflow_facts import Hook, Leg, Spot, Workflow

MANAGERS = frozenset({"yum", "dnf", "microdnf", "apt-get", "apt", "apk", "zypper", "pacman"})
_NOTHING = frozenset({"true", ":", "echo", "printf"})


_LIMIT = 8


class Seen(NamedTuple):
    """One place where a leg shows the cause. ``key`` groups places into findings."""

    key: Any
    spot: Spot
    detail: str
    leg: Leg


def hook_calls(workflow: Workflow) -> Iterator[tuple[Leg, Hook, Spot, Call]]:
    """Yield the commands that run for sure where a leg builds in a known image."""
    for leg in workflow.legs:
        for hook in leg.hooks:
            if hook.place.kind == "image" and hook.place.facts is not None:
                yield from ((leg, hook, spot, call) for spot, call in hook.calls if not call.guarded)


def is_masked(call: Call) -> bool:
    """Whether the failure of *call* is hidden (``|| true``)."""
    return bool(call.otherwise) and call.otherwise[0] in _NOTHING


def has_alternative(call: Call) -> bool:
    """Whether another command runs in place of *call* when it fails."""
    return bool(call.otherwise) and not is_masked(call)


def stops(hook: Hook, call: Call) -> bool:
    """Whether the failure of *call* ends the build."""
    if is_masked(call):
        return False
    return hook.strict or hook.calls[-1][1] == call


def installed(call: Call) -> tuple[str, ...]:
    """Return the packages that a call of a package manager installs; empty for any other call."""
    words = [word for word in call.command[1:] if not word.startswith("-")]
    if call.program not in MANAGERS or words[:1] not in (["install"], ["add"], ["-S"]):
        return ()
    return tuple(words[1:])


def grouped(seen: Iterable[Seen]) -> list[list[Seen]]:
    """Return the places by key, in their order."""
    found: dict[Any, list[Seen]] = {}
    for one in seen:
        found.setdefault(one.key, []).append(one)
    return list(found.values())


def about(leg: Leg) -> str:
    """Return in words what a leg builds, and where."""
    what = leg.target or "an unknown target"
    if leg.place.kind == "image":
        facts = leg.place.facts
        where = f" in {leg.place.name}" + (f" ({facts.label})" if facts else "")
    else:
        where = f" on {leg.label or 'an unknown runner'}"
    return f"job {leg.job} builds {what}{where}"


def finding(
    message: str, severity: Severity, seen: Sequence[Seen], consequence: str, fixes: Iterable[Fix] = ()
) -> Finding:
    """Return one finding for all places in *seen*: they first, then the legs, as evidence."""
    places = dict.fromkeys(Evidence(one.detail, str(one.spot)) for one in seen)
    legs = dict.fromkeys(Evidence(about(one.leg), str(one.leg.spot)) for one in seen)
    evidence = [*places, *legs]
    if len(evidence) > _LIMIT:
        rest = len(evidence) - _LIMIT + 1
        evidence[_LIMIT - 1 :] = [Evidence(f"and {rest} more places and legs", where="the workflow")]
    return Finding(message, severity, tuple(evidence), consequence, tuple(fixes))
