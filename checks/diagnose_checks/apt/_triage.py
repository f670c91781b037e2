"""Decides why apt cannot locate a package: one answer each, so that checks do not overlap."""

from __future__ import annotations

from diagnose.authoring.log import host
from diagnose.model._lazy_stdlib import TYPE_CHECKING, Enum, re
from diagnose.remedies.apt_sources import ARCHITECTURES
from diagnose.remedies.package_names import called_here, module_of
from diagnose.tables import distributions

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit


class AptReason(Enum):
    """The reason behind "Unable to locate package"."""

    OTHER = "another check's cause: 404, a release that has moved, a renamed package, a misspelt architecture"
    ARCHITECTURE = "no index of the package's architecture was fetched"
    LISTS = "the log shows no apt-get update, and Debian has a package of that name"
    NAME = "lists were fetched and do not contain the package; or Debian has no such name"


def reason(log: BuildLog, hit: Hit) -> AptReason:
    """Return why the package of *hit*, of the kind ``apt-unlocatable``, is not available."""
    arch, package = hit.groups["arch"], hit.groups["package"]
    foreign = arch if arch not in ("", host(log).debian, "all", "any") else ""
    misspelt = any(misnamed(name) for name in (arch, *(note.groups["arch"] for note in log.find("apt-no-arch"))))
    if dead_release(log) or misspelt or could_have(log, hit):
        return AptReason.OTHER
    if any(note.groups["package"] == package and renamed(log, note) for note in log.find("apt-virtual")):
        return AptReason.OTHER
    if foreign and foreign in unserved(log):
        return AptReason.OTHER
    indexes = log.find("apt-index")
    fetched = {index.groups["arch"] for index in indexes if index.groups["state"] in ("Get", "Hit")}
    if foreign and foreign not in fetched:
        return AptReason.ARCHITECTURE
    known = arch or log.host is not None or len(fetched - {"all"}) != 1  # else it is the only one that was fetched
    if fetched - {"all"} and not foreign and known and host(log).debian not in fetched:
        return AptReason.OTHER  # of the system's own packages nothing was fetched, for whatever reason
    if log.find("apt-unfetched") or any(index.groups["state"] == "Err" for index in indexes):
        return AptReason.OTHER
    updates = [note for note in log.find("apt-updated") if note.line < hit.line]
    cached = [note for note in updates if from_cache(log, note)]
    if len(updates) > len(cached) or (not cached and re.search("candidate|is referred", hit.text)):
        return AptReason.NAME
    asked = {other.groups["package"] for other in log.find("apt-unlocatable")}
    return AptReason.LISTS if any(map(_debians, asked)) else AptReason.NAME


def from_cache(log: BuildLog, note: Hit) -> bool:
    """Whether *note* is a step of a Dockerfile that was not run again, so that its lists are of an earlier day."""
    return bool(log.near(note.line, "step-from-cache", after=2))


def _debians(package: str) -> bool:
    """Whether Debian has this package in any release; of those that are not libraries, only common tools are known."""
    known = called_here(package, "debian")
    return (
        package in _TOOLS
        or package.startswith(("gcc-", "libc6-", "crossbuild-"))
        or (bool(module_of(package)) and known in ("", package))
    )


# fmt: off
_TOOLS = frozenset({
    "build-essential", "ca-certificates", "cargo", "clang", "cmake", "curl", "g++", "gcc", "git", "libclang-dev",
    "make", "ninja-build", "patchelf", "perl", "pkg-config", "pkgconf", "protobuf-compiler", "python3", "python3-dev",
    "python3-pip", "python3-venv", "qemu-user-static", "rustc", "sudo", "unzip", "wget", "musl-tools", "lld",
    "llvm", "mold",
})
# fmt: on


def renamed(log: BuildLog, note: Hit) -> list[Hit]:
    """Return the lines that name the package of *note*, of the kind ``apt-virtual``, under its 64-bit time name."""
    new = f"{note.groups['package']}t64"
    return [line for line in log.near(note.line, "t64-note", after=12) if line.groups["package"] == new]


