"""A third-party repository does not have the foreign architecture.

``Skipping acquire of configured file … as repository … doesn't support architecture`` is a notice: apt goes on, and
later errors have other causes. It only matters if the missing package comes from that repository.

How to fix: nothing to do. To silence the notice, add ``arch=amd64`` to that repository's entry.

References:
    https://wiki.debian.org/Multiarch/HOWTO
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose_checks.apt._triage import could_have

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.START, log_kinds=("apt-unlocatable",))


def log(log: BuildLog) -> Iterator[Finding]:
    """See a missing package that only that repository could have."""
    for missing in log.find("apt-unlocatable"):
        for notice in could_have(log, missing):
            yield finding_from_hits(
                log,
                [notice, missing],
                f"{notice.groups['url']} has nothing for {notice.groups['arch']}, so no {missing.groups['package']}",
                "apt cannot locate the package.",
                [Fix("install the package from another source, or build it for that architecture")],
            )
            return
