"""Wheels for the index are built on a runner whose release changes by itself.

The tag of a wheel that is built on the runner itself follows from the runner's glibc. ``ubuntu-latest`` moves to
the next release by itself: it is Ubuntu 26.04 with glibc 2.43 when the roll-out of October and November 2026 is
done. The policies of maturin and auditwheel end at glibc 2.41: a wheel that picks up a newer symbol gets the tag
``linux_*``, which the index refuses; with an older one it still asks for a newer system than most users have.

How to fix: give maturin-action ``manylinux: 2_28`` (or ``2014``): it then builds in a container. Or build with
``--zig``, which links against an old glibc anywhere.

References:
    https://github.com/PyO3/maturin-action#inputs
    https://github.com/actions/runner-images/issues/14748
"""

from __future__ import annotations

from diagnose.authoring.workflow import Seen, finding, grouped
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity
from diagnose.model.targets import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow import Leg, Workflow

CHECK = Check(since="0.1.0", phase=Phase.AUDIT)


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a published wheel built on a runner with a floating label, outside a container and without zig."""
    seen = [
        Seen((leg.label, leg.tool), leg.spot, f"{leg.tool} builds on {leg.label} itself", leg)
        for leg in workflow.legs
        if _is_exposed(leg)
    ]
    for group in grouped(seen):
        runner = group[0].leg.runner
        if runner is not None:
            yield finding(
                f"published wheels are built on {runner.label} itself, now with glibc {runner.glibc}",
                Severity.WARNING,
                group,
                f"A symbol of glibc {runner.glibc} makes the tag linux_*, which the index refuses.",
                [Fix("build in a container", notes="maturin-action: `manylinux: 2_28`. Elsewhere: `--zig`.")],
            )


def _is_exposed(leg: Leg) -> bool:
    row = resolve(leg.target)
    return (
        leg.published
        and leg.runner is not None
        and leg.runner.floats
        and leg.place.kind == "host"
        and leg.tool in ("maturin", "maturin-action")
        and leg.tag.startswith("up to")
        and not leg.repaired
        and row is not None
        and row.wheel == leg.runner.arch
        and row.libc == "glibc"
    )
