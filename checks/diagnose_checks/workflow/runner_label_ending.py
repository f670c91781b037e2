"""A job runs on a runner whose label will be removed.

GitHub removes the images of old releases at a date that it announces months before; in the weeks before it, jobs
fail for some hours. From that date a job with the label waits until it is cancelled. The date is that of the table
of runners; whether it has passed is not judged.

How to fix: name the next release (``ubuntu-24.04``), and build in a container, so that the tag of the wheel does
not depend on the runner.

References:
    https://github.com/actions/runner-images#available-images
    https://github.com/actions/runner-images/issues/14254
"""

from __future__ import annotations

from diagnose.authoring.workflow import Seen, finding, grouped
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow import Workflow

CHECK = Check(since="0.1.0", phase=Phase.START)


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See the label of a runner that the table marks as ending."""
    seen = [
        Seen((leg.label, leg.runner.end), leg.label_spot, f"runs-on {leg.label}", leg)
        for leg in workflow.legs
        if leg.runner is not None and leg.runner.end
    ]
    for group in grouped(seen):
        runner = group[0].leg.runner
        if runner is not None:
            suffix = "-arm" if runner.label.endswith("-arm") else ""
            yield finding(
                f"the runner {runner.label} is removed on {runner.end}",
                Severity.WARNING,
                group,
                f"From {runner.end} the job finds no runner.",
                [Fix(f"run on ubuntu-24.04{suffix}", notes="Its glibc is newer: build the wheel in a container.")],
            )
