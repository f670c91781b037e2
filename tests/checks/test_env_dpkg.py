"""dpkg's journal and its unfinished packages, as dpkg leaves them."""

from __future__ import annotations

from pathlib import Path

import pytest
from readers import miniroot
from roots import judged

from diagnose.readers import env

HOST = "x86_64-unknown-linux-gnu"
STANZA = "Package: {0}\nStatus: install ok {1}\nArchitecture: amd64\nVersion: 1\n\n"


def found(root: Path, libs: tuple[str, ...] = ("alsa",)) -> list[tuple[str, str]]:
    facts = env.read(str(root), HOST, libs, cwd=str(root), environ={"PATH": "/usr/bin"})
    return [
        (finding.severity.name, finding.message)
        for finding in judged(facts).findings
        if finding.check == "apt-dpkg-interrupted"
    ]


@pytest.mark.parametrize(("libs", "severity"), [(("alsa",), "WARNING"), (("nowhere",), "ERROR")])
def test_the_journal_keeps_apt_from_installing(tmp_path: Path, libs: tuple[str, ...], severity: str) -> None:
    root = miniroot.make(tmp_path)
    miniroot.write(root / "var/lib/dpkg/updates/0001", "Package: foo\n")
    assert found(root, libs) == [(severity, "dpkg was interrupted: apt installs nothing until it is finished")]


def test_unpacked_packages_are_worth_knowing(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path)
    status = root / "var/lib/dpkg/status"
    miniroot.write(status, STANZA.format("one", "installed"))
    miniroot.write(root / "var/lib/dpkg/updates/tmp.i", "")
    assert found(root) == []
    miniroot.write(status, STANZA.format("one", "unpacked") + STANZA.format("two", "half-configured"))
    assert found(root) == [("NOTE", "2 packages are not configured: dpkg has not finished the installation")]


def test_a_removed_package_and_a_description_are_no_state(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path)
    text = STANZA.format("one", "installed").replace("Version", "Description: unpacked\nVersion")
    miniroot.write(root / "var/lib/dpkg/status", text + "Package: two\nStatus: deinstall ok config-files\n\n")
    assert found(root) == []
