"""A runtime library is called otherwise since the change to 64-bit time.

Debian 13 and Ubuntu 24.04 renamed the runtime packages of libraries whose interface contains a time: ``libasound2`` is
``libasound2t64`` there. The old name is a virtual package at best, which apt does not choose for you if several provide
it. The ``-dev`` packages kept their names.

Mend it: the new name; or, for building, the ``-dev`` package alone, which brings it.

References:
    https://wiki.debian.org/ReleaseGoals/64bit-time
    https://discourse.ubuntu.com/t/noble-numbat-release-notes/39890
"""

from __future__ import annotations

from checks._log import distinct, found
from checks._order import prepares
from checks.apt._unlocatable import renamed
from diagnose.finding import Command, Finding, Fix, Phase, Stage
from diagnose.light import TYPE_CHECKING
from diagnose.phrase import wordings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

PHASE = Phase.START
leads_to = prepares
PHRASES = wordings("t64-note", ("t64 ", r"^\s*(?P<package>lib[\w.+-]+t64)(?::\w+)? \d"))


def log(log: BuildLog) -> Iterator[Finding]:
    """See apt call a package virtual, and name its new form."""
    refused = {hit.said["package"]: hit for hit in log.find("apt-unlocatable")}
    for hit in distinct(log.find("apt-virtual"), "package"):
        old = hit.said["package"]
        new = f"{old}t64"
        providers = renamed(log, hit)
        if not providers or old not in refused:
            continue
        arch = f":{hit.said['arch']}" if hit.said["arch"] else ""
        yield found(
            log,
            [hit, *providers, refused[old]],
            f"{old} is called {new} in this release",
            "apt installs nothing of what was asked for.",
            [
                Fix(
                    "install it under its new name",
                    (
                        Command("apt-get update", Stage.UPDATE),
                        Command(f"apt-get install -y --no-install-recommends {new}{arch}", Stage.PACKAGES),
                    ),
                    safe=True,
                )
            ],
        )
