"""A build with cross is in an image whose content changes without notice.

The images ``:main`` and ``:edge`` of cross-rs are built from its development branch. In 2026 they moved from Ubuntu
20.04 to 24.04, and with that the glibc that programs of the build need, and the names of packages.

How to fix: name the image of a release, or of a digest.

References:
    https://github.com/cross-rs/cross/blob/main/docs/config_file.md
    https://github.com/cross-rs/cross/wiki/Configuration
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
    """See an image of cross-rs with a tag of the development branch."""
    seen = []
    for leg in workflow.legs:
        name, spot = leg.inputs.get("image", ("", leg.spot))
        tag = name.rpartition(":")[2]
        if leg.tool == "cross" and name.startswith("ghcr.io/cross-rs/") and tag in ("main", "edge", "latest"):
            seen.append(Seen(name, spot, f"the image is {name}", leg))
    for group in grouped(seen):
        name = group[0].key
        yield finding(
            f"the image {name} changes without notice",
            Severity.NOTE,
            group,
            "What is installed, and the glibc of the build, may be other ones tomorrow.",
            [Fix("name the image of a release", notes=f"`{name.rpartition(':')[0]}:0.2.5`, or a digest.")],
        )
