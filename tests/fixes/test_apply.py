"""Fixes carried out: whole or not at all, and back again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from diagnose.finding import Command, FileEdit, Stage
from diagnose.fixes import apply


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def carry_out(root: Path, files: tuple[FileEdit, ...], *lines: str) -> list[str]:
    shown: list[str] = []
    (root / "project").mkdir(exist_ok=True)
    commands = [Command(line, Stage.UPDATE) for line in lines]
    apply.apply(files, commands, str(root), str(root / "project"), shown.append)
    return shown


def snapshot(root: Path) -> dict[str, str]:
    return {str(p.relative_to(root)): p.read_text() for p in root.rglob("*") if p.is_file() and "state" not in p.parts}


OLD = FileEdit("/etc/sources", "old\n", "new\n")
NEW = FileEdit(".cargo/config.toml", None, "[env]\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/sources").write_text("old\n")
    (tmp_path / "root/etc/sources").chmod(0o640)
    return tmp_path / "root"


def test_written_shown_and_undone(root: Path) -> None:
    before = snapshot(root)
    shown = carry_out(root, (OLD, NEW), "touch ran")
    assert shown == ["write /etc/sources", "write .cargo/config.toml", "run   touch ran"]
    assert (root / "etc/sources").read_text() == "new\n"
    assert (root / "etc/sources").stat().st_mode & 0o777 == 0o640
    assert (root / "etc/sources.diagnose.bak").read_text() == "old\n"
    assert (root / "project/.cargo/config.toml").read_text() == "[env]\n"
    os.remove(root / "project/ran")
    assert apply.undo(shown.append) == 2
    assert snapshot(root) == before
    assert not (root / "project/.cargo").exists()
    assert apply.undo(shown.append) == 0


def test_undo_goes_back_to_the_first_of_several(root: Path) -> None:
    carry_out(root, (OLD,))
    carry_out(root, (FileEdit("/etc/sources", "new\n", "newer\n"),))
    assert apply.undo(lambda line: None) == 1
    assert (root / "etc/sources").read_text() == "old\n"


@pytest.mark.parametrize("earlier", [False, True])
def test_a_failing_command_leaves_nothing(root: Path, earlier: bool) -> None:
    edit = OLD
    if earlier:
        carry_out(root, (OLD,))
        edit = FileEdit("/etc/sources", "new\n", "newer\n")
    before = snapshot(root)
    with pytest.raises(apply.ApplyError, match=r"`false` failed with exit code 1"):
        carry_out(root, (edit, NEW), "false", "touch never")
    assert snapshot(root) == before
    assert not (root / "project/never").exists()
    assert apply.undo(lambda line: None) == int(earlier)


def test_a_file_that_changed_meanwhile_is_not_overwritten(root: Path) -> None:
    (root / "etc/sources").write_text("mine\n")
    with pytest.raises(apply.ApplyError, match="not as it was"):
        carry_out(root, (NEW, OLD))
    assert snapshot(root) == {"etc/sources": "mine\n"}


def test_a_link_out_of_the_root_is_not_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("old\n")
    (root / "etc/sources").unlink()
    (root / "etc/sources").symlink_to("../../outside")
    with pytest.raises(apply.ApplyError, match="leaves the root"):
        carry_out(root, (OLD,))
    assert (tmp_path / "outside").read_text() == "old\n"


def test_no_permission_is_one_line(root: Path, tmp_path: Path) -> None:
    with pytest.raises(apply.ApplyError, match=r"File name too long|Not a directory"):
        carry_out(root, (OLD, FileEdit("/etc/sources/x", None, "x\n")))
    assert snapshot(root) == {"etc/sources": "old\n"}
