"""A hook of cibuildwheel exports a variable for the build, which runs in another process.

``before-all`` and ``before-build`` are shells of their own. Variables that they export or ``source`` end with
them: the build, and the crate that reads the variable, do not see it. The build need not fail: the container may
have the library by other means, so this is a warning.

How to fix: set the variable in ``environment`` (``CIBW_ENVIRONMENT_LINUX``), which is for all steps in the container.

References:
    https://cibuildwheel.pypa.io/en/stable/options/#environment
    https://github.com/pypa/cibuildwheel/blob/v4.2.0/cibuildwheel/platforms/linux.py
"""

from __future__ import annotations

from diagnose.authoring.workflow import Seen, finding, grouped, image_calls, reader_of
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow import Workflow

CHECK = Check(since="0.1.0", phase=Phase.PROBE)


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a variable exported in a hook that a locked crate reads, and that ``environment`` does not set."""
    seen = []
    for leg in workflow.legs:
        if leg.tool != "cibuildwheel":
            continue
        environment = leg.inputs.get("environment", ("", leg.spot))[0]
        for hook, spot, call in image_calls(leg):
            for word in call.command[1:] if call.program == "export" and not call.guarded else ():
                name, equals, value = word.partition("=")
                crate = reader_of(leg, name) if equals else ""
                if crate and f"{name}=" not in environment:
                    seen.append(Seen((name, value, crate), spot, f"{hook.name} exports {name}", leg))
    for group in grouped(seen):
        name, value, crate = group[0].key
        yield finding(
            f"{name} is exported in a hook, and does not reach the build",
            Severity.WARNING,
            group,
            f"{crate} does not see it: every hook of cibuildwheel is a process of its own.",
            [Fix("set it in environment", notes=f"`CIBW_ENVIRONMENT_LINUX: {name}={value}`")],
        )
