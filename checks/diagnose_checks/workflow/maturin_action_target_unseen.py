"""maturin-action does not see ``--target=TRIPLE`` in its arguments, and takes an image for another processor.

The action reads its input ``target``, or the word after ``--target``. Written with an equals sign, the target is
only part of a word: the action chooses the image of the runner's own processor, does not install the target's
standard library, and cargo builds for the other one there.

How to fix: give the target in the action's input ``target``.

References:
    https://github.com/PyO3/maturin-action#inputs
    https://github.com/PyO3/maturin-action/blob/v1.51.0/src/index.ts
"""

from __future__ import annotations

from diagnose.authoring.workflow import Seen, finding, grouped
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity
from diagnose.model.targets import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow import Workflow

CHECK = Check(since="0.1.0", phase=Phase.RUST)


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a target after an equals sign, another than that of the image."""
    seen = []
    for leg in workflow.legs:
        named = next((word[9:] for word in leg.words if word.startswith("--target=")), "")
        row = resolve(named)
        if leg.tool == "maturin-action" and leg.place.kind == "image" and row and row.triple != leg.target:
            seen.append(Seen((row.triple, leg.target), leg.inputs["args"][1], f"args hold --target={named}", leg))
    for group in grouped(seen):
        triple, built = group[0].key
        yield finding(
            f"maturin-action does not see --target={triple}, and takes the image for {built}",
            Severity.ERROR,
            group,
            "error[E0463]: can't find crate for `core`: the target's standard library is not installed.",
            [Fix(f"set the action's input: `target: {triple}`", notes="Take it out of args.")],
        )
