"""The transition to 64-bit time renamed this runtime library.

Debian 13 and Ubuntu 24.04 renamed the runtime packages of libraries whose interface contains a time: ``libasound2``
became ``libasound2t64``. The old name is at most a virtual package, which apt does not resolve by itself if several
packages provide it. The ``-dev`` packages kept their names.

How to fix: use the new name. For building, install the ``-dev`` package alone, which depends on it.

References:
    https://wiki.debian.org/ReleaseGoals/64bit-time
    https://discourse.ubuntu.com/t/noble-numbat-release-notes/39890
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import distinct, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose_checks.apt._triage import renamed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = blocks_later_installs
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    log_kinds=("apt-virtual",),
    patterns=patterns_for("t64-note", ("t64 ", r"^\s*(?P<package>lib[\w.+-]+t64)(?::\w+)? \d")),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See apt report a virtual package and its new name."""
    refused = {hit.groups["package"]: hit for hit in log.find("apt-unlocatable")}
    for hit in distinct(log.find("apt-virtual"), "package"):
        old = hit.groups["package"]
        new = f"{old}t64"
        providers = renamed(log, hit)
        if not providers or old not in refused:
            continue
        arch = f":{hit.groups['arch']}" if hit.groups["arch"] else ""
        yield finding_from_hits(
            log,
            [hit, *providers, refused[old]],
            f"{old} is called {new} in this release",
            "apt installs none of the requested packages.",
            [
                Fix(
                    "install it under its new name",
                    (
                        Command("apt-get update", FixStage.UPDATE),
                        Command(f"apt-get install -y --no-install-recommends {new}{arch}", FixStage.PACKAGES),
                    ),
                    safe=True,
                )
            ],
        )
