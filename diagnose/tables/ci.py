"""Runners, images, and the choices of tools: ``runners.tsv``, ``ci_images.tsv``, and a table of each tool.

Each table names its sources and its date. Nothing here reads a clock: a date of end is a fact to print.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import NamedTuple, cache, re
from diagnose.tables import distributions

MATURIN_ACTION = "v1.51.0"
"""The release of maturin-action that ``maturin_action.tsv`` is made from."""


class Runner(NamedTuple):
    """One label of a hosted Linux runner."""

    label: str
    """``ubuntu-24.04`` …"""
    distribution: str
    """``ubuntu`` …"""
    version: str
    """``24.04`` …"""
    arch: str
    """As ``uname -m`` prints it."""
    end: str
    """The date announced for its removal (ISO 8601), or empty."""
    floats: bool
    """Whether the label moves to another release by itself."""

    @property
    def glibc(self) -> str:
        """The version of its glibc; empty if unknown."""
        return release_glibc(self.distribution, self.version)


class Image(NamedTuple):
    """What is known of a container image; texts are empty where a fact is unknown."""

    distribution: str
    """os-release's ``ID``."""
    version: str
    """os-release's ``VERSION_ID``."""
    managers: frozenset[str]
    """Commands of the package managers inside."""
    sudo: bool
    """Whether it has the program."""
    pkgconfig: bool
    """Whether it has the program pkg-config."""
    gcc: str
    """The version of its C compiler."""
    glibc: str
    """The version of its own glibc; empty on musl."""
    target: str
    """The glibc that a build links against; ``musl`` for musl."""
    cross: bool
    """Whether it builds for another system than its own."""
    end: str
    """When its maintenance ended (year and month), or empty."""

    @property
    def label(self) -> str:
        """The distribution in words: ``CentOS 7``."""
        known = distributions.distributions().get(self.distribution)
        return f"{known.name if known else self.distribution} {self.version}".rstrip()


_HOSTED = re.compile(
    r"(?:depot|blacksmith-\d+vcpu|ubicloud-standard-\d+|buildjet-\d+vcpu|namespace-profile)-ubuntu-"
    r"(?P<release>\d\d\.?04)(?P<arm>-arm(?:64)?)?(?:-\d+)?(?P<late>-arm(?:64)?)?"
)


def runner(label: str) -> Runner | None:
    """Return the Linux runner that *label* names: GitHub's own, or one of a known service; None for any other.

    Sources: the documentation of Depot, Blacksmith, Ubicloud and BuildJet (2026) on the forms of their labels.
    """
    known = runners().get(label)
    match = _HOSTED.fullmatch(label) if known is None else None
    if match is None:
        return known
    release = match["release"] if "." in match["release"] else f"{match['release'][:2]}.{match['release'][2:]}"
    arch = "aarch64" if match["arm"] or match["late"] else "x86_64"
    return Runner(label, "ubuntu", release, arch, "", False)


@cache
def runners() -> dict[str, Runner]:
    """Return every known label of a Linux runner."""
    return {
        row["label"]: Runner(
            row["label"], row["distribution"], row["version"], row["arch"], row["end"], bool(row["floats"])
        )
        for row in distributions.rows("runners.tsv")
    }


def release_glibc(distribution: str, version: str) -> str:
    """Return the glibc of a release, ``2.39``; empty if unknown."""
    for release in distributions.releases():
        if (release.id, release.version) == (distribution, version):
            return ".".join(map(str, release.glibc))
    return ""


@cache
def _images() -> list[tuple[str, Image]]:
    return [
        (
            row["pattern"],
            Image(
                row["distribution"],
                row["version"],
                frozenset(row["managers"].split()),
                bool(row["sudo"]),
                bool(row["pkgconfig"]),
                row["gcc"],
                row["glibc"],
                row["target"],
                bool(row["cross"]),
                row["end"],
            ),
        )
        for row in distributions.rows("ci_images.tsv")
    ]


@cache
def image(name: str) -> Image | None:
    """Return what is known of the image called *name*, with or without a digest; None if nothing is."""
    name = name.partition("@")[0].removeprefix("docker.io/")
    for pattern, known in _images():
        exact = not pattern.endswith("*")
        if name == pattern or (not exact and name.startswith(pattern[:-1])):
            return known
    return _official(name.removeprefix("library/"))


