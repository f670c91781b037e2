"""Alpine's repositories are inconsistent: a package requires a library version that none of them has.

The package exists, but was built against a library (``so:libX.so.N``) of another release. That happens while ``edge``
is being rebuilt, or when repositories of a stable release and of ``edge`` are mixed.

How to fix: use repositories of one release only. On ``edge``, try again later.

References:
    https://wiki.alpinelinux.org/wiki/Repositories
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.START, log_kinds=("apk-unknown", "apk-wanted-by"))
leads_to = blocks_later_installs


def log(log: BuildLog) -> Iterator[Finding]:
    """See apk miss a library that a package, not the user, requires."""
    for hit in log.find("apk-unknown"):
        wanted = log.near(hit.line, "apk-wanted-by", after=2)[:1]
        if hit.groups["package"].startswith("so:") and wanted and "world[" not in wanted[0].groups["by"]:
            yield finding_from_hits(
                log,
                [hit, *wanted],
                f"{wanted[0].groups['by']} needs {hit.groups['package'].removeprefix('so:')}, which no repository has",
                "apk installs none of the requested packages.",
                [
                    Fix(
                        "use the repositories of one release",
                        notes="/etc/apk/repositories: all lines v3.N, or all edge. On edge, try again later.",
                    )
                ],
            )
            return
