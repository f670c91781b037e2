"""Variables that scripts hand to later steps through ``$GITHUB_ENV``.

Source: GitHub's documentation, "Workflow commands", setting an environment variable.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.readers.workflow import scripts
from diagnose.readers.workflow.workflow_facts import Spot, StepVariable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from diagnose.readers.workflow.jobs import Step

_FILE = re.compile(r"GITHUB_ENV\b|github\.env\b")
_NAME = re.compile(r"\b(?P<name>[A-Za-z_]\w*)=")


def variables(steps: Sequence[Step]) -> Iterator[StepVariable]:
    """Yield the variables that the scripts of *steps* export; the value is None, or ``sure`` false, where unknown."""
    for step in steps:
        run = step.node.text("run")
        if run is None or not _FILE.search(run.text):
            continue
        lines = run.text.splitlines()
        plain: set[str] = set()
        for call in scripts.walked(run.text):
            text = lines[call.line] if call.line < len(lines) else ""
            words = [word for word in call.command[1:] if word not in ("-e", "-n")]
            if call.program != "echo" or len(words) != 1 or not _FILE.search(text):
                continue
            name, equals, value = words[0].partition("=")
            if equals and name.isidentifier():
                plain.add(name)
                known = None if set(value) & set("$`") or step.maybe or call.guarded else value
                spot = Spot(step.path, run.line_of(call.line), 0 if run.block else run.column)
                yield StepVariable(name, known, spot, not (step.maybe or call.guarded))
        for match in _NAME.finditer(run.text):
            if match["name"] not in plain:
                plain.add(match["name"])
                yield StepVariable(match["name"], None, step.spot, False)
