from __future__ import annotations

import platform
import shutil
import subprocess

import pytest
from conftest import need

from diagnose.model.targets import TARGETS, find, resolve, suggest

GNU = "{}-unknown-linux-gnu{}"


@pytest.mark.parametrize(
    ("name", "triple"),
    [
        ("armhf", "armv7-unknown-linux-gnueabihf"),
        ("armv7", "armv7-unknown-linux-gnueabihf"),
        ("armv7l", "armv7-unknown-linux-gnueabihf"),
        ("linux/arm/v7", "armv7-unknown-linux-gnueabihf"),
        ("armv7_unknown_linux_gnueabihf", "armv7-unknown-linux-gnueabihf"),
        ("arm64", "aarch64-unknown-linux-gnu"),
        ("linux/arm64", "aarch64-unknown-linux-gnu"),
        ("AMD64", "x86_64-unknown-linux-gnu"),
        ("i386", "i686-unknown-linux-gnu"),
        ("armv6l", "arm-unknown-linux-gnueabihf"),
        ("armel", "armv5te-unknown-linux-gnueabi"),
        ("ppc64el", "powerpc64le-unknown-linux-gnu"),
        ("ppc64", "powerpc64-unknown-linux-gnu"),
        ("s390x", "s390x-unknown-linux-gnu"),
        ("riscv64", "riscv64gc-unknown-linux-gnu"),
        ("loong64", "loongarch64-unknown-linux-gnu"),
        ("mipsel", "mipsel-unknown-linux-gnu"),
        ("mips64el", "mips64el-unknown-linux-gnuabi64"),
        ("x86_64-alpine-linux-musl", "x86_64-unknown-linux-musl"),
        ("armv7hl", "armv7-unknown-linux-gnueabihf"),
    ],
)
def test_any_name_finds_its_row(name: str, triple: str) -> None:
    row = resolve(name)
    assert row is not None
    assert row.triple == triple


def test_every_name_of_every_row_finds_it() -> None:
    for row in TARGETS:
        for name in row.names:
            assert row in find(name), name


def test_a_triple_finds_its_own_row_first() -> None:
    assert [resolve(row.triple) for row in TARGETS] == list(TARGETS)


def test_did_you_mean() -> None:
    assert suggest("amd86")[0] == "amd64"
    assert resolve("amd86") is None


@pytest.mark.parametrize(
    ("name", "header", "accepted"),
    [
        ("armhf", (40, 32, "little", 0x5000400), True),
        ("armhf", (40, 32, "little", 0x5000000), True),  # no float flag: the build attributes tell
        ("armhf", (40, 32, "little", 0x5000200), False),
        ("armel", (40, 32, "little", 0x5000400), False),
        ("ppc64el", (21, 64, "little", 2), True),
        ("ppc64el", (21, 64, "big", 1), False),
        ("riscv64", (243, 64, "little", 5), True),
        ("riscv64", (243, 64, "little", 1), False),
        ("mipsel", (8, 32, "little", 0x70001007), True),
        ("mips64el", (8, 64, "little", 0x80000007), True),
        ("amd64", (62, 32, "little", 0), False),  # x32
    ],
)
def test_accepts(name: str, header: tuple[int, int, str, int], accepted: bool) -> None:
    row = resolve(name)
    assert row is not None
    assert row.accepts(*header) is accepted


def test_rustc_knows_every_triple() -> None:
    need(shutil.which("rustc"), "rustc is not installed")
    known = subprocess.run(["rustc", "--print", "target-list"], capture_output=True, text=True, check=True).stdout
    assert {row.triple for row in TARGETS} <= set(known.split())


def test_dpkg_agrees() -> None:
    need(shutil.which("dpkg-architecture"), "dpkg-dev is not installed")
    for row in TARGETS:
        if not row.debian or row.triple.startswith("i686"):
            continue
        command = ["dpkg-architecture", "-a", row.debian, "-q", "DEB_HOST_MULTIARCH"]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode == 0:  # an older dpkg does not know loong64
            assert result.stdout.strip() == row.multiarch, row.debian


def test_this_machine_is_known() -> None:
    assert resolve(platform.machine())