def unserved(log: BuildLog) -> dict[str, list[Hit]]:
    """Return the architectures for which a server answers 404 while it has others, each with its lines."""
    if dead_release(log):
        return {}
    found: dict[str, list[Hit]] = {}
    for hit in _failures(log):
        arch = hit.groups["arch"]
        if arch in ARCHITECTURES and arch not in ("all", "any") and _may_lack(hit.groups["url"], arch, _suite(hit)):
            found.setdefault(arch, []).append(hit)
    return found


def _may_lack(url: str, arch: str, codename: str) -> bool:
    """Whether the server of *url* may lack *arch*; an unknown mirror of Ubuntu counts as its archive."""
    archive, ports = distributions.ubuntu_servers(codename)
    if "ports.ubuntu.com" in url or "/ubuntu-ports" in url:
        return arch in archive - ports
    if "debian.org" in url or "/debian" in url:
        return False
    return arch not in archive


def _failures(log: BuildLog) -> list[Hit]:
    """Return the lines that report a failed download of an architecture's index."""
    named = [hit for hit in log.find("apt-unfetched") if hit.groups["arch"]]
    told = [
        hit for hit in log.find("apt-index") if hit.groups["state"] == "Err" and log.near(hit.line, "apt-404", after=3)
    ]
    return [*told, *named]


def dead_release(log: BuildLog) -> list[Hit]:
    """Return the lines that show that a release has left its server: no Release file, or 404 for every architecture."""
    named = log.find("apt-no-release") or log.find("apt-release-404")
    hits = [hit for hit in named if not _misplaced(hit)]
    if hits:
        return hits
    failures = _failures(log)
    arches = {hit.groups["arch"] for hit in failures}
    had = {hit.groups["arch"] for hit in log.find("apt-index") if hit.groups["state"] in ("Get", "Hit")}
    gone = [hit for hit in failures if _suite(hit) in distributions.moved("debian") | distributions.moved("ubuntu")]
    return gone if len(arches - {"all"}) > 0 and not had and (len(arches) > 1 or gone) else []


def _suite(hit: Hit) -> str:
    suite = hit.groups["suite"] or hit.groups["url"].partition("/dists/")[2]
    return suite.partition("/")[0].partition("-")[0]


def misplaced(log: BuildLog) -> list[Hit]:
    """Return the lines that request the archive's path from the ports server."""
    return [hit for hit in log.find("apt-no-release") if _misplaced(hit)]


def _misplaced(hit: Hit) -> bool:
    """Whether the address combines the ports server with the archive's path."""
    url = hit.groups["url"]
    return "ports.ubuntu.com/ubuntu" in url.rstrip("/") and "ubuntu-ports" not in url


def is_foreign_dependency(hit: Hit, native: str) -> bool:
    """Whether an unmet dependency is between packages of a foreign architecture."""
    return bool({hit.groups["arch"], hit.groups["needs_arch"]} - {"", native, "any"})


#: Packages that every library depends on: if even these are not there, no index of the architecture is.
BASE = ("libc6", "libgcc-s1", "libgcc1", "libstdc++6")


def is_unlisted(hit: Hit) -> bool:
    """Whether apt knows no version of the package that is needed: then no configured component has it."""
    return "is not installable" in hit.groups["why"] and hit.groups["needs"] not in BASE


_COMMON = {
    "https",
    "http",
    "stable",
    "debian",
    "ubuntu",
    "linux",
    "download",
    "packages",
    "repos",
    "apt",
    "archive",
    "ports",
}


def could_have(log: BuildLog, missing: Hit) -> list[Hit]:
    """Return the notices about repositories whose address contains the name of the *missing* foreign package."""
    found = []
    for notice in log.find("apt-no-arch"):
        words = {word for word in re.split(r"[^a-z0-9]+", notice.groups["url"].lower()) if len(word) > 4} - _COMMON
        if missing.groups["arch"] == notice.groups["arch"] and words & set(missing.groups["package"].split("-")):
            found.append(notice)
    return found


def misnamed(arch: str) -> bool:
    """Whether *arch* is used as an architecture and Debian has no such architecture."""
    return bool(arch) and arch not in ARCHITECTURES and arch not in ("source", "musl-linux-amd64")
