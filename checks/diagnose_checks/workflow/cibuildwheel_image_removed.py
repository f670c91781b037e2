"""A workflow names an image that this release of cibuildwheel refuses.

cibuildwheel completes short names of images (``manylinux_2_28``). Release 3 took those whose maintenance has ended
out of its list: manylinux1, manylinux2010, manylinux_2_24 and musllinux_1_1. It stops before it builds anything,
also where the image is for another processor than the one that is built.

How to fix: take the next image that your users' systems allow: manylinux2014 or manylinux_2_28; musllinux_1_2.

References:
    https://cibuildwheel.pypa.io/en/stable/options/#linux-image
    https://github.com/pypa/cibuildwheel/blob/v4.2.0/cibuildwheel/options.py
"""

from __future__ import annotations

from diagnose.authoring.workflow import Seen, finding, grouped
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity
from diagnose.tables import ci

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow import Workflow

CHECK = Check(since="0.1.0", phase=Phase.START)


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See the short name of an image that the release refuses."""
    seen = []
    for leg in workflow.legs:
        name, spot = leg.inputs.get("image", ("", leg.spot))
        if leg.tool == "cibuildwheel" and ci.cibuildwheel_refuses(ci.release_of(leg.version), name):
            seen.append(Seen((name, leg.version), spot, f"the image is {name}", leg))
    for group in grouped(seen):
        name, version = group[0].key
        other = "musllinux_1_2" if name.startswith("musl") else "manylinux2014 or manylinux_2_28"
        yield finding(
            f"cibuildwheel {version} refuses the image {name}",
            Severity.ERROR,
            group,
            f"cibuildwheel stops: it does not support the image '{name}'.",
            [Fix(f"name {other}")],
        )
