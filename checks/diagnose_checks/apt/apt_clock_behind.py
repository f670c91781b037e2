"""The clock is behind the repository: its Release file is "not valid yet".

Release files carry the time when they were made. Where the machine's clock is behind that (a virtual machine that
slept, a board without a battery, a container whose engine is too old for its C library), apt refuses them.

How to fix: set the clock. In a container it is the host's.

References:
    https://manpages.debian.org/stable/apt/apt.conf.5.en.html
    https://wiki.debian.org/DebianRepository/Format
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = blocks_later_installs
CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    patterns=patterns_for(
        "release-in-future",
        (
            "is not valid yet",
            r"^(?:E|Error): Release file for (?P<url>\S{1,300}) is not valid yet \(invalid for another "
            r"(?P<span>[^)]{1,60})\)",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See apt refuse a Release file of the future."""
    for hit in log.find("release-in-future")[:1]:
        yield finding_from_hits(
            log,
            log.find("release-in-future"),
            f"the clock of this machine is {hit.groups['span']} or more behind the repository",
            "apt-get update fails; nothing can be installed.",
            (
                Fix(
                    "set the clock of the machine that runs it",
                    notes="`date` shows it. timedatectl set-ntp true; WSL: wsl --shutdown; Docker Desktop: restart it "
                    "after the "
                    "computer slept.",
                ),
                Fix(
                    "if it cannot be set: leave the look at the date out",
                    (Command("apt-get -o Acquire::Check-Date=false update", FixStage.UPDATE),),
                ),
            ),
        )
