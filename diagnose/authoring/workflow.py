"""Helpers for detectors of workflows: calls in hooks, and one finding for all legs with the same cause."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import Evidence, Finding, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, TypeVar

    from diagnose.readers.workflow.shell import Call
    from diagnose.readers.workflow.workflow_facts import Hook, Leg, Spot, Workflow

    _Subject = TypeVar("_Subject")
    _Answer = TypeVar("_Answer")

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


def once(question: Callable[[_Subject], _Answer]) -> Callable[[_Subject], _Answer]:
    """Return *question*, about a leg or a hook, asked once while commands of the same one follow each other."""
    last: list[Any] = [None, None]

    def asked(subject: _Subject) -> _Answer:
        if last[0] is not subject:
            last[:] = subject, question(subject)
        answer: _Answer = last[1]
        return answer

    return asked


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


def image_calls(leg: Leg) -> list[tuple[Hook, Spot, Call]]:
    """Return all commands that may run in the leg's image, those in branches too, in their order."""
    return [(hook, spot, call) for hook in leg.hooks if hook.place.kind == "image" for spot, call in hook.calls]


def needed(leg: Leg) -> dict[str, str]:
    """Return {pkg-config module: the crate that needs it} of the leg's project: only what the build needs for sure.

    Empty where arguments choose other features than the default ones.
    """
    chosen = any(word.startswith(("--features", "--no-default", "-F", "--all-f")) for word in leg.words)
    if leg.project is None or chosen:
        return {}
    return {need.module: need.crate for need in leg.project.needs if not need.optional}


def mentions(leg: Leg, *parts: str) -> bool:
    """Whether a script in the image, an option or a variable has one of *parts*, in whatever case."""
    words = [word for _, _, call in image_calls(leg) for word in call.words]
    words += [leg.inputs.get("docker-options", ("", leg.spot))[0], *(setting.name for setting in leg.settings)]
    return any(part.lower() in word.lower() for part in parts for word in words)


_PKG_CONFIG = ("PKG_CONFIG", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "PKG_CONFIG_SYSROOT_DIR", "PKG_CONFIG_ALLOW_CROSS")
_OPENSSL = ("OPENSSL_DIR", "OPENSSL_LIB_DIR", "OPENSSL_INCLUDE_DIR", "OPENSSL_STATIC", "OPENSSL_NO_VENDOR")


def reader_of(leg: Leg, name: str) -> str:
    """Return the crate of the leg's build that reads the variable *name*; empty if it is not known to be read."""
    project = leg.project
    if project is None:
        return ""
    if name in _OPENSSL:
        return "openssl-sys" if project.crate("openssl-sys") is not None else ""
    asks = any(not need.optional for need in project.needs) and project.crate("pkg-config") is not None
    return "pkg-config" if name in _PKG_CONFIG and asks else ""


def is_read(leg: Leg) -> bool:
    """Whether all scripts that run in the leg's image were followed."""
    return not any(hook.unread for hook in leg.hooks if hook.place.kind == "image")
