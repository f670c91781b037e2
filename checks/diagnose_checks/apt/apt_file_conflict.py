"""dpkg refuses a package that contains a file of another installed package.

The packages are rivals of different origin, such as Docker's and the distribution's, or a file has moved from one
package to another and only one of them is of the newer release.

How to fix: remove the other package, or bring both to one release.

References:
    https://www.debian.org/doc/debian-policy/ch-relationships.html#overwriting-files-and-replacing-packages-replaces
    https://manpages.debian.org/dpkg.1
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
    patterns=(
        *patterns_for(
            "dpkg-overwrites",
            (
                "which is also in package",
                r"trying to overwrite '(?P<file>[^']{1,300})', which is also in package (?P<owner>\S{1,100})",
            ),
        ),
        *patterns_for(
            "dpkg-archive",
            (
                "error processing archive",
                r"dpkg: error processing archive (?:\S{0,300}/)?(?:\d+-)?"
                r"(?P<package>[a-z0-9][a-z0-9.+-]{1,100})_\S{1,200}",
            ),
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See dpkg not overwrite a file."""
    for hit in log.find("dpkg-overwrites")[:1]:
        file, owner = hit.groups["file"], hit.groups["owner"].partition(":")[0]
        archives = log.near(hit.line, "dpkg-archive", before=2, after=0)
        package = archives[-1].groups["package"] if archives else "the package"
        yield finding_from_hits(
            log,
            [*archives[-1:], hit],
            f"{package} and {owner}, which is installed, both have {file}",
            "dpkg and apt stop.",
            [
                Fix(
                    f"remove {owner} first, if nothing else needs it",
                    (Command(f"apt-get remove -y {owner}", FixStage.PACKAGES),),
                    notes="Of rival repositories, one alone should be enabled.",
                ),
                Fix(
                    "bring both to one release",
                    (Command("apt-get -f install -y", FixStage.PACKAGES),),
                    notes=f"`apt-cache policy {owner}` shows where it comes from. A newer {owner} may no longer have "
                    "the file.",
                ),
            ]
            if owner not in _BASE
            else [
                Fix(
                    "take a release of the package that is for this distribution",
                    notes=f"{owner} cannot be removed, and its file must not be replaced. The package's project has to "
                    "know.",
                )
            ],
        )


#: Packages without which no program runs.
_BASE = frozenset({"libc6", "libc-bin", "base-files", "bash", "coreutils", "dpkg", "libgcc-s1", "perl-base"})
