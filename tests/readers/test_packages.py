"""Installed packages and RPM repositories."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import need
from readers import miniroot

from diagnose.readers.system import packages
from diagnose.readers.system.packages import Package
from diagnose.readers.system.root import Root

STATUS = """\
Package: libasound2t64
Status: install ok installed
Multi-Arch: same
Architecture: armhf
Version: 1.2.14-1
Description: shared library
 Version: of ALSA

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: dpkg
Status: install ok installed
Architecture: arm64
Version: 1.22.21
"""


def test_dpkg(tmp_path):
    miniroot.write(tmp_path / "var/lib/dpkg/status", STATUS)
    root = Root(str(tmp_path))
    assert tuple(packages.installed(root) or ()) == (
        Package("libasound2t64", "1.2.14-1", "armhf", same=True),
        Package("dpkg", "1.22.21", "arm64"),
    )
    assert packages.native(root) == "arm64"


def test_all_packages_of_this_machine():
    need(shutil.which("dpkg-query"), "there is no dpkg")
    form = "${db:Status-Status} ${Package} ${Version} ${Architecture} ${Multi-Arch}\n"
    done = subprocess.run(["dpkg-query", "-W", "-f", form], capture_output=True, text=True, check=True)
    rows = [line.split(" ") for line in done.stdout.splitlines() if line.startswith("installed ")]
    expected = {Package(row[1], row[2], row[3], row[4] == "same") for row in rows}
    assert set(packages.installed(Root("/")) or ()) == expected
    architecture = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True).stdout.strip()
    assert packages.native(Root("/")) == architecture


def test_apk_and_pacman(tmp_path):
    miniroot.write(
        tmp_path / "a/lib/apk/db/installed", "C:Q1\nP:musl\nV:1.2.5-r10\nA:x86_64\nL:MIT\n\nP:zlib\nV:1\nA:x86_64\n"
    )
    miniroot.write(tmp_path / "p/var/lib/pacman/local/alsa-lib-1.2.14-2/desc", "")
    assert tuple(packages.installed(Root(str(tmp_path / "a"))) or ()) == (
        Package("musl", "1.2.5-r10", "x86_64"),
        Package("zlib", "1", "x86_64"),
    )
    assert tuple(packages.installed(Root(str(tmp_path / "p"))) or ()) == (Package("alsa-lib", "1.2.14-2", ""),)


def test_what_needs_rpm(tmp_path):
    (tmp_path / "var/lib/rpm").mkdir(parents=True)
    root = Root(str(tmp_path))
    assert packages.installed(root) is None and packages.has_rpm(root)


REPO = """\
[main]
gpgcheck=1
[base]
name=CentOS-$releasever
mirrorlist=http://mirrorlist.centos.org/?release=$releasever
#baseurl=http://mirror.centos.org/
[updates]
enabled = 0
baseurl=http://a.example/x
        http://b.example/x
"""


def test_repositories(tmp_path):
    miniroot.write(tmp_path / "etc/yum.repos.d/base.repo", REPO)
    miniroot.write(tmp_path / "etc/yum.repos.d/base.repo.rpmsave", REPO)
    base, updates = packages.repositories(Root(str(tmp_path)))
    assert (base.id, base.line, base.enabled, base.mirrorlist) == (
        "base", 3, True, "http://mirrorlist.centos.org/?release=$releasever",
    )  # fmt: skip
    assert (updates.enabled, updates.baseurl) == (False, ("http://a.example/x", "http://b.example/x"))


@pytest.mark.parametrize("text", ["", "\n\n\n", "Package: x", "Package: dpkg\n", "\0\1\2" * 100, ":\n:\n"])
def test_odd_databases(tmp_path, text):
    miniroot.write(tmp_path / "var/lib/dpkg/status", text)
    root = Root(str(tmp_path))
    assert tuple(packages.installed(root) or ()) == () and packages.native(root) == ""


def test_whose_file_it_is():
    if not Path("/var/lib/dpkg/info").is_dir():
        pytest.skip("there is no dpkg")
    assert packages.owner(Root("/"), "/usr/bin/dpkg", "dpkg") == "dpkg"
    assert packages.owner(Root("/"), "/usr/bin/dpkg", "rustc") == ""
    assert packages.owner(Root("/"), "/usr/bin/dpk", "dpkg") == ""
