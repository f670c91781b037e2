"""What a pkg-config module is called where it is installed from (``modules.txt``), and crates that bring it."""

from __future__ import annotations

import os

from diagnose.light import NamedTuple, cache

_COLUMNS = ("rhel", "alpine", "arch", "suse")


@cache
def rows() -> dict[str, tuple[str, ...]]:
    """Return the table: module, and its packages by column."""
    with open(os.path.join(os.path.dirname(__file__), "modules.txt"), encoding="utf-8") as file:
        rows = (line.split() for line in file if not line.startswith("#"))
        return {row[0]: tuple(row[1:]) for row in rows}


def package(module: str, family: str) -> str:
    """Return the package that brings *module* in the distributions of *family*, or nothing where that is not known."""
    if family not in _COLUMNS or module not in rows():
        return ""
    name = rows()[module][_COLUMNS.index(family)]
    return "" if name == "-" else name


class Vendored(NamedTuple):
    """A crate that can bring the library itself: building it from source needs no package of the target's."""

    crate: str
    feature: str


#: Crates that can build the library of a module from source, with the feature that says so (their Cargo.toml).
VENDORED: dict[str, tuple[Vendored, ...]] = {
    "bzip2": (Vendored("bzip2-sys", "static"),),
    "dbus-1": (Vendored("libdbus-sys", "vendored"),),
    "fontconfig": (Vendored("yeslogic-fontconfig-sys", "dlopen"),),
    "freetype2": (Vendored("freetype-sys", "bundled"),),
    "libcurl": (Vendored("curl-sys", "static-curl"),),
    "libgit2": (Vendored("libgit2-sys", "vendored"),),
    "liblzma": (Vendored("liblzma-sys", "static"), Vendored("lzma-sys", "static")),
    "libpq": (Vendored("pq-sys", "bundled"),),
    "libusb-1.0": (Vendored("libusb1-sys", "vendored"),),
    "openssl": (Vendored("openssl-sys", "vendored"),),
    "sdl2": (Vendored("sdl2-sys", "bundled"),),
    "sqlite3": (Vendored("libsqlite3-sys", "bundled"),),
    "zlib": (Vendored("libz-sys", "static"),),
}
