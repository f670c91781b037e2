"""A script calls a package manager that this container does not have.

Wheel-building images are different distributions, and one workflow uses several: pypa images are CentOS 7 or AlmaLinux
(yum, dnf), for musl Alpine (apk); rust-cross and cross-rs images are Debian or Ubuntu (apt). maturin-action uses the
first for x86_64 and the second for most other architectures. pypa images and most others have no sudo: their user is
root.

How to fix: let the script use the manager that exists (``if command -v apt-get``), or write one script per image.

References:
    https://github.com/pypa/manylinux#docker-images
    https://github.com/rust-cross/manylinux-cross
    https://github.com/PyO3/maturin-action#using-before-script-linux
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import distinct, finding_from_hits
from diagnose.authoring.workflow import MANAGERS, Seen, finding, grouped, has_alternative, hook_calls, once, stops
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.workflow import Workflow
    from diagnose.readers.workflow.workflow_facts import Hook

leads_to = blocks_later_installs
_NAMES = "(?P<manager>yum|dnf|microdnf|apt-get|apt|apk|zypper|pacman|sudo)"
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "no-manager",
        ("not found", rf"(?:^|[\s:'\"`/]){_NAMES}['\"]?: (?:command )?not found"),
        ("executable file not found", rf"\"{_NAMES}\": executable file not found"),
        ("No such file or directory", rf"(?:^|[\s'\"`]|bin/){_NAMES}['\"]?: No such file or directory"),
    ),
)
_OTHER = {"apt": "apt-get install -y", "apk": "apk add", "dnf": "dnf install -y", "yum": "yum install -y"}


def log(log: BuildLog) -> Iterator[Finding]:
    """See the shell fail to find a package manager, or sudo."""
    for hit in distinct(log.find("no-manager"), "manager"):
        manager = hit.groups["manager"]
        distro = log.distro_at(hit.line)
        here = f" in this container, which is {distro.name}" if distro.name else " in this container"
        yield finding_from_hits(
            log,
            [hit],
            f"there is no {manager}{here}",
            "Nothing was installed: the build lacks those packages.",
            [_without_sudo() if manager == "sudo" else _other(distro.manager)],
        )


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a script call a package manager, or sudo, that the image of its leg does not have."""
    seen = []
    brings_sudo = once(_brings_sudo)
    for leg, hook, spot, call in hook_calls(workflow):
        facts = hook.place.facts
        if facts is None or has_alternative(call):
            continue
        missing = [name for name in (call.program,) if name in MANAGERS and name not in facts.managers]
        if call.sudo and not facts.sudo and not brings_sudo(hook):
            missing.insert(0, "sudo")
        for name in missing[:1]:
            key = (name, facts.label, stops(hook, call))
            seen.append(Seen(key, spot, f"{hook.name} calls {' '.join(call.words[:4])}", leg))
    for group in grouped(seen):
        facts = group[0].leg.place.facts
        if facts is None:
            continue
        name, _, fatal = group[0].key
        manager = next((one for one in ("apt-get", "dnf", "yum", "apk") if one in facts.managers), "")
        yield finding(
            f"there is no {name} in this container, which is {facts.label}",
            Severity.ERROR if fatal else Severity.WARNING,
            group,
            f"{name}: command not found: " + ("the build stops." if fatal else "nothing is installed, silently."),
            [_without_sudo() if name == "sudo" else _other(manager.removesuffix("-get"))],
        )


def _brings_sudo(hook: Hook) -> bool:
    return any("sudo" in call.command[1:] for _, call in hook.calls)


def _without_sudo() -> Fix:
    return Fix("remove sudo: the user of these images is already root")


def _other(manager: str) -> Fix:
    if manager in _OTHER:
        return Fix(f"call {manager} here", notes=f"`{_OTHER[manager]} …`, with that distribution's package names.")
    lines = (
        "if command -v apt-get; then apt-get update && apt-get install -y PACKAGES_OF_DEBIAN; "
        "elif command -v dnf; then dnf install -y PACKAGES_OF_FEDORA; "
        "elif command -v yum; then yum install -y PACKAGES_OF_FEDORA; else apk add PACKAGES_OF_ALPINE; fi"
    )
    return Fix(
        "use the manager that exists",
        (Command(lines, FixStage.PACKAGES),),
        notes="Replace the words in capitals with each distribution's package names.",
    )
