"""What apt could not fetch: an architecture that a server does not have, or a release that has left it."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.remedies.apt_sources import ARCHITECTURES
from diagnose.tables import distributions

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit


def unserved(log: BuildLog) -> dict[str, list[Hit]]:
    """Return the architectures that a server answers 404 for while it has others, each with the lines."""
    if dead_release(log):
        return {}
    found: dict[str, list[Hit]] = {}
    for hit in _failures(log):
        arch = hit.groups["arch"]
        if arch in ARCHITECTURES and arch not in ("all", "any") and _may_lack(hit.groups["url"], arch):
            found.setdefault(arch, []).append(hit)
    return found


def _may_lack(url: str, arch: str) -> bool:
    """Whether the server of *url* is one that has no *arch*; an unknown mirror of Ubuntu is taken for its archive."""
    if "ports.ubuntu.com" in url or "/ubuntu-ports" in url:
        return arch in distributions.UBUNTU_ARCHIVE
    if "debian.org" in url or "/debian" in url:
        return False
    return arch not in distributions.UBUNTU_ARCHIVE


def _failures(log: BuildLog) -> list[Hit]:
    """Return the lines in which the index of an architecture could not be had."""
    named = [hit for hit in log.find("apt-unfetched") if hit.groups["arch"]]
    told = [
        hit for hit in log.find("apt-index") if hit.groups["state"] == "Err" and log.near(hit.line, "apt-404", after=3)
    ]
    return [*told, *named]


def dead_release(log: BuildLog) -> list[Hit]:
    """Return the lines that say that a release is gone: no Release file, or 404 for every architecture and ``all``."""
    hits = [hit for hit in log.find("apt-no-release") if not _misplaced(hit)]
    if hits:
        return hits
    failures = _failures(log)
    arches = {hit.groups["arch"] for hit in failures}
    had = {hit.groups["arch"] for hit in log.find("apt-index") if hit.groups["state"] in ("Get", "Hit")}
    gone = [hit for hit in failures if _suite(hit) in distributions.DEBIAN_ARCHIVED | distributions.UBUNTU_OLD]
    return gone if len(arches - {"all"}) > 0 and not had and (len(arches) > 1 or gone) else []


def _suite(hit: Hit) -> str:
    suite = hit.groups["suite"] or hit.groups["url"].partition("/dists/")[2]
    return suite.partition("/")[0].partition("-")[0]


def misplaced(log: BuildLog) -> list[Hit]:
    """Return the lines in which the ports server is asked under the archive's path."""
    return [hit for hit in log.find("apt-no-release") if _misplaced(hit)]


def _misplaced(hit: Hit) -> bool:
    """Whether the address cannot hold Ubuntu's release at all: the ports server under the archive's path."""
    url = hit.groups["url"]
    return "ports.ubuntu.com/ubuntu" in url.rstrip("/") and "ubuntu-ports" not in url
