"""Two entries of apt's sources name the same repository with different keys.

An installer, an image or an older instruction has added the repository already, with another ``signed-by`` or none. apt
then reads none of its sources.

How to fix: remove one of the two entries.

References:
    https://manpages.debian.org/sources.list.5
    https://wiki.debian.org/DebianRepository/UseThirdParty
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = blocks_later_installs
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "apt-two-entries",
        (
            "Conflicting values set for",
            r"^(?:E: |Error: )?Conflicting values set for option (?P<option>[\w-]{1,30}) regarding source "
            r"(?P<url>\S{1,300})(?: (?P<suite>\S{1,100}))?: ?(?P<one>\S{0,300}) != ?(?P<other>\S{0,300})",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See apt stop at two entries that contradict each other."""
    for hit in log.find("apt-two-entries")[:1]:
        said = hit.groups
        yield finding_from_hits(
            log,
            [hit],
            f"two of apt's entries for {said['url']} differ in {said['option']}: {said['one'] or 'none'} and "
            f"{said['other'] or 'none'}",
            "apt reads no source at all: apt-get update and install fail.",
            [
                Fix(
                    "find the two entries, and remove the older one",
                    (Command(f"grep -rn {quote(said['url'].rstrip('/'))} /etc/apt/", FixStage.PACKAGES),),
                    notes="NVIDIA's images bring cuda.list (and nvidia-ml.list) beside the one of cuda-keyring: rm "
                    "/etc/apt/sources.list.d/cuda.list before.",
                )
            ],
        )
