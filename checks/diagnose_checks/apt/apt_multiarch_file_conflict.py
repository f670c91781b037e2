"""Two architectures of one package bring the same file with different contents.

Packages that are installed for two architectures at once share their files, which have to be the same byte for byte. Of
some packages they are not: those can be installed for one architecture only, whatever their metadata says.

How to fix: one architecture per image; or keep the other one apart, unpacked with ``dpkg -x`` into a folder of its own.

References:
    https://wiki.debian.org/Multiarch/Implementation#Known_issues
"""

from __future__ import annotations

from diagnose.authoring.causality import blocks_later_installs
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
            f"{package} cannot be installed beside its other architecture: {hit.groups['file']} differs",
            "dpkg stops, and apt with it.",
            [
                Fix("build each architecture in an image of its own"),
                Fix(
                    "unpack the foreign package without installing it",
                    notes=f"`apt-get download {package} && dpkg -x *.deb /opt/sysroot`; then point pkg-config there.",
                ),
            ],
        )
