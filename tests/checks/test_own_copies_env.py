"""A crate that does not find its library compiles a copy, and needs a C compiler for the target."""

from __future__ import annotations

from pathlib import Path

import pytest
from readers import miniroot
from roots import judged
from test_env_states import ARM, with_gcc

from diagnose.readers import env
from diagnose.tables import own_copies

SOURCE = 'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
LINKER = "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER"


def causes(tmp_path: Path, crate: str, features: str = "", **environ: str) -> list[str]:
    root = tmp_path / "root"
    if not root.exists():
        with_gcc(with_gcc(miniroot.make(root)), gnu="arm-linux-gnueabihf")
        (root / "opt/driver").parent.mkdir(exist_ok=True)
        (root / "usr/bin/arm-linux-gnueabihf-gcc").rename(root / "opt/driver")
    project = tmp_path / "p"
    name, _, version = crate.partition(" ")
    manifest = '[package]\nname = "own"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n'
    miniroot.write(project / "Cargo.toml", f'{manifest}{name} = {{ version = "*", features = [{features}] }}\n')
    miniroot.write(project / "src/main.rs", "fn main() {}\n")
    lock = f'version = 4\n[[package]]\nname = "own"\nversion = "0.1.0"\ndependencies = ["{name}"]\n'
    needs = '"cc", "pkg-config"'
    lock += f'[[package]]\nname = "{name}"\nversion = "{version}"\n{SOURCE}dependencies = [{needs}]\n'
    for one in ("cc", "pkg-config"):
        lock += f'[[package]]\nname = "{one}"\nversion = "1.0.0"\n{SOURCE}'
    miniroot.write(project / "Cargo.lock", lock)
    given = {"PATH": "/usr/bin", LINKER: "/opt/driver", **environ}
    facts = env.read(str(root), ARM, cwd=str(project), environ=given)
    return [f"{one.severity.value} {one.check}" for one in judged(facts).findings if "compiler" in one.check]


@pytest.mark.parametrize("crate", ["libz-sys 1.1.33", "pcre2-sys 0.2.10", "libusb1-sys 0.7.0", "libssh2-sys 0.3.4"])
def test_a_library_that_pkg_config_does_not_find_is_compiled(tmp_path: Path, crate: str) -> None:
    assert causes(tmp_path, crate) == ["error cross-c-compiler-missing"]
    miniroot.write(tmp_path / "root/usr/bin/arm-linux-gnueabihf-gcc", miniroot.elf("amd64"), 0o755)
    assert causes(tmp_path, crate) == []


def test_a_library_that_is_found_is_linked(tmp_path: Path) -> None:
    allow = {"PKG_CONFIG_ALLOW_CROSS": "1", "PKG_CONFIG_LIBDIR": "/usr/lib/arm-linux-gnueabihf/pkgconfig"}
    assert causes(tmp_path, "libz-sys 1.1.33", **allow) == ["error cross-c-compiler-missing"]
    miniroot.module(tmp_path / "root", "zlib", "z", "1.3", "armhf")
    assert "error cross-c-compiler-missing" not in causes(tmp_path, "libz-sys 1.1.33", **allow)


def test_a_feature_makes_a_crate_compile_its_copy(tmp_path: Path) -> None:
    assert causes(tmp_path, "freetype-sys 0.23.0") != ["error cross-c-compiler-missing"]
    source = tmp_path / "root/root/.cargo/registry/src/index/freetype-sys-0.23.0/Cargo.toml"
    miniroot.write(source, '[package]\nname = "freetype-sys"\nversion = "0.23.0"\n[features]\nbundled = []\n')
    assert causes(tmp_path, "freetype-sys 0.23.0", '"bundled"') == ["error cross-c-compiler-missing"]


def test_the_table_is_read() -> None:
    table = own_copies.table()
    assert table["libz-sys"].features == {"static"}
    assert table["onig_sys"].features == set()
    assert all(row.absent in ("yes", "no") or row.absent.startswith("$") for row in table.values())
