from __future__ import annotations

import csv
from pathlib import Path

import pytest

from diagnose.tables import debian_pc
from diagnose.tables.distributions import by_codename, distributions, lacks, releases, ubuntu_servers
from diagnose.tables.libc_releases import alpine_with_musl, older_than


def test_every_release_belongs_to_a_known_distribution() -> None:
    assert {release.id for release in releases()} <= set(distributions())


def test_codenames_and_labels_are_unique() -> None:
    assert len(by_codename()) == sum(bool(release.codename) for release in releases())
    labels = [release.label for release in releases() if release.label]
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    ("codename", "archive", "ports"),
    [("noble", {"amd64", "i386"}, "arm64"), ("resolute", {"amd64", "amd64v3", "arm64", "i386"}, "armhf")],
)
def test_arm64_moved_to_ubuntus_archive(codename: str, archive: set[str], ports: str) -> None:
    assert ubuntu_servers(codename)[0] == archive
    assert ports in ubuntu_servers(codename)[1]


def test_an_unknown_release_of_ubuntu_may_have_everything() -> None:
    archive, ports = ubuntu_servers("zzyzx")
    assert "arm64" in archive and "riscv64" in ports


def test_tools_and_libraries_of_releases() -> None:
    assert lacks("bookworm", "patchelf") and not lacks("trixie", "patchelf") and not lacks("zzyzx", "patchelf")
    assert older_than(glibc=(2, 34)) == ["CentOS 7", "Amazon Linux 2", "RHEL 8", "Debian 11", "Ubuntu 20.04"]
    assert alpine_with_musl((1, 2, 4)) == "3.18" and alpine_with_musl((1, 2, 0)) == "3.13"
    assert by_codename()["bullseye"].architectures == {"amd64", "arm64", "armhf", "i386"}


@pytest.mark.parametrize("name", ["debian", "ubuntu"])
def test_versions_and_codenames_agree_with_the_installed_distro_info(name: str) -> None:
    """Of the package distro-info-data, whichever version this machine has: it may not know the newest releases."""
    path = Path(f"/usr/share/distro-info/{name}.csv")
    if not path.is_file():
        pytest.skip("distro-info-data is not installed")
    with path.open(encoding="utf-8") as file:
        known = {row["series"]: row["version"].removesuffix(" LTS").removesuffix(".0") for row in csv.DictReader(file)}
    ours = {one.codename: one.version for one in releases() if one.id == name and one.version and one.codename in known}
    assert len(ours) > 5
    assert {codename: known[codename] for codename in ours if known[codename]} == {
        codename: version for codename, version in ours.items() if known[codename]
    }


def test_the_table_has_every_release_that_the_installed_distro_info_knows() -> None:
    path = Path("/usr/share/distro-info/ubuntu.csv")
    if not path.is_file():
        pytest.skip("distro-info-data is not installed")
    with path.open(encoding="utf-8") as file:
        released = {row["series"] for row in csv.DictReader(file) if "2018-04" < row["release"] < "2026-11"}
    assert released - {one.codename for one in releases() if one.id == "ubuntu"} == set()


def test_the_newest_ubuntu_has_its_own_names_of_packages() -> None:
    newest = [one.codename for one in releases() if one.id == "ubuntu"][-1]
    assert newest == "stonking"
    assert [debian_pc.providers("libjpeg", codename)[0].package for codename in (newest, "sid")] == [
        "libjpeg-turbo8-dev",
        "libjpeg62-turbo-dev",
    ]
