"""Fixes carried out: whole or not at all, and back again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from diagnose.fixes import apply
from diagnose.model.finding import Command, FileEdit, Stage


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


def test_interrupted_is_as_before(root: Path) -> None:
    def interrupt(line: str) -> None:
        if line.startswith("run"):
            raise KeyboardInterrupt

    before = snapshot(root)
    (root / "project").mkdir()
    with pytest.raises(KeyboardInterrupt):
        apply.apply((OLD, NEW), [Command("true", Stage.UPDATE)], str(root), str(root / "project"), interrupt)
    assert snapshot(root) == before
    assert apply.undo(interrupt) == 0


@pytest.mark.parametrize("where", ["write /etc/sources", "write .cargo/config.toml", "run   kill -KILL $PPID"])
def test_killed_is_undone(root: Path, where: str) -> None:
    """Nothing can be done at the moment itself; the journal knows everything all the same."""
    before = snapshot(root)
    (root / "project").mkdir()
    script = f"""
import os, signal
from diagnose.model.finding import Command, FileEdit, Stage
from diagnose.fixes import apply
def show(line):
    if line == {where!r} and line.startswith("write"):
        replace = os.replace
        def last(source, target):
            if {where.split("/")[-1]!r} == os.path.basename(target):
                os.kill(os.getpid(), signal.SIGKILL)
            replace(source, target)
        os.replace = last
edits = ({OLD!r}, {NEW!r})
apply.apply(edits, [Command("kill -KILL $PPID", Stage.UPDATE)], {str(root)!r}, {str(root / "project")!r}, show)
"""
    done = subprocess.run([sys.executable, "-c", script])
    assert done.returncode == -signal.SIGKILL
    assert snapshot(root) != before
    apply.undo(lambda line: None)
    for scratch in root.rglob(".diagnose-*"):
        scratch.unlink()
    assert snapshot(root) == before


def test_what_was_changed_since_is_kept(root: Path) -> None:
    shown: list[str] = []
    carry_out(root, (OLD, NEW))
    (root / "etc/sources").write_text("mine\n")
    (root / "project/.cargo/config.toml").write_text("[mine]\n")
    assert apply.undo(shown.append) == 0
    assert (root / "etc/sources").read_text() == "mine\n"
    assert (root / "project/.cargo/config.toml").read_text() == "[mine]\n"
    assert len(shown) == 2
    assert shown[1].endswith(f"changed since; as it was before: {root}/etc/sources.diagnose.bak")
    assert (root / "etc/sources.diagnose.bak").read_text() == "old\n"


def test_a_linked_file_stays_a_link(root: Path) -> None:
    (root / "project/.cargo").mkdir(parents=True)
    (root / "dotfile.toml").write_text("a\n")
    (root / "project/.cargo/config.toml").symlink_to("../../dotfile.toml")
    carry_out(root, (FileEdit(".cargo/config.toml", "a\n", "b\n"),))
    assert (root / "dotfile.toml").read_text() == "b\n"
    apply.undo(lambda line: None)
    assert (root / "project/.cargo/config.toml").is_symlink()
    assert (root / "dotfile.toml").read_text() == "a\n"


def test_only_folders_that_were_made_go(root: Path) -> None:
    (root / "project/.cargo").mkdir(parents=True)
    carry_out(root, (NEW, FileEdit("/etc/a/b/c", None, "x\n")))
    assert apply.undo(lambda line: None) == 2
    assert (root / "project/.cargo").is_dir()
    assert not (root / "etc/a").exists()


@pytest.mark.parametrize("fails", [False, True])
def test_an_architecture_is_taken_back(root: Path, fails: bool) -> None:
    log = root / "project/log"
    commands = [Command(f"echo --add-architecture >> {log}", Stage.ARCHITECTURE)]
    commands += [Command("false", Stage.UPDATE)] if fails else []
    (root / "project").mkdir()
    with contextlib.suppress(apply.ApplyError):
        apply.apply((OLD,), commands, str(root), str(root / "project"), lambda line: None)
    assert fails or log.read_text() == "--add-architecture\n"
    assert apply.undo(lambda line: None) == int(not fails)
    assert log.read_text() == "--add-architecture\n--remove-architecture\n"
    assert (root / "etc/sources").read_text() == "old\n"


def test_a_broken_journal_is_one_line(root: Path) -> None:
    carry_out(root, (OLD,))
    Path(apply.journal()).write_text('[["a"]]')
    with pytest.raises(apply.ApplyError, match=r"applied\.json: "):
        apply.undo(lambda line: None)


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
