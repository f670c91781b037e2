"""Wheels are published that no step of the workflow installs or judges.

The build succeeds also where the wheel cannot be imported: a library is not found, a symbol is too new for the tag,
the module is for another processor. Whoever installs it from the index is then the first to try.

How to fix: let a step run ``diagnose wheel dist/*.whl`` (or auditwheel), and install and import the wheel in the
oldest system of its tag, before the job that publishes. ``diagnose workflow --generate`` writes such steps.

References:
    https://www.maturin.rs/distribution.html
    https://cibuildwheel.pypa.io/en/stable/options/#audit-command
"""

from __future__ import annotations

from diagnose.authoring.workflow import Seen, finding, grouped
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow import Workflow

CHECK = Check(since="0.1.0", phase=Phase.LATER, pedantic=True)


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See legs of maturin whose wheels are published, in a file without a script that tries one."""
    if workflow.tried:
        return
    legs = [leg for leg in workflow.legs if leg.published and leg.tool in ("maturin", "maturin-action")]
    seen = [Seen("", leg.spot, f"{leg.tool} builds a wheel that is published", leg) for leg in legs]
    for group in grouped(seen):
        yield finding(
            "wheels are published that no step installs or judges",
            Severity.NOTE,
            group,
            "The first to import them is a user.",
            [Fix("judge them before they are published", notes="`diagnose workflow --diff` adds `diagnose wheel`.")],
        )
