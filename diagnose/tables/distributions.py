"""Distributions and their releases: ``distributions.tsv`` and ``releases.tsv``, which name the sources of each fact."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, cache
from diagnose.model.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Iterator


class Distribution(NamedTuple):
    """One distribution."""

    id: str
    """``ID`` in os-release."""
    name: str
    family: str
    """``debian``, ``rhel``, ``alpine``, ``arch`` or ``suse``: whose package names it uses."""
    manager: str
    """Its package manager's command."""
    aliases: tuple[str, ...]
    """Names of its container images, and in logs."""


class Release(NamedTuple):
    """One release of a distribution; texts are empty and tuples are () where a fact is unknown."""

    id: str
    version: str
    codename: str
    label: str
    """How messages name it; empty if they do not."""
    glibc: tuple[int, ...]
    glibcxx: tuple[int, ...]
    """The highest ``GLIBCXX`` version of its libstdc++."""
    musl: tuple[int, ...]
    architectures: frozenset[str]
    """Debian's names of the architectures on its main server."""
    ports: frozenset[str]
    """Those on ports.ubuntu.com."""
    moved: bool
    """Whether its packages have left the mirrors for an archive server."""
    lacks: frozenset[str]
    """Tools that it lacks, or has in too old a version."""


def rows(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of the table file *name* beside this module: column → text, empty where the file has ``-``."""
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:
        lines = [line.split("\t") for line in file.read().splitlines() if line[0] != "#"]
    for cells in lines[1:]:
        yield {key: "" if cell == "-" else cell for key, cell in zip(lines[0], cells, strict=True)}


@cache
def distributions() -> dict[str, Distribution]:
    """Return every distribution by its id."""
    return {
        row["id"]: Distribution(row["id"], row["name"], row["family"], row["manager"], tuple(row["aliases"].split()))
        for row in rows("distributions.tsv")
    }


@cache
def releases() -> tuple[Release, ...]:
    """Return every release, in the order of the table: by distribution, then oldest first."""
    return tuple(
        Release(
            row["id"],
            row["version"],
            row["codename"],
            row["label"],
            version_key(row["glibc"]),
            version_key(row["glibcxx"]),
            version_key(row["musl"]),
            frozenset(row["architectures"].split()),
            frozenset(row["ports"].split()),
            bool(row["moved"]),
            frozenset(row["lacks"].split()),
        )
        for row in rows("releases.tsv")
    )


@cache
def by_codename() -> dict[str, Release]:
    """Return the releases that have a codename, by it."""
    return {release.codename: release for release in releases() if release.codename}


def lacks(codename: str, tool: str) -> bool:
    """Whether the release called *codename* is known to lack *tool* (see the header of ``releases.tsv``)."""
    release = by_codename().get(codename)
    return release is not None and tool in release.lacks


def moved(distribution: str) -> frozenset[str]:
    """Return the codenames of the *distribution*'s releases that have left the mirrors for an archive server."""
    return frozenset(release.codename for release in releases() if release.id == distribution and release.moved)


def ubuntu_servers(codename: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the architectures on archive.ubuntu.com and on ports.ubuntu.com of the release called *codename*.

    For an unknown release: those of the newest one, and all that the archive ever had.
    """
    release = by_codename().get(codename)
    if release is not None and release.id == "ubuntu":
        return release.architectures, release.ports
    known = [one for one in releases() if one.id == "ubuntu"]
    return frozenset().union(*(one.architectures for one in known)), known[-1].ports


#: Debian architectures with ``gcc-<triplet>`` and ``libc6-dev-<arch>-cross``; packages.debian.org.
CROSS_COMPILERS = frozenset(
    {
        "amd64",
        "arm64",
        "armel",
        "armhf",
        "i386",
        "loong64",
        "mips64el",
        "mipsel",
        "ppc64",
        "ppc64el",
        "riscv64",
        "s390x",
    }
)

#: Suites that have left the servers while their release is still there. Source: debian-backports-announce; November
#: 2026.
GONE_SUITES = frozenset({"bullseye-backports", "bullseye-backports-sloppy"})
