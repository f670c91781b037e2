"""Makes ``debian-headers.txt``, the table of the C and C++ headers in Debian's archive, from apt's Contents data.

Run on a Debian machine, after ``apt-get update``; mirror and proxy are the machine's own::

    python -m diagnose.tables.make_debian_headers

A header is known by its name in ``#include``: its path below ``/usr/include``, below the
multiarch folder there, and below a folder with a version in its name (``gtk-3.0``, ``libusb-1.0``), which ``-I`` names.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections import Counter, defaultdict

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.tables.debian_headers import SUITES, TABLE
from diagnose.tables.make_debian_pc import mirror

if TYPE_CHECKING:
    from collections.abc import Iterator

ARCHITECTURES = ("amd64", "all")
_HEADER = """\
# C and C++ headers in Debian's archive: header or folder, package, suites. Made by make_debian_headers.py, do not edit.
# A folder stands for all in it that has no row of its own. Suites: empty for all of {suites}.
"""
_LINE = re.compile(r"usr/include/(?P<path>\S+\.(?:h|hpp|hh|hxx))\s+(?P<packages>\S+)")
_MULTIARCH = re.compile(r"^x86_64-linux-gnu/")
_VERSIONED = re.compile(
    r"^(?!(?:git2|event2|re2)/)(?:[\w.+-]*-\d[\d.]*|[a-z]+\d+|lua\d\.\d|python\d[\d.]+|postgresql|mysql|mariadb|cairo"
    r"|libdrm|gio-unix-2\.0)/(?=.)"
)
# Compilers and kernels bring their own; what is for another machine or language is never meant by a C program here.
_STRANGE = re.compile(
    r"(?:^|,)\S*/(?:linux-|gcc-|libgcc|libstdc\+\+|lib(?:64|32|x32|n32)|clang-|libclang-(?:rt|common)|golang-|librust-|node-|ruby|php"
    r"|emscripten|mingw|android-|avr|newlib|picolibc|diet|musl|uclibc|wine|hurd|gnumach|kfreebsd|ghc|libghc|ros-|libros-|llvm-|root-system"
    r"|paraview|libinsight|libvtk|libotb|libefl-all|\S*-cross\b)"
)
_MANY = 60  # rows of single headers that one package has at most: packages with more are not libraries that people name
_SHARED = 350  # rows for the headers in a folder of many packages; without them only a package of half of it is meant


def main() -> None:
    """Write the table beside this file."""
    rows: dict[tuple[str, str], set[str]] = defaultdict(set)
    for suite in SUITES:
        headers: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for architecture in ARCHITECTURES:
            for path, package in _headers(f"{mirror()}/dists/{suite}/main/Contents-{architecture}.gz"):
                headers[path.partition("/")[0] if "/" in path else ""][path].add(package)
        for row in _rows(headers):
            rows[row].add(suite)
    with open(TABLE, "w", encoding="utf-8") as file:
        file.write(_HEADER.format(suites=", ".join(SUITES)))
        for row in sorted(rows):
            suites = "" if len(rows[row]) == len(SUITES) else ",".join(s for s in SUITES if s in rows[row])
            file.write("\t".join((*row, suites)).rstrip() + "\n")


def _rows(headers: dict[str, dict[str, set[str]]]) -> Iterator[tuple[str, str]]:
    """Yield (header or folder, package): one row for a folder that is mostly one package's."""
    single: dict[str, list[str]] = defaultdict(list)
    for folder, files in headers.items():
        sizes = Counter(package for owners in files.values() for package in owners)
        main = [package for package, size in sizes.most_common(3) if folder and size * 5 >= len(files)]
        others = sum(not owners.intersection(main) for owners in files.values())
        if others > _SHARED:
            main = [package for package in main if sizes[package] * 2 >= len(files)]
        yield from ((f"{folder}/", package) for package in main)
        for path, owners in files.items():
            if len(owners) <= 3 and (not folder or others <= _SHARED) and not owners.intersection(main):
                for package in owners:
                    single[package].append(path)
    for package, paths in single.items():
        if len(paths) <= _MANY:
            yield from ((path, package) for path in paths)


def _headers(uri: str) -> Iterator[tuple[str, str]]:
    """Yield (path as a program includes it, package) of one Contents file."""
    with tempfile.TemporaryDirectory() as scratch:
        filename = os.path.join(scratch, "Contents.gz")
        subprocess.run(
            ["/usr/lib/apt/apt-helper", "-qq", "-oAPT::Sandbox::User=root", "download-file", uri, filename], check=True
        )
        with subprocess.Popen(["zgrep", "^usr/include/", filename], stdout=subprocess.PIPE, text=True) as grep:
            for match in map(_LINE.match, grep.stdout or ()):
                if match is None or _STRANGE.search(match["packages"]):
                    continue
                path = _MULTIARCH.sub("", match["path"])
                names = {path, _VERSIONED.sub("", path)}
                for package in match["packages"].split(","):
                    if package.endswith("-dev"):
                        yield from ((name, package.rpartition("/")[2]) for name in names if name.count("/") < 3)


if __name__ == "__main__":
    main()
