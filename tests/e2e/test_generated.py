"""The scripts that ``workflow --generate`` writes run in roots like their images, and carry the crate to a wheel."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnose.model.targets import resolve
from diagnose.remedies.leg_script import LegScript, ready
from diagnose.tables import ci
from e2e import archive, ubuntu
from e2e.cache import made, say
from e2e.conftest import each
from e2e.ladder import INSTALL, Builder, Target, Workshop
from e2e.managers import serving
from e2e.roots import PROJECT
from e2e.test_managers import BASE, REPOSITORIES, repository
from e2e.test_wheel import diagnosed

JAMMY = ubuntu.OS_RELEASE.replace("24.04.3", "22.04.5").replace("24.04", "22.04").replace("noble", "jammy")
_REPOSITORY = "ghcr.io/rust-cross/manylinux_2_28-cross"
CROSS_IMAGE = {"armhf": f"{_REPOSITORY}:armv7", "arm64": f"{_REPOSITORY}:aarch64"}
TAG = "2_38"  # the packages in these roots are Debian 13's, whose ALSA needs glibc 2.38


def script(image: str, target: Target) -> LegScript:
    facts, row = ci.image(image), resolve(target.triple)
    assert facts is not None and row is not None
    found = ready(facts, "x86_64", row, ("alsa",))
    assert not found.missing
    return found


def jammy() -> Path:
    """Return a folder with the servers ``archive`` and ``ports``, whose suites are Ubuntu 22.04's by name."""
    debian = archive.debian()
    return made("jammy", (debian.name, ubuntu.FIELDS), lambda folder: _make(folder, debian))


def _make(folder: Path, debian: Path) -> None:
    for server, arches in (("archive", ["amd64"]), ("ports", ["armhf", "arm64"])):
        (folder / server).mkdir()
        (folder / server / "pool").symlink_to(debian / "pool")
        own = {arch: [folder / server / name for name in archive.published(debian, "trixie", arch)] for arch in arches}
        archive.publish(folder / server, "jammy", own, ubuntu.FIELDS)
        for suite in ("jammy-updates", "jammy-security"):
            archive.publish(folder / server, suite, {arch: [] for arch in arches}, ubuntu.FIELDS)


def stand_for_the_image(root: Builder, target: Target) -> None:
    """Install what the image has, and its target's standard library, which maturin-action installs."""
    root.check(f"dpkg --add-architecture {target.debian} && apt-get update -q")
    root.check(f"{INSTALL} gcc-{target.gnu} libc6-dev-{target.debian}-cross libstd-rust-dev:{target.debian} patchelf")


def build(root: Builder, made_ready: LegScript, target: Target) -> Path:
    """Do what maturin-action does in its container: the script and maturin in one shell, which stops at a failure."""
    line = f"maturin build --release --locked --out dist --target {target.triple} --manylinux {TAG}"
    root.file("/tmp/build.sh").write_text(f"set -euo pipefail\n{made_ready.text}\n{line}\n")
    say(f"{target.debian}: running the script that was written for it")
    done = root.enter("/bin/bash", "-c", f"cd {PROJECT} && exec bash /tmp/build.sh")
    assert done.code == 0, done.output
    (wheel,) = root.file(f"{PROJECT}/dist").glob("*.whl")
    return wheel


@contextlib.contextmanager
def like_ubuntu(workshop: Workshop, target: Target) -> Iterator[Builder]:
    """Mount a root that is like rust-cross's images: Ubuntu 22.04 by its name and sources, with a cross compiler."""
    servers = jammy()
    hosts = {archive.DEBIAN: archive.debian(), ubuntu.ARCHIVE: servers / "archive", ubuntu.PORTS: servers / "ports"}
    with archive.serving(hosts) as proxy, workshop.root() as root:
        root.environment["http_proxy"] = proxy
        stand_for_the_image(root, target)
        root.environment[f"CARGO_TARGET_{target.env.upper()}_LINKER"] = f"{target.gnu}-gcc"
        root.file("/etc/os-release").unlink()
        root.file("/etc/os-release").write_text(JAMMY)
        key = (archive.signing_key() / "archive.pgp").read_bytes()
        for path in (ubuntu.KEYRING, "/etc/apt/trusted.gpg.d/ubuntu.gpg"):
            root.file(path).write_bytes(key)
        root.check("rm -r /etc/apt/sources.list.d/debian.sources /var/lib/apt/lists")
        suites = ("jammy", "jammy-updates", "jammy-security")
        root.file("/etc/apt/sources.list").write_text(
            "".join(f"deb {ubuntu.ARCHIVE} {suite} main restricted\n" for suite in suites)
        )
        yield root


@each("generated")
def test_in_a_root_like_the_cross_image(workshop: Workshop, target: Target) -> None:
    with like_ubuntu(workshop, target) as root:
        failed = root.run(f"apt-get update && {INSTALL} libasound2-dev:{target.debian}")
        assert failed.code != 0, "the root offers the target's packages without the script"
        wheel = build(root, script(CROSS_IMAGE[target.debian], target), target)
        assert wheel.name.endswith(f"manylinux_{TAG}_{target.tag}.whl")
        report = diagnosed(wheel)
        assert report["facts"]["lowest_tag"] == f"manylinux_{TAG}_{target.tag}"
        assert not [found for found in report["findings"] if found["severity"] == "error"]


@each("generated")
def test_in_a_root_of_debian(workshop: Workshop, target: Target) -> None:
    made_ready = script("debian:trixie", target)
    assert f"gcc-{target.gnu}" in made_ready.text  # this image has no cross compiler
    with workshop.root() as root:
        root.check(f"dpkg --add-architecture {target.debian} && apt-get update -q")
        root.check(f"{INSTALL} patchelf libstd-rust-dev:{target.debian}")
        wheel = build(root, made_ready, target)
        assert wheel.name.endswith(f"manylinux_{TAG}_{target.tag}.whl")


@pytest.mark.parametrize("image", ["quay.io/pypa/manylinux_2_28_x86_64", "quay.io/pypa/manylinux2014_x86_64"])
def test_in_a_root_with_rpm(machine: None, tmp_path: Path, image: str) -> None:
    facts, row = ci.image(image), resolve("x86_64-unknown-linux-gnu")
    assert facts is not None and row is not None
    line = ready(facts, "x86_64", row, ("alsa",)).text
    with serving(tmp_path, REPOSITORIES) as fresh, fresh() as root:
        root.file("/etc/dnf/dnf.conf").write_text(f"[main]\nproxy={root.environment['http_proxy']}\n")
        root.file("/etc/yum.repos.d").mkdir(exist_ok=True)
        root.file("/etc/yum.repos.d/base.repo").write_text(repository("base", f"baseurl={BASE}"))
        root.check(f"{line.replace('yum', 'dnf')} && rpm -q alsa-lib-devel")
