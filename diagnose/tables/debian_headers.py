"""Which package of Debian's archive ships a C or C++ header: the table ``debian-headers.txt``."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import cache

TABLE = os.path.join(os.path.dirname(__file__), "debian-headers.txt")
SUITES = ("bullseye", "bookworm", "trixie")
#: Ubuntu's development packages carry the names of the Debian release that it was taken from.
_SUITES = {
    "focal": "bullseye",
    "jammy": "bookworm",
    **dict.fromkeys(("noble", "oracular", "plucky", "questing", "resolute", "stonking"), "trixie"),
}
# Where several packages ship the same header, the one that people mean; alphabetically the first otherwise.
_MEANT = (
    "libcurl4-openssl-dev",
    "libevent-dev",
    "libglib2.0-dev",
    "libgl-dev",
    "libgtk-3-dev",
    "libkrb5-dev",
    "libsdl2-dev",
    "libssl-dev",
    "libusb-1.0-0-dev",
    "libx11-dev",
    "zlib1g-dev",
)


#: Headers whose folder ``-I`` has to name, or that several packages ship: what they are installed with, in every suite.
_ELSEWHERE = {
    "Eigen/": "libeigen3-dev",
    "unsupported/": "libeigen3-dev",
    "CL/cl.h": "opencl-headers",
    "cblas.h": "libopenblas-dev",
    "gdal.h": "libgdal-dev",
    "hdf5.h": "libhdf5-dev",
    "jpeglib.h": "libjpeg-dev",
    "lapacke.h": "liblapacke-dev",
    "lua.h": "liblua5.4-dev",
    "mpi.h": "libopenmpi-dev",
    "tcl.h": "tcl-dev",
    "tk.h": "tk-dev",
}
#: Headers that some package ships, but that are far more often a project's own.
# fmt: off
_OWN = frozenset({
    "alloc", "args", "array", "base", "buffer", "cache", "client", "color", "common", "compat", "config",
    "constants", "context", "core", "data", "debug", "error", "errors", "events", "file", "filter", "font",
    "format", "global", "globals", "hash", "header", "http", "image", "index", "io", "item", "key", "list", "lock",
    "log", "logger", "memory", "message", "misc", "model", "names", "net", "node", "object", "options", "output",
    "packet", "param", "parser", "path", "platform", "plugin", "pool", "print", "protocol", "proxy", "reader",
    "region", "resource", "result", "section", "select", "serial", "server", "session", "set", "shell", "signal",
    "socket", "spec", "stats", "status", "stdinc", "storage", "string", "structs", "system", "tag", "task", "test",
    "thread", "threads", "timer", "trace", "transform", "tree", "type", "types", "units", "user", "util", "utils",
    "value", "vector", "version", "video", "window", "worker", "writer",
})
# fmt: on


def package(header: str, codename: str = "") -> str:
    """Return the package that ships *header*, as ``#include`` names it, in a release; empty if unknown."""
    folder = f"{header.partition('/')[0]}/"
    for name in (header, folder):
        if name in _ELSEWHERE:
            return _ELSEWHERE[name]
    if header.rpartition(".")[0] in _OWN:
        return ""
    suite = _SUITES.get(codename, codename)
    for name in (header, f"{header.partition('/')[0]}/" if "/" in header else ""):
        found = [
            owner for owner, suites in _rows(name) if not suites or suite not in SUITES or suite in suites.split(",")
        ]
        if found:
            return next((meant for meant in _MEANT if meant in found), found[0])
    return ""


@cache
def _rows(name: str) -> list[tuple[str, str]]:
    """Return (package, suites) of the rows for *name*, without taking the table apart."""
    if not name:
        return []
    table, rows, at = _table(), [], 0
    needle = f"\n{name}\t"
    while (at := table.find(needle, at)) >= 0:
        fields = table[at + 1 : table.find("\n", at + 1)].split("\t")
        rows.append((fields[1], fields[2] if len(fields) > 2 else ""))
        at += 1
    return rows


@cache
def _table() -> str:
    with open(TABLE, encoding="utf-8") as file:
        return f"{file.read()}\n"
