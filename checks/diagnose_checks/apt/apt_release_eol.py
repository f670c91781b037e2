"""The release has left its mirrors: its package sources answer 404.

Debian moves a release to archive.debian.org after its support has ended; Ubuntu moves interim releases to
old-releases.ubuntu.com. ``apt-get update`` then reports that the repository "does not have a Release file", for every
architecture.

How to fix: use a newer image. To keep this one, use the archive's address, whose Release files have expired.

References:
    https://www.debian.org/distrib/archive
    https://wiki.ubuntu.com/Releases
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.environment import if_installing
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, FileEdit, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.apt_sources import moves, serving
from diagnose.remedies.fix import fix
from diagnose.tables import distributions
from diagnose_checks.apt._triage import dead_release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment
    from diagnose.readers.system.apt import AptSource

CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    log_kinds=("apt-no-release", "apt-release-404", "apt-index", "apt-unfetched"),
    patterns=patterns_for(
        "release-expired",
        ("is expired", r"Release file for (?P<url>\S+?)(?:/dists/(?P<suite>[\w./-]+?)/(?:In)?Release)? is expired"),
    )
    + patterns_for("apt-suite", ("Release", r"^(?:Get|Hit):?\d*:? (?P<url>\S+) (?P<suite>\S+) (?:In)?Release\b")),
    env_facts=("apt.sources.asks_gone_suite",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See the entries of a release, or of one suite of it, that has left their servers."""
    if env.apt is None:
        return
    yield from _one_suite(env)
    gone = [source for source in env.apt.sources if source.enabled and moves(source)]
    if not gone:
        return
    suites = ", ".join(dict.fromkeys(suite for source in gone for suite in source.suites))
    yield Finding(
        message=f"{suites} is no longer on the servers in apt's sources",
        severity=if_installing(env),
        evidence=tuple(Evidence(f"{' '.join(source.uris)} {' '.join(source.suites)}", source.where) for source in gone),
        consequence='apt-get update fails: the repository "does not have a Release file"; nothing can be installed.',
        fixes=(
            fix(
                env,
                "use the archive server, which receives no updates",
                commands=(Command("apt-get update", FixStage.UPDATE),),
                files=serving(env),
                notes="A newer image is better.",
            ),
        ),
    )


def _one_suite(env: Environment) -> Iterator[Finding]:
    """See suites that have left the servers, while the release itself is still there."""
    assert env.apt is not None
    gone = [
        (source, suite)
        for source in env.apt.sources
        for suite in source.suites
        if source.enabled and suite in distributions.GONE_SUITES and not moves(source)
        if not any("archive.debian.org" in uri for uri in source.uris)
    ]
    if not gone:
        return
    names = ", ".join(dict.fromkeys(suite for _, suite in gone))
    yield Finding(
        message=f"{names} is no longer on the servers; the release itself still is",
        severity=if_installing(env),
        evidence=tuple(Evidence(f"{' '.join(source.uris)} {suite}", source.where) for source, suite in gone),
        consequence=f'apt-get update fails: the repository "{names} Release" does not have a Release file.',
        fixes=(
            fix(
                env,
                f"remove {names} from apt's sources",
                commands=(Command("apt-get update", FixStage.UPDATE),),
                files=tuple(_without(env, [source for source, _ in gone])),
            ),
        ),
    )


def _without(env: Environment, gone: list[AptSource]) -> Iterator[FileEdit]:
    """Yield the edits that leave the suites of *gone* out: an entry's other suites stay."""
    assert env.apt is not None
    for file in env.apt.files:
        lines = list(file.lines)
        for source in (source for source in gone if source.path == file.path):
            kept = [suite for suite in source.suites if suite not in distributions.GONE_SUITES]
            for number in range(source.line - 1, source.end):
                line = lines[number]
                if source.style == "list" or not kept:
                    lines[number] = f"# {line}"
                elif line.lower().startswith("suites:"):
                    lines[number] = f"Suites: {' '.join(kept)}\n"
        after = "".join(lines)
        if after != file.text:
            yield FileEdit(file.path, file.text, after)


