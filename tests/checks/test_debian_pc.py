"""The table of Debian's ``.pc`` files, against the packages installed on this very machine."""

from __future__ import annotations

import glob
import os
import subprocess

from conftest import need

from diagnose.tables.debian_pc import TABLE, providers


def test_known_modules() -> None:
    assert providers("alsa", "trixie")[0].package == "libasound2-dev"
    assert providers("alsa", "trixie")[0].folder == "/usr/lib/@/pkgconfig"
    assert [p.package for p in providers("libcurl", "bookworm")[:3]] == [
        "libcurl4-openssl-dev",
        "libcurl4-gnutls-dev",
        "libcurl4-nss-dev",
    ]
    assert "libcurl4-nss-dev" not in [p.package for p in providers("libcurl", "trixie")]
    assert providers("libjpeg", "noble")[0].package == "libjpeg-turbo8-dev"
    assert providers("no-such-module") == []
    # A module that is not a prefix of another, and one that is.
    assert {p.package for p in providers("gtk+-3.0")} == {"libgtk-3-dev"}


def test_a_private_copy_comes_last_and_is_not_searched() -> None:
    first, *rest = providers("dbus-1", "trixie")
    assert first.package == "libdbus-1-dev" and first.searched
    assert rest and not any(provider.searched for provider in rest)


def test_table_is_sorted_and_whole() -> None:
    with open(TABLE, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    assert rows == sorted(rows, key=lambda row: row[:3])
    assert len({row[0] for row in rows}) > 4000
    assert all(len(row) in (3, 4) for row in rows)


def test_every_module_of_this_machine() -> None:
    need(os.path.exists("/usr/bin/dpkg"), "there is no dpkg")
    with open("/etc/os-release", encoding="utf-8") as file:
        release = dict(line.strip().split("=", 1) for line in file if "=" in line)
    need(release["ID"].strip('"') == "debian", "this is not Debian")
    codename = release["VERSION_CODENAME"]
    files = glob.glob("/usr/lib/*/pkgconfig/*.pc") + glob.glob("/usr/share/pkgconfig/*.pc")
    owners = subprocess.run(["dpkg", "-S", *files], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    wrong = []
    for line in owners.splitlines():
        packages, _, path = line.rpartition(": ")
        named = {provider.package for provider in providers(os.path.basename(path)[:-3], codename)}
        wrong += [line for owner in packages.split(", ") if owner.partition(":")[0] not in named]
    need(owners, "no package here has a .pc file")
    assert wrong == []
