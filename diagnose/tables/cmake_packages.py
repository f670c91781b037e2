"""What brings a package that CMake looks for: the table ``cmake_packages.txt``."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import cache

_FAMILIES = ("debian", "rhel", "alpine", "arch", "suse")


@cache
def _rows() -> dict[str, tuple[str, ...]]:
    with open(os.path.join(os.path.dirname(__file__), "cmake_packages.txt"), encoding="utf-8") as file:
        rows = (line.rstrip("\n").split("\t") for line in file if not line.startswith("#"))
        return {row[0].lower(): tuple(row[1:]) for row in rows}


def names() -> tuple[str, ...]:
    """Return all names of packages, in lower case."""
    return tuple(_rows())


def module(name: str) -> str:
    """Return the pkg-config module of CMake's package *name*; empty if unknown, or if it has none."""
    row = _rows().get(name.lower(), ())
    return row[1] if row[:1] == ("module",) else ""


def packages(name: str, family: str) -> tuple[str, ...]:
    """Return the packages that bring CMake's package *name* in the distributions of *family*, where no module does."""
    row = _rows().get(name.lower(), ())
    if len(row) != len(_FAMILIES) or family not in _FAMILIES:
        return ()
    listed = row[_FAMILIES.index(family)]
    return () if listed == "-" else tuple(listed.split())
