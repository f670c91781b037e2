"""Makes ``debian-pc.txt``, the table of every ``.pc`` file in Debian's archive, from apt's Contents data.

Run on a Debian machine, after ``apt-get update``; mirror and proxy are the machine's own::

    python -m diagnose.tables.make_debian_pc

Only names are taken from the download, which apt checks itself whenever one of them is installed. It therefore does not
matter that mirrors often hold a Contents file that is older than the signed Release file, which makes ``apt-file`` give
up.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections import defaultdict

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.tables.debian_pc import SUITES, TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

# What is on any of these is on all of them, but for a few packages of one architecture.
ARCHITECTURES = ("amd64", "arm64", "armhf", "all")

_PC = re.compile(r"(?P<folder>\S+/pkgconfig)/(?P<module>[^/\s]+)\.pc\s+(?P<packages>\S+)")
_MULTIARCH = re.compile(r"/(x86_64|aarch64|arm)-linux-gnu(eabihf)?(?=[-/]|$)")
_HEADER = """\
# Every .pc file in Debian's archive: module, package, folder, suites. Made by make_debian_pc.py, do not edit.
# Folder: m /usr/lib/<multiarch>/pkgconfig, s /usr/share/pkgconfig, l /usr/lib/pkgconfig, or the folder itself with
# <multiarch> written @. Suites: empty for all of {suites}.
"""


def main() -> None:
    """Write the table beside this file."""
    base = mirror()
    rows: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for suite in SUITES:
        for architecture in ARCHITECTURES:
            for row in _rows(f"{base}/dists/{suite}/main/Contents-{architecture}.gz"):
                rows[row].add(suite)
    with open(TABLE, "w", encoding="utf-8") as file:
        file.write(_HEADER.format(suites=", ".join(SUITES)))
        for row in sorted(rows):
            suites = "" if len(rows[row]) == len(SUITES) else ",".join(s for s in SUITES if s in rows[row])
            file.write("\t".join((*row, suites)).rstrip() + "\n")


def mirror() -> str:
    """Return the address of the machine's own mirror of Debian's archive."""
    command = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)"]
    for line in subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines():
        origin, label, uri = line.split()
        if (origin, label) == ("Debian", "Debian"):
            return uri.rstrip("/")
    raise SystemExit("no source of Debian's archive is configured, or `apt-get update` has not been run")


def _rows(uri: str) -> Iterator[tuple[str, str, str]]:
    """Yield (module, package, folder) of one Contents file."""
    with tempfile.TemporaryDirectory() as scratch:
        filename = os.path.join(scratch, "Contents.gz")
        subprocess.run(
            ["/usr/lib/apt/apt-helper", "-qq", "-oAPT::Sandbox::User=root", "download-file", uri, filename], check=True
        )
        with subprocess.Popen(["zgrep", "/pkgconfig/", filename], stdout=subprocess.PIPE, text=True) as grep:
            for match in map(_PC.match, grep.stdout or ()):
                if match:
                    folder = _MULTIARCH.sub("/@", "/" + match["folder"])
                    for package in match["packages"].split(","):
                        yield match["module"], package.rpartition("/")[2], _SHORT.get(folder, folder)


_SHORT = {"/usr/lib/@/pkgconfig": "m", "/usr/share/pkgconfig": "s", "/usr/lib/pkgconfig": "l"}


if __name__ == "__main__":
    main()
