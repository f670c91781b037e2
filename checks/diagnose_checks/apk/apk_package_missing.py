"""Alpine has no package of this name.

``apk add`` was given a name that is in none of the repositories of this release: a name of another distribution
(``libssl-dev`` is ``openssl-dev`` here), one from a newer release, or one of a repository (community, testing) that is
not configured.

How to fix: the right name. ``apk add pc:NAME`` takes the library's pkg-config name instead.

References:
    https://pkgs.alpinelinux.org/contents
    https://wiki.alpinelinux.org/wiki/Alpine_Package_Keeper
"""

from __future__ import annotations

import re

from diagnose.authoring.causality import blocks_later_installs
from diagnose.authoring.log import distinct, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, Phase, Stage
from diagnose.model.pattern import patterns_for
from diagnose.remedies.package_names import install_as_called

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = blocks_later_installs
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=(
        *patterns_for(
            "apk-unknown",
            ("no such package", r"^\s*(?:ERROR: )?(?P<package>[\w.+:-]+) \(no such package\)"),
            ("(missing):", r"^\s*(?P<package>[\w.+:-]+) \(missing\):"),
        ),
        *patterns_for("apk-wanted-by", ("required by: ", r"required by: (?P<by>.+)$")),
        *patterns_for(
            "apk-pinned", ("breaks: ", r"breaks: (?:world|\.\S+?)\[(?P<package>[\w.+-]+)(?P<wanted>[<>=~][^\]]*)\]")
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See apk not know a name that was asked for."""
    hits, packages = [], []
    for hit in distinct(log.find("apk-unknown"), "package"):
        package = hit.groups["package"]
        wanted = log.near(hit.line, "apk-wanted-by", after=2)[:1]
        if ":" not in package and (not wanted or _asked(package, wanted[0].groups["by"])):
            hits += [hit, *wanted]
            packages.append(package)
    if packages:
        yield finding_from_hits(
            log,
            hits,
            f"Alpine's repositories have no {', '.join(packages)}",
            "apk installs nothing of what was asked for.",
            _fixes(packages),
        )
    for hit in distinct(log.find("apk-pinned"), "package"):
        package, pin = hit.groups["package"], hit.groups["wanted"]
        yield finding_from_hits(
            log,
            [hit],
            f"Alpine's repositories have {package}, but not {pin.lstrip('=~<>')}: old versions leave them",
            "apk installs nothing of what was asked for.",
            [
                Fix("take the version that the release has", (Command(f"apk add {package}", Stage.PACKAGES),)),
                Fix("pin only its first numbers", notes=f"`apk add '{package}~=MAJOR.MINOR'` takes later patches."),
            ],
        )


def _asked(package: str, by: str) -> bool:
    """Whether the user asked for *package*, by name or in a group (``--virtual``), and not another package."""
    return bool(re.search(rf"(?:^|\s)(?:world|\.[\w.-]+)\[{re.escape(package)}[\]<>=~]", by))


def _fixes(packages: list[str]) -> list[Fix]:
    """Return what installs the right names, and how to look the others up."""
    fixes, others = install_as_called(packages, "alpine", "apk add")
    if others:
        look = f"look {', '.join(others)} up"
        fixes.append(Fix(look, notes="`apk search pc:NAME` finds a library by its pkg-config name."))
    return fixes
