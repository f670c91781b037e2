"""Builds with which all tools are content, and `diagnose env` is not."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e import archive
from e2e.conftest import Climbed, together
from e2e.ladder import INSTALL, Builder, Workshop, causes, finding
from e2e.roots import PROJECT
from e2e.targets import AARCH64, ARMV7, Target

OWN = "/opt/alsa/lib"  # a libasound that somebody built


def wrong(root: Builder, target: Target, cause: str, severity: str = "error") -> None:
    """Require that `diagnose env` names *cause* first, inside and outside, and that its fix leaves nothing to name."""
    report = root.looked_at(target)
    assert causes(report, severity)[0] == cause
    assert severity == "error" or causes(report) == []
    root.apply(finding(report, cause)["fixes"][0])
    assert causes(root.looked_at(target)) == causes(root.looked_at(target), severity) == []


def passes(root: Builder, target: Target) -> None:
    """Require that the build passes."""
    done = root.build(target)
    assert done.code == 0, done.output


@pytest.fixture(scope="module")
def arm64(climbed: Climbed, workshop: Workshop) -> Iterator[Builder]:
    """Both architectures' library, and a linker that passes over the host's and finds the target's by itself."""
    with workshop.root(climbed(AARCH64).layer) as root:
        root.check(f"{INSTALL} pkg-config libasound2-dev")
        yield root


@pytest.fixture(scope="module")
def armhf(climbed: Climbed, workshop: Workshop) -> Iterator[Builder]:
    """Both architectures' library, and a linker that stops at the wrong one."""
    with workshop.root(climbed(ARMV7).layer) as root:
        root.check(f"{INSTALL} pkg-config libasound2-dev")
        yield root


@together("arm64 climb")
def test_linked_by_accident(arm64: Builder) -> None:
    arm64.configure(AARCH64, {"PKG_CONFIG_ALLOW_CROSS": "1"}, "aarch64-linux-gnu-gcc")
    passes(arm64, AARCH64)
    wrong(arm64, AARCH64, "host-lib-picked-for-target")
    passes(arm64, AARCH64)


@together("arm64 climb")
def test_a_sysroot_without_the_library(arm64: Builder) -> None:
    variables = {
        "PKG_CONFIG_SYSROOT_DIR": "/usr/aarch64-linux-gnu",
        "PKG_CONFIG_LIBDIR": "/usr/lib/aarch64-linux-gnu/pkgconfig",
    }
    arm64.configure(AARCH64, variables, "aarch64-linux-gnu-gcc")
    passes(arm64, AARCH64)
    wrong(arm64, AARCH64, "sysroot-semantics-pkgconf", "warning")


@together("arm64 climb")
def test_a_wrapper_that_a_variable_overrules(arm64: Builder) -> None:
    variables = {
        f"PKG_CONFIG_{AARCH64.env}": f"{AARCH64.gnu}-pkg-config",
        "PKG_CONFIG_LIBDIR": "/usr/lib/x86_64-linux-gnu/pkgconfig",
    }
    arm64.configure(AARCH64, variables, "aarch64-linux-gnu-gcc")
    passes(arm64, AARCH64)
    wrong(arm64, AARCH64, "host-lib-picked-for-target")


@together("armhf climb")
def test_only_the_guard_was_opened(armhf: Builder) -> None:
    armhf.configure(ARMV7, {"PKG_CONFIG_ALLOW_CROSS": "1"}, "arm-linux-gnueabihf-gcc")
    armhf.check(f"cargo check --release --target {ARMV7.triple}", cwd=PROJECT)  # pkg-config and rustc are content
    wrong(armhf, ARMV7, "host-lib-picked-for-target")
    passes(armhf, ARMV7)


@together("armhf climb")
def test_the_library_that_is_bundled_is_not_the_linked_one(armhf: Builder) -> None:
    _build_alsa(armhf)
    variables = {
        f"PKG_CONFIG_ALLOW_CROSS_{ARMV7.env}": "1",
        f"PKG_CONFIG_LIBDIR_{ARMV7.env}": f"{OWN}/pkgconfig",
    }
    armhf.configure(ARMV7, variables, "arm-linux-gnueabihf-gcc")
    armhf.forget(ARMV7)
    passes(armhf, ARMV7)
    assert _bundled(armhf.wheel()) == "1.2.14"

    report = armhf.looked_at(ARMV7)
    assert (causes(report), causes(report, "warning")) == ([], ["bundled-copy-not-linked"])
    fix = finding(report, "bundled-copy-not-linked")["fixes"][0]
    assert causes(armhf.inside(ARMV7, env=fix["env"]), "warning") == []
    armhf.forget(ARMV7)
    done = armhf.build(ARMV7, env=fix["env"])
    assert done.code == 0, done.output
    assert _bundled(armhf.wheel()) == "1.2.8"


def _build_alsa(root: Builder) -> None:
    """Put an older libasound where somebody's own build of it would be: that of Debian 12."""
    slice_ = archive.debian()
    (deb,) = (slice_ / n for n in archive.published(slice_, "bookworm", "armhf") if "/libasound2_" in n)
    subprocess.run(["dpkg-deb", "--extract", str(deb), str(root.file("/opt/alsa"))], check=True)
    (library,) = root.file("/opt/alsa").glob("usr/lib/*/libasound.so.2.0.0")
    folder = root.file(OWN)
    (folder / "pkgconfig").mkdir(parents=True)
    shutil.move(library, folder)
    for link in ("libasound.so.2", "libasound.so"):
        (folder / link).symlink_to(library.name)
    (folder / "pkgconfig/alsa.pc").write_text(
        f"libdir={OWN}\n\nName: alsa\nDescription: ALSA\nVersion: 1.2.8\nLibs: -L${{libdir}} -lasound\nCflags:\n"
    )


def _bundled(wheel: Path) -> str:
    """Return which of the two libraries a wheel has: each says its version."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if "libasound" in name)
        data = archive.read(name)
    (version,) = (version for version in ("1.2.8", "1.2.14") if f"\0{version}\0".encode() in data)
    return version
