"""A script of maturin-action names files below ``/io``, which its container does not have.

The examples of pypa/manylinux mount the project as ``/io``. maturin-action mounts the workspace at its own path, so
that both sides see the same names.

How to fix: write paths relative to the repository; the script and the build start in the working directory.

References:
    https://github.com/PyO3/maturin-action/blob/v1.51.0/src/index.ts
    https://github.com/pypa/manylinux
"""

from __future__ import annotations

from diagnose.authoring.workflow import Seen, finding, grouped, hook_calls, once
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow import Leg, Workflow

CHECK = Check(since="0.1.0", phase=Phase.START)
_PATH = r"(?:^|[=\s:])(?P<path>/io(?:/[^\s:]*)?)$"  # compiled when it is used: modules of checks load no re


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a path below ``/io`` in the arguments or the script of a leg in a container without such a folder."""
    seen = []
    made = once(_made)
    for leg in workflow.legs:
        if leg.tool != "maturin-action" or leg.place.kind != "image" or made(leg):
            continue
        spot = leg.inputs.get("args", ("", leg.spot))[1]
        seen += [
            Seen(match["path"], spot, f"args hold {word}", leg)
            for word in leg.words
            if (match := re.search(_PATH, word))
        ]
    for leg, hook, spot, call in hook_calls(workflow):
        if leg.tool == "maturin-action" and hook.name == "before-script-linux" and not made(leg):
            found = (match for word in call.words[1:] if (match := re.search(_PATH, word)))
            seen += [
                Seen(match["path"], spot, f"{hook.name} calls {' '.join(call.words)[:80]}", leg) for match in found
            ]
    for group in grouped(seen):
        path = group[0].key
        yield finding(
            f"{path} does not exist in maturin-action's container",
            Severity.ERROR,
            group,
            f"{path}: No such file or directory",
            [Fix("write the path relative to the repository", notes="The workspace has its own path there.")],
        )


def _made(leg: Leg) -> bool:
    """Whether an option mounts the folder, or a script makes it."""
    words = [
        word for hook in leg.hooks for _, call in hook.calls if call.program in ("ln", "mkdir") for word in call.words
    ]
    return any("/io" in text for text in (leg.inputs.get("docker-options", ("", leg.spot))[0], *words))
