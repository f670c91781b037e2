"""A script installs packages without ``-y``, where no one can answer.

yum and dnf ask before they install anything, apt before it installs more packages than it was given. In a container
without a terminal the answer is no: nothing is installed, and the command fails. GitHub's own runners are
configured to answer yes, so that the same line works there.

How to fix: add ``-y``.

References:
    https://dnf.readthedocs.io/en/latest/command_ref.html
    https://manpages.debian.org/stable/apt/apt-get.8.en.html
"""

from __future__ import annotations

from diagnose.authoring.workflow import Seen, finding, grouped, has_alternative, hook_calls, installed, once, stops
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow import Workflow
    from diagnose.readers.workflow.workflow_facts import Hook

CHECK = Check(since="0.1.0", phase=Phase.PACKAGES)
_YES = ("-y", "--yes", "--assumeyes", "--assume-yes", "-qq")


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See an installation in a container that would ask."""
    seen = []
    has_pipe = once(_has_pipe)
    for leg, hook, spot, call in hook_calls(workflow):
        facts = hook.place.facts
        if facts is None or call.program not in ("yum", "dnf", "apt", "apt-get") or call.program not in facts.managers:
            continue
        if not installed(call) or has_alternative(call) or _answers(call.command):
            continue
        if has_pipe(hook):  # something may answer
            continue
        asks = call.program in ("yum", "dnf")
        key = (call.program, asks and stops(hook, call), " ".join(call.command))
        seen.append(Seen(key, spot, f"{hook.name} calls {' '.join(call.words)[:80]}", leg))
    for group in grouped(seen):
        program, fatal, line = group[0].key
        name, _, rest = line.partition(" ")
        yield finding(
            f"{program} installs without -y in a container, where no one can answer",
            Severity.ERROR if fatal else Severity.WARNING,
            group,
            f"{program} asks whether to go on, takes no answer as no, and fails.",
            [Fix("add -y", (Command(f"{name} {rest.replace('install', 'install -y', 1)}", FixStage.PACKAGES),))],
        )


def _has_pipe(hook: Hook) -> bool:
    return any(call.piped for _, call in hook.calls)


def _answers(words: tuple[str, ...]) -> bool:
    short = [word for word in words if word.startswith("-") and not word.startswith("--")]
    return any(word.startswith(_YES) for word in words) or any("y" in word for word in short)
