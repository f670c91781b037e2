"""cargo-versions-unresolved looks where cargo looks, and only for crates that a build surely needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnose_checks.rust import cargo_versions_unresolved
from readers import miniroot

from diagnose.readers import env

LOCK = """version = 4

[[package]]
name = "first"
version = "1.2.0"
source = "registry+https://index.example/"
dependencies = [
 "second",
 "windows-only",
]

[[package]]
name = "own"
version = "0.1.0"
dependencies = [
 "first",
]

[[package]]
name = "second"
version = "2.0.0"
source = "registry+https://index.example/"

[[package]]
name = "windows-only"
version = "0.3.0"
source = "registry+https://index.example/"
"""
FIRST = """[package]
name = "first"
version = "1.2.0"
[dependencies]
second = "2"
[target.'cfg(windows)'.dependencies]
windows-only = "0.3"
"""
REPLACED = '[source.crates-io]\nreplace-with = "v"\n[source.v]\ndirectory = "vendor"\n'


def told(root: Path, **environ: str) -> list[str]:
    facts = env.read(str(root), cwd=str(root / "p"), environ={"PATH": "/usr/bin", **environ})
    return [finding.message for finding in cargo_versions_unresolved.env(facts)]


def project(tmp_path: Path) -> Path:
    root = miniroot.make(tmp_path)
    miniroot.write(root / "p/Cargo.toml", '[package]\nname = "own"\nversion = "0.1.0"\n[dependencies]\nfirst = "1"\n')
    miniroot.write(root / "p/Cargo.lock", LOCK)
    return root


def test_offline(tmp_path: Path) -> None:
    root = project(tmp_path)
    said = "is not in cargo's cache, and cargo is offline"
    offline = {"CARGO_NET_OFFLINE": "true"}
    assert told(root) == []
    assert told(root, CARGO_NET_OFFLINE="false") == []
    assert told(root, **offline) == [f"the source of first 1.2.0 {said}"]
    miniroot.write(root / "p/.cargo/config.toml", "[net]\noffline = true\n")
    assert told(root) == [f"the source of first 1.2.0 {said}"]
    miniroot.write(root / "root/.cargo/registry/src/x/first-1.2.0/Cargo.toml", FIRST)
    assert told(root) == [f"the source of second 2.0.0 {said}"]  # and no crate of another system
    miniroot.write(root / "root/.cargo/registry/cache/x/second-2.0.0.crate", "")
    assert told(root) == []


def test_a_folder_in_place_of_the_registry(tmp_path: Path) -> None:
    root = project(tmp_path)
    miniroot.write(root / "p/.cargo/config.toml", REPLACED)
    miniroot.write(root / "p/vendor/first/Cargo.toml", FIRST)
    assert told(root) == [f"the source of second 2.0.0 is not in {root / 'p/vendor'}"]
    miniroot.write(root / "p/vendor/second/Cargo.toml", '[package]\nname = "second"\nversion = "1.9.0"\n')
    assert told(root) == [f"the source of second 2.0.0 is not in {root / 'p/vendor'}"]
    miniroot.write(root / "p/vendor/second-2.0.0/Cargo.toml", '[package]\nname = "second"\nversion = "2.0.0"\n')
    assert told(root) == []


LOCAL = '[package]\nname = "own"\nversion = "0.1.0"\n'
FOLDER = """[package]
name = "near"
version = "0.3.0"
[features]
full = ["dep:hidden"]
[dependencies]
hidden = { version = "1", optional = true }
[target.'cfg(windows)'.dependencies]
shown = { version = "1", optional = true }
"""
NEAR = "near 0.3.0 does not have the feature"


@pytest.mark.parametrize(
    ("rest", "absent"),
    [
        ('[dependencies]\nnear = { path = "../near", features = ["full", "shown"] }\n', ""),
        ('[dependencies]\nnear = { path = "../near" }\n', ""),  # it has no default feature, which nothing names
        ('[dependencies]\nnear = { path = "../near", features = ["default"] }\n', "default"),
        ('[dependencies]\nnear = { path = "../near", features = ["hidden"] }\n', "hidden"),
        ('[dependencies]\nnear = { path = "../near", features = ["Full"], optional = true }\n', "Full"),
        ('[dev-dependencies]\nn = { path = "../near", package = "near", features = ["no"] }\n', "no"),
        ("[target.'cfg(windows)'.build-dependencies]\nnear = { path = '../near', features = ['no'] }\n", "no"),
        ('[dependencies]\nnear = { path = "../near" }\n[features]\na = ["near/full"]\n', ""),
        ('[dependencies]\nnear = { path = "../near" }\n[features]\na = ["near/no"]\n', "no"),
        (
            '[dependencies]\nn = { path = "../near", package = "near", optional = true }\n[features]\na = ["n?/no"]\n',
            "no",
        ),
        ('[dev-dependencies]\nown = { path = ".", features = ["own"] }\n[features]\nown = []\n', ""),
        (
            '[workspace.dependencies]\nnear = { path = "../near", features = ["no"] }\n'
            "[dependencies]\nnear.workspace = true\n",
            "no",
        ),
        ('[workspace.dependencies]\nnear = { path = "../near", features = ["no"] }\n', ""),
        ('[dependencies]\nmiddle = { path = "../middle" }\n', ""),
    ],
)  # fmt: skip
def test_a_feature_that_a_crate_in_a_folder_does_not_have(tmp_path: Path, rest: str, absent: str) -> None:
    root = miniroot.make(tmp_path)
    miniroot.write(root / "near/Cargo.toml", FOLDER)
    middle = '[package]\nname = "middle"\nversion = "0.1.0"\n'
    near = '{ path = "../near", features = ["no"]'
    idle = f"[dependencies]\nnear = {near}, optional = true }}\n[dev-dependencies]\nnear = {near} }}\n"
    miniroot.write(root / "middle/Cargo.toml", middle + idle)
    miniroot.write(root / "p/Cargo.toml", LOCAL + rest)
    assert [one.partition(": it has")[0] for one in told(root)] == ([f"{NEAR} {absent!r}"] if absent else [])


def test_a_crate_in_a_folder_asks_what_another_does_not_have(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path)
    miniroot.write(root / "near/Cargo.toml", FOLDER)
    asks = '[dependencies]\nnear = { path = "../near", features = ["no"] }\n'
    miniroot.write(root / "middle/Cargo.toml", f'[package]\nname = "middle"\nversion = "0.1.0"\n{asks}')
    miniroot.write(root / "p/Cargo.toml", LOCAL + '[dependencies]\nmiddle = { path = "../middle" }\n')
    assert told(root) == [f"{NEAR} 'no': it has full, shown"]


def test_a_feature_that_a_locked_crate_does_not_have(tmp_path: Path) -> None:
    root = project(tmp_path)

    def asking(options: str, rest: str = "") -> list[str]:
        miniroot.write(root / "p/Cargo.toml", f"{LOCAL}[dependencies]\nfirst = {{ {options} }}\n{rest}")
        return told(root)

    absent = 'version = "1", features = ["no"]'
    said = ["first 1.2.0 does not have the feature 'no': it has std"]
    assert asking(absent) == []  # its manifest is not there
    source = root / "root/.cargo/registry/src/x/first-1.2.0/Cargo.toml"
    miniroot.write(source, FIRST + '[features]\nstd = ["second/std"]\n')
    assert asking('version = "1", features = ["std"]') == []
    assert asking(absent) == said
    assert asking(absent + ", optional = true") == said
    assert asking('version = "1"', '[features]\noff = ["first/no"]\n') == said
    assert asking('version = "2", features = ["no"]') == []  # cargo takes another release
    assert asking(absent, 'second = "2"\n') == []  # Cargo.lock is behind: cargo selects again
    assert asking('git = "https://mirror.example/first", features = ["no"]') == []
    assert asking(absent + ', registry = "own"') == []
    assert asking(absent, '[patch.crates-io]\nfirst = { git = "https://mirror.example/first" }\n') == []
    miniroot.write(root / "root/.cargo/registry/src/y/first-1.2.0/Cargo.toml", FIRST + "[features]\nno = []\n")
    assert asking(absent) == []  # another registry's release of that number has it
    miniroot.write(root / "root/.cargo/registry/src/y/first-1.2.0/Cargo.toml", "no TOML")
    assert asking(absent) == []


def test_features_that_cannot_be_read_are_not_inspected_where_crates_are_downloaded(tmp_path: Path) -> None:
    root = project(tmp_path)
    words = "the features of the dependencies"
    assert words not in env.read(str(root), cwd=str(root / "p"), environ={"PATH": "/usr/bin"}).unseen
    manifest = LOCAL + '[dependencies]\nfirst = { version = "1", features = ["std"] }\n'
    miniroot.write(root / "p/Cargo.toml", manifest)
    assert words in env.read(str(root), cwd=str(root / "p"), environ={"PATH": "/usr/bin"}).unseen
    miniroot.write(root / "root/.cargo/registry/src/x/first-1.2.0/Cargo.toml", FIRST + "[features]\nstd = []\n")
    assert words not in env.read(str(root), cwd=str(root / "p"), environ={"PATH": "/usr/bin"}).unseen
