"""A third party's repository does not have the foreign architecture.

``Skipping acquire of configured file … as repository … doesn't support architecture`` is a notice. apt goes on, and
what fails later fails for another reason. It only matters if the package that cannot be found lives in that very
repository.

How to fix: nothing; or, to be rid of the notice, ``arch=amd64`` in the entry of that repository.

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

CHECK = Check(since="0.1.0", phase=Phase.START)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a package that only that repository could have had go missing."""
    for missing in log.find("apt-unlocatable"):
        for notice in could_have(log, missing):
            yield finding_from_hits(
                log,
                [notice, missing],
                f"{notice.groups['url']} has nothing for {notice.groups['arch']}, so no {missing.groups['package']}",
                "apt cannot locate the package.",
                [Fix("take the package from elsewhere, or build it for that architecture")],
            )
            return