def log(log: BuildLog) -> Iterator[Finding]:
    """See apt miss the Release file, or every index, of a release that has left the servers."""
    expired = log.find("release-expired")
    if expired:
        suite = expired[0].groups["suite"]
        yield finding_from_hits(
            log,
            expired,
            f"the Release file of {suite or expired[0].groups['url']} has expired: it is no longer updated",
            "apt-get update fails; nothing can be installed.",
            (
                Fix(
                    "accept the expired Release file",
                    (Command("apt-get -o Acquire::Check-Valid-Until=false update", FixStage.UPDATE),),
                    notes="Correct for archive.debian.org and snapshots. Otherwise use another mirror.",
                ),
                Fix("use an image of a release that is still served"),
            ),
        )
        return
    hits = dead_release(log)
    if hits and (alive := _base_answers(log, hits)):
        suite = hits[0].groups["suite"]
        yield finding_from_hits(
            log,
            [*alive[:1], *hits],
            f"only {suite} is gone from the server; {suite.partition('-')[0]} itself is still there",
            "apt-get update fails because of this one entry.",
            (
                Fix(
                    f"remove the entry of {suite}, and keep the others",
                    (
                        Command(_REMOVE.replace("SUITE", suite), FixStage.SOURCES),
                        Command("apt-get update", FixStage.UPDATE),
                    ),
                    notes=f"What comes from {suite} alone is at archive.debian.org.",
                ),
            ),
        )
        return
    if hits and all(map(_third_party, hits)):
        url, suite = hits[0].groups["url"], hits[0].groups["suite"]
        yield finding_from_hits(
            log,
            hits,
            f"{url} has no packages for {suite}: the repository does not support that release, or has moved",
            "apt-get update fails; nothing can be installed.",
            (
                Fix(
                    "remove its entry, or correct the release in it",
                    notes=f"`grep -rl {_host(url)} /etc/apt` names the file. The repository's page lists the releases "
                    "that it supports.",
                ),
            ),
        )
        return
    if hits:
        suite = hits[0].groups["suite"] or log.distro_at(hits[0].line).codename
        yield finding_from_hits(
            log,
            hits,
            f"{suite or 'the release'} is no longer on the server in apt's sources",
            "apt-get update fails; nothing can be installed.",
            (_archive(suite), Fix("use an image of a release that is still served")),
        )


leads_to = blocks_later_installs

#: Removes SUITE from one-line entries, and from the Suites of .sources files.
_REMOVE = (
    "find /etc/apt -name '*.list' -o -name '*.sources' | "
    "xargs sed -i -E '/^deb.*[[:space:]]SUITE([[:space:]/]|$)/d; /^Suites:/s/[[:space:]]SUITE([[:space:]]|$)/\\1/'"
)


def _base_answers(log: BuildLog, hits: list[Hit]) -> list[Hit]:
    """Return the lines in which the server has the release that the missing suite belongs to."""
    gone = {hit.groups["suite"] for hit in hits}
    bases = {suite.partition("-")[0] for suite in gone if "-" in suite}
    if len(gone) != 1 or not bases:
        return []
    return [hit for hit in log.find("apt-suite") if hit.groups["suite"] in bases]


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def _third_party(hit: Hit) -> bool:
    """Whether *hit* is of a repository beside the distribution's, for a release that the distribution still serves."""
    suite = hit.groups["suite"].partition("-")[0].partition("/")[0]
    if not suite or suite in distributions.moved("debian") | distributions.moved("ubuntu"):
        return False
    host = _host(hit.groups["url"])
    ppa = host.startswith(("ppa.", "download.", "apt.", "packages."))
    return ppa or "launchpad" in host


def _archive(suite: str) -> Fix:
    name = suite.partition("-")[0].partition("/")[0]
    if name in distributions.moved("ubuntu"):
        edit = "s,//(archive|security|[a-z]{2}\\.archive)\\.ubuntu\\.com,//old-releases.ubuntu.com,"
    else:
        edit = "s,//(deb|security|httpredir)\\.debian\\.org,//archive.debian.org,"
    command = f"sed -i -E '{edit}' /etc/apt/sources.list"
    return Fix(
        "use the archive server, which receives no updates",
        (
            Command(command, FixStage.SOURCES),
            Command("sed -i -E '/-updates|-backports/d' /etc/apt/sources.list", FixStage.SOURCES),
            Command("apt-get -o Acquire::Check-Valid-Until=false update", FixStage.UPDATE),
        ),
    )
