"""The script of a package starts a service, and no service manager runs here.

A container has no systemd. Most packages notice that; the scripts of some fail, and with them apt-get.

How to fix: tell the scripts not to start anything, or install the package where systemd runs.

References:
    https://manpages.debian.org/invoke-rc.d.8
    https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt
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
            "service-not-started",
            ("ailed to connect to bus", r"^Failed to connect to bus: "),
            ("not been booted with", r"^System has not been booted with systemd"),
            (
                "invoke-rc.d: ",
                r"^invoke-rc\.d: (?:initscript|unit) (?P<service>[\w.@-]{1,80}), action \"\w{1,20}\" failed",
            ),
            ("Job for ", r"^Job for (?P<service>[\w.@-]{1,80}) failed because"),
        ),
        *patterns_for(
            "dpkg-script-failed",
            ("error processing package", r"^dpkg: error processing package (?P<package>\S{1,100}) \(--configure\):"),
        ),
    ),
)
_ABOVE = 30  # lines


def log(log: BuildLog) -> Iterator[Finding]:
    """See a package's script fail after it could not start its service."""
    for failed in log.find("dpkg-script-failed")[:1]:
        notes = log.near(failed.line, "service-not-started", before=_ABOVE, after=0)
        if not notes:
            return
        service = next((note.groups["service"] for note in notes if note.groups["service"]), "")
        absent = any("bus" in note.text or "systemd" in note.text for note in notes)
        yield finding_from_hits(
            log,
            [*notes, failed],
            f"the script of {failed.groups['package']} could not start {service or 'its service'}"
            f"{': no systemd runs here' if absent else ''}",
            "dpkg leaves the package half installed, and apt-get fails.",
            [
                Fix(
                    "let no script start a service",
                    (
                        Command("printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d", FixStage.PACKAGES),
                        Command("chmod +x /usr/sbin/policy-rc.d", FixStage.PACKAGES),
                    ),
                    notes="Before apt-get install, in an image. If the script calls systemctl itself, another release "
                    "of the package, or a machine with systemd, is needed.",
                ),
                Fix(
                    "on a machine with systemd: see why it does not start",
                    (Command(f"journalctl -xeu {service or failed.groups['package']}", FixStage.PACKAGES),),
                    notes="When it runs: dpkg --configure -a.",
                ),
            ],
        )
