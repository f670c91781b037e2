"""A script goes on when a package cannot be installed.

The status of a list of commands is that of its last one, unless ``set -e`` comes first. cibuildwheel's
``before-all`` and ``before-build`` with several lines, cross's ``pre-build`` with several commands and a ``RUN``
with semicolons are such lists. A package that is missing is then met much later, as a library that the build does
not find.

How to fix: begin the script with ``set -e``, or join the commands by ``&&``.

References:
    https://cibuildwheel.pypa.io/en/stable/options/#before-all
    https://github.com/cross-rs/cross/blob/main/docs/config_file.md
"""

from __future__ import annotations

from itertools import takewhile

from diagnose.authoring.workflow import Seen, finding, grouped, hook_calls, installed, once
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow import Workflow
    from diagnose.readers.workflow.workflow_facts import Hook

CHECK = Check(since="0.1.0", phase=Phase.PACKAGES)


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See an installation, not the last command of its list, in a shell that does not stop."""
    seen = []
    last_list = once(_last_list)
    for leg, hook, spot, call in hook_calls(workflow):
        facts = hook.place.facts
        if hook.strict or facts is None or not installed(call) or call.otherwise or call.program not in facts.managers:
            continue
        if call != hook.calls[-1][1] and id(call) not in last_list(hook):
            seen.append(Seen((hook.name, " ".join(call.words)[:80]), spot, f"{hook.name} calls {call.program}", leg))
    for group in grouped(seen):
        name, line = group[0].key
        yield finding(
            f"{name} goes on if `{line}` fails",
            Severity.NOTE,
            group,
            "The build then lacks the packages, and fails later.",
            [Fix("begin the script with set -e")],
        )


def _last_list(hook: Hook) -> set[int]:
    """Return which commands only such follow as need their success: ``install … && …`` is the last line."""
    line = hook.calls[-1][1].line
    return {id(call) for _, call in takewhile(lambda one: one[1].line == line, reversed(hook.calls))}
