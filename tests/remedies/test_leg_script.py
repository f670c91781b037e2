"""The script for an image: each distribution's commands, sources that are split where they have to be, and refusals."""

from __future__ import annotations

import pytest

from diagnose.model.targets import resolve
from diagnose.remedies.leg_script import LegScript, ready
from diagnose.tables import ci

ALSA = ("alsa",)


def script(image: str, target: str, arch: str = "x86_64", needs: tuple[str, ...] = ALSA, **more: bool) -> LegScript:
    facts, row = ci.image(image), resolve(target)
    assert facts is not None and row is not None
    return ready(facts, arch, row, needs, **more)


@pytest.mark.parametrize(
    ("image", "target", "arch", "lines"),
    [
        ("quay.io/pypa/manylinux_2_28_x86_64", "x86_64", "x86_64", ["dnf install -y alsa-lib-devel"]),
        ("quay.io/pypa/manylinux2014_aarch64", "aarch64", "aarch64", ["yum install -y alsa-lib-devel"]),
        ("quay.io/pypa/musllinux_1_2_s390x", "s390x-unknown-linux-musl", "s390x", ["apk add alsa-lib-dev"]),
        (
            "quay.io/pypa/manylinux_2_31_armv7l",
            "armv7",
            "armv7l",
            ["apt-get update", "apt-get install -y --no-install-recommends libasound2-dev"],
        ),
        (
            "debian:bookworm",
            "aarch64",
            "x86_64",
            [
                "dpkg --add-architecture arm64",
                "apt-get update",
                "apt-get install -y --no-install-recommends pkg-config libasound2-dev:arm64 gcc-aarch64-linux-gnu "
                "libc6-dev-arm64-cross",
            ],
        ),
    ],
)
def test_each_manager(image: str, target: str, arch: str, lines: list[str]) -> None:
    assert list(script(image, target, arch).lines) == lines


@pytest.mark.parametrize(
    ("image", "target", "edited"),
    [
        ("ubuntu:22.04", "armv7", "/etc/apt/sources.list"),
        ("ubuntu:24.04", "armv7", "/etc/apt/sources.list.d/ubuntu.sources"),
        ("ubuntu:26.04", "armv7", "/etc/apt/sources.list.d/ubuntu.sources"),
        ("ubuntu:26.04", "aarch64", ""),  # on the archive since 25.10
        ("debian:trixie", "armv7", ""),
    ],
)
def test_the_sources_of_ubuntu_are_split_where_the_archive_lacks_the_architecture(
    image: str, target: str, edited: str
) -> None:
    lines = script(image, target).lines
    assert (lines[0].startswith("sed ") and lines[0].endswith(edited)) if edited else lines[0].startswith("dpkg ")


def test_what_needs_no_package_needs_no_script() -> None:
    image = "ghcr.io/rust-cross/manylinux_2_28-cross:armv7"
    assert script(image, "armv7", needs=()) == LegScript()
    assert script("quay.io/pypa/manylinux_2_28_x86_64", "x86_64", needs=()) == LegScript()
    assert script(image, "armv7", needs=(), vendors_openssl=True).lines[-1].endswith("perl make")


@pytest.mark.parametrize(
    ("image", "target", "needs", "reason"),
    [
        ("quay.io/pypa/manylinux_2_28_x86_64", "aarch64", ("alsa",), "installs nothing for other architectures"),
        ("quay.io/pypa/manylinux2014_x86_64", "x86_64", ("openssl",), "OpenSSL of CentOS 7 is 1.0.2"),
        ("quay.io/pypa/manylinux_2_28_x86_64", "x86_64", ("no-such",), "which package of AlmaLinux 8 brings no-such"),
        ("ghcr.io/rust-cross/manylinux_2_28-cross:armv7", "armv7", ("openssl",), "OPENSSL_DIR names no OpenSSL"),
        ("ghcr.io/rust-cross/manylinux_2_28-cross:armv7", "armv7", ("no-such",), "brings no-such"),
        ("ghcr.io/rust-cross/rust-musl-cross:x86_64-musl", "x86_64-unknown-linux-musl", ("alsa",), "has no packages"),
        ("ubuntu:22.04", "loongarch64", ("alsa",), "has no packages for loong64"),
        ("debian:bookworm", "aarch64-unknown-linux-musl", (), "has no cross compiler"),
    ],
)
def test_why_there_is_no_script(image: str, target: str, needs: tuple[str, ...], reason: str) -> None:
    found = script(image, target, needs=needs)
    assert reason in found.missing and not found.lines
