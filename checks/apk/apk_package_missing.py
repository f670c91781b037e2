"""Alpine has no package of this name.

``apk add`` was given a name that is in none of the repositories of this release: a name of another distribution
(``libssl-dev`` is ``openssl-dev`` here), one from a newer release, or one of a repository (community, testing) that is
not configured.

Mend it: the right name. ``apk add pc:NAME`` takes the library's pkg-config name instead.

References:
    https://pkgs.alpinelinux.org/contents
    https://wiki.alpinelinux.org/wiki/Alpine_Package_Keeper
"""

from __future__ import annotations

from checks._log import distinct, found
from checks._names import called_here
from checks._order import prepares
from diagnose.finding import Command, Finding, Fix, Phase, Stage
from diagnose.named import TYPE_CHECKING
from diagnose.phrase import wordings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

PHASE = Phase.START
leads_to = prepares
PHRASES = (
    *wordings(
        "apk-unknown",
        ("no such package", r"^\s*(?:ERROR: )?(?P<package>[\w.+:-]+) \(no such package\)"),
        ("(missing):", r"^\s*(?P<package>[\w.+:-]+) \(missing\):"),
    ),
    *wordings("apk-wanted-by", ("required by: ", r"required by: (?P<by>.+)$")),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See apk not know a name that was asked for."""
    for hit in distinct(log.find("apk-unknown"), "package"):
        package = hit.said["package"]
        wanted = log.near(hit.line, "apk-wanted-by", after=2)[:1]
        if ":" in package or (wanted and f"world[{package}]" not in wanted[0].said["by"].replace("~", "[")):
            continue
        yield found(
            log,
            [hit, *wanted],
            f"Alpine's repositories have no package {package}",
            "apk installs nothing of what was asked for.",
            _fixes(package),
        )


def _fixes(package: str) -> list[Fix]:
    known = called_here(package, "alpine")
    if known and known != package:
        return [Fix(f"its name here is {known}", (Command(f"apk add {known}", Stage.PACKAGES),))]
    return [Fix("look the name up", notes="`apk search pc:NAME` finds a library by its pkg-config name.")]