_MANAGERS = {"apt": ("apt", "apt-get"), "dnf": ("dnf", "yum"), "apk": ("apk",)}


def _official(name: str) -> Image | None:
    """Return what is known of an official image of a distribution (``debian:bookworm-slim``) by its name alone."""
    base, _, tag = name.partition(":")
    known = {"rockylinux": "rocky"}.get(base, base)
    row = distributions.distributions().get(known)
    if row is None or "/" in base or row.manager not in _MANAGERS or not tag or tag == "latest":
        return None
    version = tag.removesuffix("-slim")
    for release in distributions.releases():
        if release.id == known and version in (release.version, release.codename):
            version = release.version
    if not version[:1].isdigit():
        return None
    managers = ("yum",) if (known, version.partition(".")[0]) == ("centos", "7") else _MANAGERS[row.manager]
    glibc = release_glibc(known, version) or release_glibc("rhel" if row.family == "rhel" else known, version)
    target = "musl" if known == "alpine" else glibc
    return Image(known, version, frozenset(managers), False, False, "", glibc, target, False, "")


@cache
def maturin_images() -> dict[tuple[str, str, str], str]:
    """Return maturin-action's table: (runner's processor as Node names it, target, manylinux) → image."""
    with open(os.path.join(os.path.dirname(__file__), "maturin_action.tsv"), encoding="utf-8") as file:
        rows = [line.split("\t") for line in file.read().splitlines() if line[0] != "#"]
    return {(host, target, value): name for host, target, values, name in rows for value in values.split()}


CIBUILDWHEEL = "4.2.0"
"""The release by which the newest is judged."""
CIBUILDWHEEL_SHORT = frozenset(
    f"manylinux{one}" for one in ("1", "2010", "2014", "_2_24", "_2_28", "_2_31", "_2_34", "_2_35", "_2_39")
) | {"musllinux_1_1", "musllinux_1_2"}
"""The names that cibuildwheel completes to an image of pypa: ``resources/pinned_docker_images.cfg`` of v2.0 to v4.2."""


_REFUSED = frozenset({"manylinux1", "manylinux2010", "manylinux_2_24", "musllinux_1_1"})


def cibuildwheel_refuses(release: tuple[int, ...], name: str) -> bool:
    """Whether a release of cibuildwheel refuses the short *name* of an image: ``options.py`` of v3.0.0 and v4.2.0."""
    return release >= (3,) and name in _REFUSED


def cibuildwheel_builds(release: tuple[int, ...], python: str) -> bool:
    """Whether a release of cibuildwheel builds for *python* (``cp38``), or may: ``build-platforms.toml`` of each.

    Only interpreters that a later release gave up are known: v3.0.0 those before 3.8, v4.0.0 3.8 and ``cp313t``.
    """
    old = re.fullmatch(r"[cp]p3([5678])|cp313t", python)
    if old is None or release < (3,):
        return True
    return release < (4,) and old[1] not in ("5", "6", "7")


_RELEASE = re.compile(r"v?[0-9]{1,9}(\.[0-9]{1,9}){0,2}")  # the digits that int() reads, and not too many of them


def release_of(text: str) -> tuple[int, ...]:
    """Return the release that a tag like ``v2.21.3`` names; ``v3`` is the newest 3. Empty for any other text."""
    if not _RELEASE.fullmatch(text):
        return ()
    parts = text.removeprefix("v").split(".")
    return (*map(int, parts), *[9999] * (3 - len(parts)))


@cache
def _cibuildwheel_defaults() -> list[tuple[tuple[int, ...], str, str, str]]:
    rows = distributions.rows("cibuildwheel_images.tsv")
    return [(release_of(row["since"]), row["family"], row["arch"], row["image"]) for row in rows]


def cibuildwheel_image(release: tuple[int, ...], family: str, arch: str) -> str:
    """Return the image that a release of cibuildwheel uses by default; empty if it has none, or is older than 2.0."""
    found = ""
    for since, named, processor, image_name in _cibuildwheel_defaults():
        if (named, processor) == (family, arch) and since <= release:
            found = f"quay.io/pypa/{image_name}_{arch}" if image_name else ""
    return found
