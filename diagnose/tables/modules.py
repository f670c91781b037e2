"""What a pkg-config module is called where it is installed from (``modules.txt``), and crates that bring it."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import NamedTuple, cache

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
    """A crate that needs no package of the library for the target, with the feature that says so.

    ``needs`` is another module that it then needs in its turn, ``tools`` what its build takes beside a C compiler.
    ``loaded`` says that nothing is built: the library is opened at run time, and has to be there then.
    """

    crate: str
    feature: str
    needs: str = ""
    tools: str = ""
    loaded: bool = False


#: Crates that can do without the packages of a module, by their Cargo.toml and build.rs: bzip2-sys 0.1.13, curl-sys
#: 0.4.91 (``ssl``, which takes openssl-sys, is a default), freetype-sys 0.23.0 (libz-sys builds zlib where there is
#: none), libdbus-sys 0.2.7, libgit2-sys 0.18.8 (``https`` and ``ssh``, which take openssl-sys, are not defaults),
#: liblzma-sys 0.4.9, libsqlite3-sys 0.40.0, libusb1-sys 0.7.0 (takes libudev where it is), libz-sys 1.1.31,
#: lzma-sys 0.1.20, mysqlclient-sys 0.5.2 (takes openssl-sys), openssl-sys 0.9.118, pq-sys 0.7.8 (pq-src 0.3.14 takes
#: openssl-sys), sdl2-sys 0.38.0, yeslogic-fontconfig-sys 6.0.1.
VENDORED: dict[str, tuple[Vendored, ...]] = {
    "bzip2": (Vendored("bzip2-sys", "static"),),
    "dbus-1": (Vendored("libdbus-sys", "vendored"),),
    "fontconfig": (Vendored("yeslogic-fontconfig-sys", "dlopen", loaded=True),),
    "freetype2": (Vendored("freetype-sys", "bundled"),),
    "libcurl": (Vendored("curl-sys", "static-curl", needs="openssl"),),
    "libgit2": (Vendored("libgit2-sys", "vendored"),),
    "liblzma": (Vendored("liblzma-sys", "static"), Vendored("lzma-sys", "static")),
    "libpq": (Vendored("pq-sys", "bundled", needs="openssl"),),
    "libusb-1.0": (Vendored("libusb1-sys", "vendored"),),
    "mysqlclient": (Vendored("mysqlclient-sys", "bundled", needs="openssl", tools="CMake and a C++ compiler"),),
    "openssl": (Vendored("openssl-sys", "vendored", tools="perl and make"),),
    "sdl2": (Vendored("sdl2-sys", "bundled", tools="CMake"),),
    "sqlite3": (Vendored("libsqlite3-sys", "bundled"),),
    "zlib": (Vendored("libz-sys", "static"),),
}
