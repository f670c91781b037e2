"""maturin-action's ``docker-options`` hold a variable of the shell, which stays literal text.

The action splits the text into words and hands them to ``docker run`` without a shell. ``-v $HOME/x:/x`` is then a
volume with an illegal name, and ``-e KEY=$VALUE`` gives the container the text ``$VALUE``.

How to fix: use an expression (``${{ env.NAME }}``, ``${{ github.workspace }}``), or ``-e NAME`` without a value,
which passes the runner's own.

References:
    https://github.com/PyO3/maturin-action#inputs
    https://docs.docker.com/reference/cli/docker/container/run/#env
"""

from __future__ import annotations

from diagnose.authoring.workflow import Seen, finding, grouped
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow import Workflow

CHECK = Check(since="0.1.0", phase=Phase.START)
_NAME = r"\$\{?[A-Za-z_]\w*\}?"
_BEFORE = 300  # characters before a name that can show a volume


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a dollar sign before a name in the options of a leg that builds in a container."""
    seen = []
    for leg in workflow.legs:
        text, spot = leg.inputs.get("docker-options", ("", leg.spot))
        name = re.search(_NAME, text)
        near = text[max(0, name.start() - _BEFORE) : name.end()] if name else ""
        match = re.search(rf"(?P<volume>(?:-v|--volume)[= ]+)?(?P<rest>[^\s$]*)(?P<name>{_NAME})", near)
        if match and leg.tool == "maturin-action" and leg.place.kind == "image":
            volume = match["volume"] is not None and not match["rest"]
            seen.append(Seen((match["name"], volume), spot, f"docker-options: {' '.join(text.split())[:80]}", leg))
    for group in grouped(seen):
        name, volume = group[0].key
        yield finding(
            f"docker-options hold {name}, which no shell expands",
            Severity.ERROR,
            group,
            f"docker: invalid volume name {name}." if volume else f"The container gets the text {name}.",
            [Fix("use an expression instead", notes="`${{ env.NAME }}` or `${{ github.workspace }}`; or `-e NAME`.")],
        )
