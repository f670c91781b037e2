"""A wheel is built in an image that no one maintains.

The images manylinux1, manylinux2010, manylinux_2_24 and musllinux_1_1 get no updates: new releases of Python are
missing, their compilers are old, and the servers of their distributions move away.

How to fix: take the next image that your users' systems allow: manylinux2014 or manylinux_2_28; musllinux_1_2.

References:
    https://github.com/pypa/manylinux#docker-images
"""

from __future__ import annotations

from diagnose.authoring.workflow import Seen, finding, grouped
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow import Workflow

CHECK = Check(since="0.1.0", phase=Phase.START, pedantic=True)


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a leg in an image that the table marks as ended."""
    seen = [
        Seen((leg.place.name, leg.place.facts.end), leg.spot, f"{leg.tool} uses {leg.place.name}", leg)
        for leg in workflow.legs
        if leg.place.kind == "image" and leg.place.facts is not None and leg.place.facts.end
    ]
    for group in grouped(seen):
        name, end = group[0].key
        yield finding(
            f"the image {name} has not been maintained since {end}",
            Severity.NOTE,
            group,
            "New releases of Python are missing in it.",
            [Fix("build in manylinux2014, manylinux_2_28 or musllinux_1_2")],
        )
