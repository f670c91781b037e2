"""Which manifests cargo loads with the one that it builds, and whose workspace they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from readers import miniroot

from diagnose.readers import env
from diagnose.readers.cargo import project_facts
from diagnose.readers.env import Environment

PACKAGE = '[package]\nname = "{}"\nversion = "0.1.0"\nedition = "2021"\n'
LOCK = 'version = 4\n[[package]]\nname = "{}"\nversion = "0.1.0"\n'


def _package(folder: Path, more: str = "") -> Path:
    miniroot.write(folder / "Cargo.toml", PACKAGE.format(folder.name) + more)
    miniroot.write(folder / "src/lib.rs", "")
    return folder


def _read(folder: Path) -> Environment:
    root = folder / "root"
    if not root.exists():
        miniroot.make(root)
    return env.read(str(root), "x86_64-unknown-linux-gnu", cwd=str(folder), environ={})


def _project(folder: Path) -> project_facts.Project:
    return _read(folder).project


def _folder(tmp_path: Path) -> Path:
    return Path(os.path.realpath(tmp_path)) / "a/b"


@pytest.mark.parametrize("how", ["pattern", "names"])
def test_a_member_of_a_large_workspace_is_a_member(tmp_path: Path, how: str) -> None:
    top = _folder(tmp_path)
    members = '"crates/*"' if how == "pattern" else ", ".join(f'"crates/m{number}"' for number in range(250))
    miniroot.write(top / "Cargo.toml", f"[workspace]\nmembers = [{members}]\n")
    for number in range(250):
        _package(top / f"crates/m{number}")
    facts = _read(top / "crates/m249")
    assert not facts.refusals
    assert (len(facts.project.members), len(facts.project.manifests)) == (250, 200)
    assert any("beyond the first 200" in one for one in facts.unseen)


def test_what_a_package_depends_on_is_read_before_other_members(tmp_path: Path) -> None:
    top = _folder(tmp_path)
    miniroot.write(top / "Cargo.toml", '[workspace]\nmembers = ["crates/*"]\n')
    for number in range(250):
        _package(top / f"crates/m{number}")
    _package(top / "crates/z", '[dependencies]\ny = { path = "../y" }\n')
    _package(top / "crates/y", '[dependencies]\nx = { path = "../x" }\n')
    _package(top / "crates/x")
    read = [os.path.basename(os.path.dirname(path)) for path, _ in _project(top / "crates/z").manifests]
    assert read[:4] == ["z", "b", "y", "x"]


def test_a_package_that_another_workspace_does_not_name_may_be_depended_on(tmp_path: Path) -> None:
    top = _folder(tmp_path)
    miniroot.write(top / "Cargo.toml", '[workspace]\nmembers = ["listed"]\n')
    _package(top / "listed", "[workspace]\n")
    _package(top / "unlisted")
    own = _package(top / "own", '[workspace]\n[dependencies]\nunlisted = { path = "../unlisted" }\n')
    assert not _read(own).refusals
    assert [one.cause for one in _read(top / "unlisted").refusals] == ["cargo-workspace-refused"] * 2  # nested, too


@pytest.mark.parametrize("how", ["members", "path"])
def test_a_member_of_the_workspace_above(tmp_path: Path, how: str) -> None:
    top = _folder(tmp_path)
    named = (
        'members = ["inner"]\n' if how == "members" else f'{PACKAGE.format("b")}[dependencies]\ninner.path = "inner"\n'
    )
    miniroot.write(top / "Cargo.toml", f"[workspace]\n{named}")
    miniroot.write(top / "src/lib.rs", "")
    assert not _read(_package(top / "inner")).refusals


def test_the_lock_file_is_that_of_the_workspace(tmp_path: Path) -> None:
    top = _folder(tmp_path)
    miniroot.write(top / "Cargo.toml", '[workspace]\nmembers = ["inner"]\nexclude = ["other"]\n')
    miniroot.write(top / "Cargo.lock", LOCK.format("inner"))
    inner, other = _package(top / "inner"), _package(top / "other")
    miniroot.write(inner / "Cargo.lock", LOCK.format("stale"))
    assert _project(inner).lock == f"{top}/Cargo.lock"
    assert (_project(other).lock, _project(other).top) == ("", f"{other}/Cargo.toml")


def test_a_folder_that_is_inherited_is_missed(tmp_path: Path) -> None:
    top = _folder(tmp_path)
    shared = '[workspace.dependencies]\nused.path = "used"\nunused.path = "unused"\n'
    miniroot.write(top / "Cargo.toml", f'[workspace]\nmembers = ["inner"]\n{shared}')
    inner = _package(top / "inner", "[dependencies]\nused.workspace = true\n")
    assert _project(inner).absent == ((f"{top}/used/Cargo.toml", f"used in {inner}/Cargo.toml"),)
    _package(top / "used")
    assert not _project(inner).absent
