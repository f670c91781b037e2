"""The toolchain that rustup refuses to select, and the rustc that a project is too new for: both were asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from readers import miniroot
from readers.test_toolchain import DEFAULT, HOST
from roots import judged

from diagnose.readers import env
from diagnose.readers.cargo.variables import Variables
from diagnose.readers.system.root import Root
from diagnose.readers.toolchain import rustup

REFUSED = {
    "an empty file": ("rust-toolchain.toml", "", "empty"),
    "no table": ("rust-toolchain.toml", 'channel = "stable"\n', "no [toolchain]"),
    "no known key": ("rust-toolchain.toml", '[toolchain]\nchanel = "stable"\n', "none of its keys"),
    "an empty table": ("rust-toolchain.toml", "[toolchain]\n", "none of its keys"),
    "a profile": ("rust-toolchain.toml", '[toolchain]\nchannel = "stable"\nprofile = "tiny"\n', "tiny"),
    "two choices": ("rust-toolchain.toml", '[toolchain]\nchannel = "stable"\npath = "/opt"\n', "both"),
    "a relative path": ("rust-toolchain.toml", '[toolchain]\npath = "nowhere"\n', "nowhere"),
}
TAKEN = {
    "a name": ("rust-toolchain", "stable\n"),
    "a table": ("rust-toolchain", '[toolchain]\nchannel = "stable"\n'),
    "a profile": ("rust-toolchain.toml", '[toolchain]\nprofile = "minimal"\n'),
    "components": ("rust-toolchain.toml", '[toolchain]\ncomponents = ["clippy"]\n'),
    "an unknown key beside": ("rust-toolchain.toml", '[toolchain]\nchannel = "stable"\nnosuch = 1\n'),
}


def selected(tmp_path: Path, files: dict[str, str], **environ: str) -> rustup.Rust:
    root = miniroot.make(tmp_path / "root")
    miniroot.write(root / "root/.rustup/settings.toml", DEFAULT)
    for name in ("stable", "nightly"):
        miniroot.write(root / f"root/.rustup/toolchains/{name}-{HOST.triple}/bin/cargo", "")
    for name in ("cargo", "rustc", "rustup"):
        miniroot.write(root / f"root/.cargo/bin/{name}", miniroot.elf("amd64"), 0o755)
    for name, text in files.items():
        miniroot.write(tmp_path / "p" / name, text)
    place = rustup.Finder(Root(str(root)), "/root/.cargo/bin")
    return rustup.rust(place, Variables({"HOME": "/root", **environ}, {}), str(tmp_path / "p"), HOST)


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_rustup_refuses(tmp_path: Path, name: str) -> None:
    file, text, why = REFUSED[name]
    found = selected(tmp_path, {file: text})
    assert found.odd_file[0].endswith(file)
    assert why in found.odd_file[1]


@pytest.mark.parametrize("name", TAKEN)
def test_a_file_that_rustup_takes(tmp_path: Path, name: str) -> None:
    file, text = TAKEN[name]
    found = selected(tmp_path, {file: text})
    assert (found.odd_file, found.uninstalled) == ((), "")
    assert found.toolchain.startswith("stable-")


def test_a_file_that_selects_nothing_ends_the_search(tmp_path: Path) -> None:
    (tmp_path / "rust-toolchain").write_text("1.2.3\n")
    assert selected(tmp_path, {"rust-toolchain.toml": "[toolchain]\ncomponents = []\n"}).toolchain.startswith("stable")


def test_a_path_without_a_toolchain(tmp_path: Path) -> None:
    found = selected(tmp_path, {"rust-toolchain.toml": '[toolchain]\npath = "/opt/nowhere"\n'})
    assert found.uninstalled == "/opt/nowhere"
    path = f"/root/.rustup/toolchains/nightly-{HOST.triple}"
    found = selected(tmp_path / "2", {"rust-toolchain.toml": f'[toolchain]\npath = "{path}"\n'})
    assert (found.uninstalled, found.sysroot) == ("", path)


def test_an_empty_variable_selects_nothing(tmp_path: Path) -> None:
    assert selected(tmp_path, {}, RUSTUP_TOOLCHAIN="").toolchain.startswith("stable-")


STATUS = "Package: {}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {}\n\n"


@pytest.mark.parametrize(("needs", "message"), [("1.63", ""), ("1.64", "rustc 1.63.0"), ("1.66", "cargo 1.65.0")])
def test_debian_12_has_a_cargo_that_is_newer_than_its_rustc(tmp_path: Path, needs: str, message: str) -> None:
    root = miniroot.make(tmp_path / "root")
    versions = {"cargo": "0.66.0+ds1-1", "rustc": "1.63.0+dfsg1-2"}
    status = "".join(STATUS.format(name, version) for name, version in versions.items())
    (root / "var/lib/dpkg/status").write_text((root / "var/lib/dpkg/status").read_text() + "\n" + status)
    for name in versions:
        miniroot.write(root / f"usr/bin/{name}", miniroot.elf("amd64"), 0o755)
        miniroot.write(root / f"var/lib/dpkg/info/{name}.list", f"/usr/bin/{name}\n")
    manifest = f'[package]\nname = "own"\nversion = "0.1.0"\nedition = "2021"\nrust-version = "{needs}"\n'
    miniroot.write(tmp_path / "p/Cargo.toml", manifest)
    miniroot.write(tmp_path / "p/src/main.rs", "fn main() {}\n")
    facts = env.read(str(root), cwd=str(tmp_path / "p"), environ={"PATH": "/usr/bin"})
    found = [one.message for one in judged(facts).findings if one.check == "rust-toolchain-too-old"]
    assert found == ([f"{message} is too old for this project, which needs {needs}"] if message else [])
