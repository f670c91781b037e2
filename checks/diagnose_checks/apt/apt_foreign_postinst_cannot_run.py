"""The install script of a foreign package cannot run on this machine.

Development libraries have no install scripts, or harmless ones. A daemon, an interpreter or a tool runs its own program
while it is installed. For a foreign architecture that fails without an emulator, and the package stays half configured.

How to fix: install only ``-dev`` packages for the foreign architecture, with ``--no-install-recommends``, and tools for
the native architecture; or register an emulator.

References:
    https://wiki.debian.org/Multiarch/HOWTO
    https://www.debian.org/doc/debian-policy/ch-maintainerscripts.html
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits, host
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
        "postinst-failed",
        (
            "installation script subprocess",
            r"(?<![\w.+-])(?P<package>[\w.+-]+):(?P<arch>\w+) package (?:pre|post)-(?:installation|removal) "
            r"script subprocess returned "
            r"error exit status (?P<status>\d+)",
        ),
        ("error processing package", r"error processing package (?P<package>[\w.+-]+):(?P<arch>\w+) \(--configure\)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See dpkg report the script of a foreign package."""
    native = host(log).debian
    hits = [hit for hit in log.find("postinst-failed") if hit.groups["arch"] not in (native, "all", "")]
    scripts = [hit for hit in hits if hit.groups["status"]] or hits[:0]
    if scripts:
        package = f"{scripts[0].groups['package']}:{scripts[0].groups['arch']}"
        yield finding_from_hits(
            log,
            [*scripts, *hits],
            f"the install script of {package} runs a program for {scripts[0].groups['arch']}, which cannot run here",
            "The package stays half configured, and apt fails.",
            [
                Fix(
                    "install only development packages for the foreign architecture",
                    notes="Use --no-install-recommends. Install tools and interpreters for the native architecture.",
                ),
                Fix(
                    "register an emulator on the machine",
                    notes="docker run --privileged --rm tonistiigi/binfmt --install all",
                ),
            ],
        )
