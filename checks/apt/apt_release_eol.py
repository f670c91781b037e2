"""The release has left its mirrors: its package sources answer 404.

Debian moves a release to archive.debian.org when its support has ended, Ubuntu moves one that is no long-term release
to old-releases.ubuntu.com. ``apt-get update`` then says that the repository "does not have a Release file", for every
architecture alike.

Mend it: a newer image. Where it has to be this one, the archive's address, whose Release files have expired.

References:
    https://www.debian.org/distrib/archive
    https://wiki.ubuntu.com/Releases
"""

from __future__ import annotations

from checks._env import if_installing
from checks._fixes import fix
from checks._log import found
from checks._order import prepares
from checks.apt._indexes import dead_release
from checks.apt._sources import moves, serving
from checks.data import distributions
from diagnose.finding import Command, Evidence, Finding, Fix, Phase, Stage
from diagnose.light import TYPE_CHECKING
from diagnose.phrase import wordings
from diagnose.readers.env import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

PHASE = Phase.PACKAGES
PHRASES = wordings(
    "release-expired",
    ("is expired", r"Release file for (?P<url>\S+?)(?:/dists/(?P<suite>[\w./-]+?)/(?:In)?Release)? is expired"),
)


def env(env: Environment) -> Iterator[Finding]:
    """See which entries name a release that is not there any more."""
    if env.apt is None:
        return
    gone = [source for source in env.apt.sources if source.enabled and moves(source)]
    if not gone:
        return
    suites = ", ".join(dict.fromkeys(suite for source in gone for suite in source.suites))
    yield Finding(
        message=f"{suites} has left the servers that apt's sources name",
        severity=if_installing(env),
        evidence=tuple(Evidence(f"{' '.join(source.uris)} {' '.join(source.suites)}", source.where) for source in gone),
        consequence='apt-get update fails: the repository "does not have a Release file"; nothing can be installed.',
        fixes=(
            fix(
                env,
                "take the packages from the archive, which gets no updates",
                commands=(Command("apt-get update", Stage.UPDATE),),
                files=serving(env),
                notes="A newer image is the better answer.",
            ),
        ),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See apt miss the Release file itself, or every index, of a release that has left the servers."""
    expired = log.find("release-expired")
    if expired:
        suite = expired[0].said["suite"]
        yield found(
            log,
            expired,
            f"the Release file of {suite or expired[0].said['url']} has expired: nobody updates it any more",
            "apt-get update fails; nothing can be installed.",
            (
                Fix(
                    "let apt take it all the same",
                    (Command("apt-get -o Acquire::Check-Valid-Until=false update", Stage.UPDATE),),
                    notes="Right for archive.debian.org and snapshots. Else take another mirror.",
                ),
                Fix("use an image of a release that is still served"),
            ),
        )
        return
    hits = dead_release(log)
    if hits:
        suite = hits[0].said["suite"] or log.distro_at(hits[0].line).codename
        yield found(
            log,
            hits,
            f"{suite or 'the release'} is not on the server that apt's sources name",
            "apt-get update fails; nothing can be installed.",
            (_archive(suite), Fix("use an image of a release that is still served")),
        )


leads_to = prepares


def _archive(suite: str) -> Fix:
    name = suite.partition("-")[0].partition("/")[0]
    if name in distributions.UBUNTU_OLD:
        edit = "s,//(archive|security|[a-z]{2}\\.archive)\\.ubuntu\\.com,//old-releases.ubuntu.com,"
    else:
        edit = "s,//(deb|security|httpredir)\\.debian\\.org,//archive.debian.org,"
    command = f"sed -i -E '{edit}' /etc/apt/sources.list"
    return Fix(
        "take the packages from the archive, which gets no updates",
        (
            Command(command, Stage.SOURCES),
            Command("sed -i -E '/-updates|-backports/d' /etc/apt/sources.list", Stage.SOURCES),
            Command("apt-get -o Acquire::Check-Valid-Until=false update", Stage.UPDATE),
        ),
    )
