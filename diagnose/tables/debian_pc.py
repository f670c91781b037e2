"""Which package of Debian's archive ships a ``.pc`` file: the table ``debian-pc.txt``, looked up without parsing it."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import NamedTuple, cache
from diagnose.tables import distributions

TABLE = os.path.join(os.path.dirname(__file__), "debian-pc.txt")
SUITES = ("bullseye", "bookworm", "trixie")

# Ubuntu's development packages carry the names of the Debian release that it was taken from. 26.04 and 26.10 were taken
# from newer ones than the table has.
_SUITES = {
    "focal": "bullseye",
    "jammy": "bookworm",
    **dict.fromkeys(("noble", "oracular", "plucky", "questing", "resolute", "stonking"), "trixie"),
}
# Where several packages ship the same module, the one that people mean; alphabetically the first otherwise.
_MEANT = (
    "libcurl4-openssl-dev",
    "libhiredis-dev",
    "libjack-jackd2-dev",
    "libkrb5-dev",
    "libopenmpi-dev",
    "libsdl2-dev",
    "libsrt-openssl-dev",
)
# Modules whose file update-alternatives links into the searched folder, and the package that brings one of them
# (postinst of libopenblas-pthread-dev 0.3.21, libblas-dev and liblapack-dev 3.11).
_ALTERNATIVES = {"openblas": "libopenblas-dev", "blas": "libblas-dev", "lapack": "liblapack-dev"}
# Ubuntu's names where they differ from Debian's.
_UBUNTU = {"libjpeg62-turbo-dev": "libjpeg-turbo8-dev"}
_FOLDERS = {"m": "/usr/lib/@/pkgconfig", "s": "/usr/share/pkgconfig", "l": "/usr/lib/pkgconfig"}


@cache
def releases_versions() -> dict[str, dict[str, str]]:
    """Return {package: {codename: version}} of the packages in ``debian_versions.tsv``."""
    return {row.pop("package"): row for row in distributions.rows("debian_versions.tsv")}


class Provider(NamedTuple):
    """A package that ships a module, and the folder of its ``.pc`` file with the multiarch name written ``@``."""

    package: str
    folder: str

    @property
    def searched(self) -> bool:
        """Whether pkg-config looks there by itself."""
        return self.folder in _FOLDERS.values()


def providers(module: str, codename: str = "") -> list[Provider]:
    """Return the packages that ship *module* in the release *codename* (Debian's or Ubuntu's), the likeliest first.

    An unknown release is taken for the newest one. Empty where Debian has no such file.
    """
    suite = _SUITES.get(codename, codename)
    key = b"\n" + module.encode() + b"\t"
    table = _table()
    rows: list[tuple[bool, bool, bool, str, str]] = []
    start = table.find(key)
    while start >= 0:
        end = table.index(b"\n", start + 1)
        _, package, folder, *suites = table[start + 1 : end].decode().split("\t")
        known = suites[0].split(",") if suites else [suite, SUITES[-1]]
        if suite in known or (suite not in SUITES and SUITES[-1] in known):
            package = _UBUNTU.get(package, package) if codename in _SUITES else package
            rows.append((folder not in _FOLDERS, package not in _MEANT, folder == "l", package, folder))
        start = table.find(key, end)
    linked = [Provider(_ALTERNATIVES[module], _FOLDERS["m"])] if module in _ALTERNATIVES else []
    return list(dict.fromkeys([*linked, *(Provider(row[3], _FOLDERS.get(row[4], row[4])) for row in sorted(rows))]))


@cache
def names(codename: str = "") -> tuple[str, ...]:
    """Return the names of all modules that the release *codename* has; those of all releases if it is unknown."""
    suite = _SUITES.get(codename, codename)
    rows = (line.split("\t") for line in _table().decode().splitlines() if not line.startswith("#"))
    return tuple(row[0] for row in rows if len(row) < 4 or suite not in SUITES or suite in row[3].split(","))


def releases(module: str) -> list[str]:
    """Return the releases of Debian that have *module*, oldest first."""
    return [suite for suite in SUITES if providers(module, suite)]


def modules(package: str) -> list[str]:
    """Return the modules that Debian's *package* brings, in any of its releases."""
    return _by_package().get(package, [])


@cache
def _by_package() -> dict[str, list[str]]:
    """Return the modules of every package: a log names packages by the thousand, and a search takes 0.2 ms for each."""
    found: dict[str, list[str]] = {}
    for line in _table().decode().splitlines():
        if not line.startswith("#"):
            module, package, _ = line.split("\t", 2)
            found.setdefault(package, []).append(module)
    return found


@cache
def _table() -> bytes:
    with open(TABLE, "rb") as file:
        return file.read()
