"""Two architectures of one package ship the same file with different contents.

Packages installed for two architectures share their files, which must be identical. Some packages break that rule: they
can be installed for one architecture only, whatever their metadata claims.

How to fix: use one architecture per image, or unpack the foreign package with ``dpkg -x`` into a separate folder.

References:
    https://wiki.debian.org/Multiarch/Implementation#Known_issues
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = blocks_later_installs
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "file-conflict",
        (
            "trying to overwrite shared",
            r"overwrite shared '(?P<file>[^']+)', which is different from other instances of package (?P<package>\S+)",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See dpkg refuse the second architecture."""
    for hit in log.find("file-conflict")[:1]:
        package = hit.groups["package"]
        yield finding_from_hits(
            log,
            [hit],
            f"{package} cannot be installed for two architectures: {hit.groups['file']} differs",
            "dpkg and apt stop.",
            [
                Fix("build each architecture in a separate image"),
                Fix(
                    "unpack the foreign package without installing it",
                    notes=f"`apt-get download {package} && dpkg -x *.deb /opt/sysroot`; then point pkg-config there.",
                ),
            ],
        )
