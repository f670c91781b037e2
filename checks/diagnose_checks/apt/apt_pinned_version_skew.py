"""A package requires an exact version of its companion, and apt selected another one.

A development package depends on the identical version of its runtime library. If the runtime library is pinned, held or
installed from another source (a security update, a third-party repository, a newer release), apt cannot satisfy both.

How to fix: install both in the same version: upgrade the older one, or request the runtime library's version
explicitly.

References:
    https://manpages.debian.org/apt_preferences
    https://www.debian.org/doc/debian-policy/ch-relationships.html
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits, host
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose_checks.apt._triage import is_foreign_dependency

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.START, log_kinds=("apt-unmet",))
leads_to = blocks_later_installs


def log(log: BuildLog) -> Iterator[Finding]:
    """See apt select another version than required, without a foreign architecture."""
    native = host(log).debian
    hits = [
        hit
        for hit in log.find("apt-unmet")
        if not is_foreign_dependency(hit, native)
        and hit.groups["version"].startswith("=")
        and "to be installed" in hit.groups["why"]
    ]
    if hits:
        said = hits[0].groups
        yield finding_from_hits(
            log,
            hits,
            f"{said['package']} requires {said['needs']} {said['version'].lstrip('= ')}, but apt selects another",
            "apt installs none of the requested packages.",
            [
                Fix(
                    "install both in the archive's version",
                    (
                        Command("apt-get update", FixStage.UPDATE),
                        Command(
                            f"apt-get install -y --allow-downgrades {said['needs']} {said['package']}",
                            FixStage.PACKAGES,
                        ),
                    ),
                    notes=f"`apt-cache policy {said['needs']}` shows where the other version comes from.",
                ),
                *_security(said["version"]),
            ],
        )


#: Debian's release number in a version of its updates → its codename.
_UPDATES = {"10": "buster", "11": "bullseye", "12": "bookworm", "13": "trixie"}


def _security(version: str) -> tuple[Fix, ...]:
    """Return the fix for a *version* that is an update of a Debian release, as its -security repository has them."""
    update = re.search(r"[+~]deb(\d\d)u\d", version)
    codename = _UPDATES.get(update[1], "") if update else ""
    if not codename:
        return ()
    return (
        Fix(
            f"name {codename}-security in the sources, too, and fetch the lists again",
            notes=f"{version.lstrip('= ')} is an update of Debian {codename}: the release's own repository has it only "
            f"after the next point release. Its line: deb MIRROR/debian-security {codename}-security main. A pin, or "
            "an image with old lists in a cached layer, hides it as well.",
        ),
    )
