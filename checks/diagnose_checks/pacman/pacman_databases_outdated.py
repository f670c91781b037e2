"""pacman's databases are older than the mirror: they name files that no longer exist.

Arch keeps only the newest version of each package. A database that was fetched before the last update names files that
the mirrors have removed, and every download ends with 404. Images and layers of a Dockerfile hold such databases.

How to fix: fetch the databases and update the system in one command, ``pacman -Syu``. Fetching alone, ``-Sy``, and then
installing mixes versions, which Arch does not support.

References:
    https://wiki.archlinux.org/title/System_maintenance#Partial_upgrades_are_unsupported
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
        "pacman-gone",
        (
            "failed retrieving file",
            r"error: failed retrieving file '(?P<file>[^']{1,200})' from \S{1,200} : The requested URL returned error: "
            r"404",
        ),
        ("failed to install missing dep", r"ERROR: 'pacman' failed to install missing dependencies"),
    )
    + patterns_for("pacman-not-found", ("target not found: ", r"^error: target not found: ")),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the files of packages answered by 404, or makepkg not get what it needs."""
    hits = log.find("pacman-gone")
    if not hits or log.find("pacman-not-found"):
        return
    yield finding_from_hits(
        log,
        hits,
        "pacman's databases are older than the mirrors, which no longer have these files"
        if any(hit.groups["file"] for hit in hits)
        else "pacman did not get the packages that the build needs, most likely with old databases",
        "Nothing is installed.",
        (
            Fix(
                "fetch the databases, and update the system with them",
                (Command("pacman -Syu --noconfirm", FixStage.UPDATE),),
                notes="Then install again. In a Dockerfile, in the same RUN. If fresh databases do not help: another "
                "mirror in /etc/pacman.d/mirrorlist.",
            ),
        ),
    )
