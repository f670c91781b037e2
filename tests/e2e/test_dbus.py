"""A second system library: found through pkg-config as the first one is, and the way around it."""

from __future__ import annotations

import zipfile
from pathlib import Path

from e2e.climb import Climb, climb
from e2e.conftest import Climbed, Record, together
from e2e.ladder import Workshop, causes, finding
from e2e.player import player
from e2e.targets import AARCH64
from e2e.test_wheel import audited, diagnosed

WAY = Climb(AARCH64, "arm64 with D-Bus", "--features dbus", ("alsa", "dbus-1"))


def test_climb(workshop: Workshop, record: Record, tmp_path: Path) -> None:
    with workshop.root() as root:
        rungs = climb(workshop, root, WAY)
        for rung in rungs:
            record("rung", rung._asdict())
        assert [rung.inside for rung in rungs] == [
            "rust-std-target-missing",
            "pkgconfig-cross-guard",
            "pc-missing",  # both libraries, by one command
            "cross-linker-missing",
            "patchelf-missing-or-old",
        ]
        wheel = root.wheel()
        report = diagnosed(wheel)
        assert causes(report) == []
        # libdbus brings libsystemd with it, which needs a newer glibc than libasound does
        assert report["facts"]["lowest_tag"] == audited(wheel) == f"manylinux_2_39_{AARCH64.tag}"
        assert wheel.stem.endswith(f"manylinux_2_39_{AARCH64.tag}")
        assert {"libasound", "libdbus"} <= {name.partition("-")[0] for name in bundled(wheel)}
        record("played", plays(wheel, tmp_path, "(1, 16, "))


@together("arm64 climb")
def test_vendored(climbed: Climbed, workshop: Workshop, record: Record, tmp_path: Path) -> None:
    """The crate's own feature, and then the printed advice to the same end; no package of D-Bus is there."""
    with workshop.root(climbed(AARCH64).layer) as root:
        root.forget(AARCH64)
        done = root.build(AARCH64, "--features dbus-vendored")
        assert done.code == 0, done.output
        assert not [name for name in bundled(root.wheel()) if "dbus" in name]
        record("played", plays(root.wheel(), tmp_path, "(1, "))

        root.forget(AARCH64)
        assert root.build(AARCH64, "--features dbus").code != 0
        fixes = finding(root.looked_at(AARCH64, *WAY.asked), "pc-missing")["fixes"]
        (vendored,) = (fix for fix in fixes if "`vendored`" in fix["title"])
        root.apply(vendored)
        root.forget(AARCH64)
        done = root.build(AARCH64, "--features dbus")
        assert done.code == 0, done.output
        assert not [name for name in bundled(root.wheel()) if "dbus" in name]


def bundled(wheel: Path) -> list[str]:
    """Return the names of the libraries in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return [name.rpartition("/")[2] for name in archive.namelist() if ".libs/lib" in name]


def plays(wheel: Path, folder: Path, version: str) -> dict[str, object]:
    """Require that the wheel plays on the target, and that its D-Bus library is there; return what was found."""
    with player(folder / "root", "trixie", AARCH64) as machine:
        machine.unpack(wheel)
        found = machine.play()
        done = machine.python("-c", "import alsastream; print(alsastream.dbus_version())")
    assert done.output.startswith(version), done.output
    return {**found, "wheel": wheel.name}
