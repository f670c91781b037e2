"""cargo-versions-unresolved looks where cargo looks, and only for crates that a build surely needs."""

from __future__ import annotations

from pathlib import Path

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
