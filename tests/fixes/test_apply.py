"""Fixes carried out: whole or not at all, and back again."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import subprocess
from pathlib import Path

import pace
import pytest
from conftest import need

from diagnose.fixes import apply, disk, file_edits, journal, renames
from diagnose.fixes.disk import ApplyError
from diagnose.fixes.undo import undo
from diagnose.model.finding import Command, FileEdit, FixStage


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def carry_out(root: Path, edits: tuple[FileEdit, ...], *lines: str, unsafe: bool = False) -> list[str]:
    shown: list[str] = []
    (root / "project").mkdir(exist_ok=True)
    commands = [Command(line, FixStage.UPDATE) for line in lines]
    apply.apply(edits, commands, str(root), str(root / "project"), shown.append, unsafe)
    return shown


def kept(root: Path) -> list[Path]:
    return sorted(root.rglob("*.diagnose-*.bak"))


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
    (original,) = kept(root)
    assert shown == ["write /etc/sources", f"kept  {original}", "write .cargo/config.toml", "run   touch ran"]
    assert (root / "etc/sources").read_text() == "new\n"
    assert (root / "etc/sources").stat().st_mode & 0o777 == 0o640
    assert original.read_text() == "old\n"
    assert (root / "project/.cargo/config.toml").read_text() == "[env]\n"
    os.remove(root / "project/ran")
    assert undo(shown.append) == (2, 0)
    assert snapshot(root) == before
    assert not (root / "project/.cargo").exists()
    assert undo(shown.append) == (0, 0)


def test_undo_goes_back_to_the_first_of_several(root: Path) -> None:
    carry_out(root, (OLD,))
    carry_out(root, (FileEdit("/etc/sources", "new\n", "newer\n"),))
    assert undo(lambda line: None) == (1, 0)
    assert (root / "etc/sources").read_text() == "old\n"


@pytest.mark.parametrize("earlier", [False, True])
def test_a_failing_command_leaves_nothing(root: Path, earlier: bool) -> None:
    edit = OLD
    if earlier:
        carry_out(root, (OLD,))
        edit = FileEdit("/etc/sources", "new\n", "newer\n")
    before = snapshot(root)
    with pytest.raises(ApplyError, match=r"`false` failed with exit code 1"):
        carry_out(root, (edit, NEW), "false", "touch never")
    assert snapshot(root) == before
    assert not (root / "project/never").exists()
    assert undo(lambda line: None) == (int(earlier), 0)


def test_standard_output_is_the_reports(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    carry_out(root, (OLD,), "echo installed")
    assert capfd.readouterr() == ("", "installed\n")


def test_interrupted_is_as_before(root: Path) -> None:
    def interrupt(line: str) -> None:
        if line.startswith("run"):
            raise KeyboardInterrupt

    before = snapshot(root)
    (root / "project").mkdir()
    with pytest.raises(KeyboardInterrupt):
        apply.apply((OLD, NEW), [Command("true", FixStage.UPDATE)], str(root), str(root / "project"), interrupt)
    assert snapshot(root) == before
    assert undo(interrupt) == (0, 0)


def test_what_was_changed_since_is_kept_and_shown(root: Path) -> None:
    shown: list[str] = []
    carry_out(root, (OLD, NEW))
    (original,) = kept(root)
    (root / "etc/sources").write_text("mine\n")
    (root / "project/.cargo/config.toml").write_text("[mine]\n")
    assert undo(shown.append) == (0, 2)
    assert (root / "etc/sources").read_text() == "mine\n"
    assert (root / "project/.cargo/config.toml").read_text() == "[mine]\n"
    assert shown[0].endswith("config.toml: changed since; the file did not exist before")
    assert shown[1].endswith(f"sources: changed since; its original is {original}")
    assert "        -old" in shown and "        +mine" in shown
    assert shown[-1].endswith(f"mv {original} {root}/etc/sources")
    assert original.read_text() == "old\n"
    # As it was written again, it can be put back.
    (root / "etc/sources").write_text("new\n")
    assert undo(shown.append) == (1, 1)
    (root / "project/.cargo/config.toml").write_text("[env]\n")
    assert undo(shown.append) == (1, 0)
    assert snapshot(root) == {"etc/sources": "old\n"}


def test_the_line_that_is_shown_ends_a_refusal(root: Path) -> None:
    carry_out(root, (OLD,))
    carry_out(root, (FileEdit("/etc/sources", "new\n", "newer\n"),))
    (root / "etc/sources").write_text("mine\n")
    shown: list[str] = []
    assert undo(shown.append) == (0, 1)
    subprocess.run(shown[-1].partition("anyway: ")[2], shell=True, check=True)
    assert undo(shown.append) == (0, 0)
    assert snapshot(root) == {"etc/sources": "old\n"}


def test_an_original_is_never_written_over(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not after an edit, not from another home, not without the journal, and not where a file looks like a backup."""
    theirs = [root / "etc/sources.diagnose.bak", root / f"etc/sources.diagnose-{'0' * 16}-{'0' * 16}.bak"]
    for file in theirs:
        file.write_text("theirs\n")
    carry_out(root, (OLD,))
    (root / "etc/sources").write_text("mine\n")
    assert undo(lambda line: None) == (0, 1)
    carry_out(root, (FileEdit("/etc/sources", "mine\n", "a\n"),))
    home = os.environ["XDG_STATE_HOME"]
    monkeypatch.setenv("XDG_STATE_HOME", f"{home}-2")
    carry_out(root, (FileEdit("/etc/sources", "a\n", "b\n"),))
    shutil.rmtree(f"{home}-2")
    carry_out(root, (FileEdit("/etc/sources", "b\n", "c\n"),))
    assert {file.read_text() for file in kept(root)} == {"old\n", "mine\n", "a\n", "b\n", "theirs\n"}
    assert undo(lambda line: None) == (1, 0)
    os.replace(next(file for file in kept(root) if file.read_text() == "a\n"), root / "etc/sources")
    monkeypatch.setenv("XDG_STATE_HOME", home)
    assert undo(lambda line: None) == (1, 1)
    assert (root / "etc/sources").read_text() == "mine\n"
    (root / "etc/sources").write_text("new\n")
    assert undo(lambda line: None) == (1, 0)
    assert (root / "etc/sources").read_text() == "old\n"
    assert [file.read_text() for file in theirs] == ["theirs\n"] * 2


def test_an_original_without_a_journal_is_named(root: Path) -> None:
    (root / "project/.cargo").mkdir(parents=True)
    (root / "project/.cargo/config.toml").write_text("a\n")
    (root / f"project/.cargo/config.toml.diagnose-{'0' * 16}-{'0' * 16}.bak").write_text("theirs\n")
    carry_out(root, (FileEdit(".cargo/config.toml", "a\n", "b\n"),))
    shutil.rmtree(os.environ["XDG_STATE_HOME"])
    shown: list[str] = []
    assert undo(shown.append, str(root / "project")) == (0, 1)
    assert len(shown) == 2
    subprocess.run(shown[1].partition("restore it: ")[2], shell=True, check=True)
    assert (root / "project/.cargo/config.toml").read_text() == "a\n"
    assert undo(shown.append, str(root / "project")) == (0, 0)


def test_all_that_belongs_to_a_file_survives(root: Path) -> None:
    file = root / "etc/sources"
    os.utime(file, ns=(1_600_000_000_123_456_789, 1_500_000_000_987_654_321))
    if os.geteuid() == 0:
        os.chown(file, 1234, 4321)
        file.chmod(0o4751)
    attributes = {"user.origin": b"ours"} if attribute(file, "user.origin", b"ours") else {}
    if shutil.which("setfacl") and not subprocess.run(["setfacl", "-m", "u:1:rwx", file]).returncode:
        attributes["system.posix_acl_access"] = os.getxattr(file, "system.posix_acl_access")
    before = file.stat()
    carry_out(root, (OLD,))
    for number, when in enumerate(("written", "undone")):
        now = file.stat()
        assert (now.st_mode, now.st_uid, now.st_gid) == (before.st_mode, before.st_uid, before.st_gid), when
        assert {name: os.getxattr(file, name) for name in os.listxattr(file)} == attributes, when
        assert undo(lambda line: None) == (1 - number, 0)
    assert (now.st_ino, now.st_mtime_ns, now.st_nlink) == (before.st_ino, before.st_mtime_ns, 1)


def attribute(file: Path, name: str, value: bytes) -> bool:
    try:
        os.setxattr(file, name, value)
    except OSError:
        return False
    return True


def test_what_a_folder_gives_to_new_files_is_not_given_to_a_written_one(root: Path) -> None:
    need(shutil.which("setfacl"), "setfacl is not installed")
    need(not subprocess.run(["setfacl", "-d", "-m", "u:1:rwx", root / "etc"]).returncode, "no ACLs here")
    carry_out(root, (OLD,))
    assert os.listxattr(root / "etc/sources") == []
    assert (root / "etc/sources").stat().st_mode & 0o777 == 0o640


def test_a_file_with_several_names_needs_consent(root: Path) -> None:
    os.link(root / "etc/sources", root / "other")
    with pytest.raises(ApplyError, match=r"^/etc/sources has 1 more hard link, which would not change: --unsafe"):
        carry_out(root, (NEW, OLD))
    assert snapshot(root) == {"etc/sources": "old\n", "other": "old\n"}
    shown = carry_out(root, (OLD,), unsafe=True)
    assert shown[0].startswith("note  ")
    assert (root / "other").read_text() == "old\n" and (root / "etc/sources").read_text() == "new\n"
    assert undo(lambda line: None) == (1, 0)
    assert (root / "other").samefile(root / "etc/sources")


def test_a_link_out_of_the_project_needs_consent(root: Path, tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles/config.toml").write_text("a\n")
    (root / "project").mkdir()
    (root / "project/.cargo").symlink_to("../../dotfiles")
    edit = FileEdit(".cargo/config.toml", "a\n", "b\n")
    with pytest.raises(ApplyError, match=r"is, by a symbolic link, /.*dotfiles/config\.toml, outside of /.*/project"):
        carry_out(root, (edit,))
    carry_out(root, (edit,), unsafe=True)
    assert (tmp_path / "dotfiles/config.toml").read_text() == "b\n"
    assert undo(lambda line: None) == (1, 0)
    assert [file.name for file in (tmp_path / "dotfiles").iterdir()] == ["config.toml"]


def test_bytes_that_are_not_text_survive(root: Path) -> None:
    raw = b"# caf\xe9 \xff\r\n\x85old\n"
    (root / "etc/sources").write_bytes(raw)
    text = raw.decode("utf-8", "surrogateescape")
    carry_out(root, (FileEdit("/etc/sources", text, text + "new\n"),))
    assert (root / "etc/sources").read_bytes() == raw + b"new\n"
    assert undo(lambda line: None) == (1, 0)
    assert (root / "etc/sources").read_bytes() == raw
    with pytest.raises(ApplyError, match=r"^/etc/sources: its new content cannot be written as UTF-8"):
        carry_out(root, (FileEdit("/etc/sources", text, "\ud800"),))


def test_a_linked_file_stays_a_link(root: Path) -> None:
    (root / "project/.cargo").mkdir(parents=True)
    (root / "project/dotfile.toml").write_text("a\n")
    (root / "project/.cargo/config.toml").symlink_to("../dotfile.toml")
    carry_out(root, (FileEdit(".cargo/config.toml", "a\n", "b\n"),))
    assert (root / "project/dotfile.toml").read_text() == "b\n"
    undo(lambda line: None)
    assert (root / "project/.cargo/config.toml").is_symlink()
    assert (root / "project/dotfile.toml").read_text() == "a\n"


def test_only_folders_that_were_made_go(root: Path) -> None:
    (root / "project/.cargo").mkdir(parents=True)
    carry_out(root, (NEW, FileEdit("/etc/a/b/c", None, "x\n")))
    assert undo(lambda line: None) == (2, 0)
    assert (root / "project/.cargo").is_dir()
    assert not (root / "etc/a").exists()


@pytest.mark.parametrize("fails", [False, True])
def test_an_architecture_is_taken_back(root: Path, dpkg: Path, fails: bool) -> None:
    commands = [Command(f"dpkg --add-architecture {name}", FixStage.ARCHITECTURE) for name in ("armhf", "riscv64")]
    commands += [Command("false", FixStage.UPDATE)] if fails else []
    (root / "project").mkdir()
    with contextlib.suppress(ApplyError):
        apply.apply((OLD,), commands, str(root), str(root / "project"), lambda line: None)
    assert fails or (dpkg / "arch").read_text().split()[1:] == ["riscv64", "armhf"]
    assert undo(lambda line: None) == (int(not fails), 0)
    assert (dpkg / "arch").read_text().split()[1:] == ["riscv64"], "what was there before is not ours"
    assert (root / "etc/sources").read_text() == "old\n"


def test_an_architecture_in_use_stays_and_the_way_out_is_shown(root: Path, dpkg: Path) -> None:
    add = Command("dpkg --add-architecture armhf", FixStage.ARCHITECTURE)
    (root / "project").mkdir()
    apply.apply((), [add], str(root), str(root / "project"), lambda line: None)
    status = (
        "Package: a\nStatus: install ok installed\nArchitecture: armhf\nVersion: 1\nMaintainer: a\nDescription: a\n\n"
    )
    (dpkg / "status").write_text(status)
    shown: list[str] = []
    assert undo(shown.append) == (0, 0)
    assert shown[-1].endswith("once they are gone: dpkg --remove-architecture armhf")


@pytest.fixture
def dpkg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let dpkg work on lists of its own, in which riscv64 was added by hand."""
    need(shutil.which("dpkg"), "dpkg is not installed")
    (tmp_path / "dpkg").mkdir()
    (tmp_path / "dpkg/status").touch()
    monkeypatch.setenv("DPKG_ADMINDIR", str(tmp_path / "dpkg"))
    subprocess.run(["dpkg", "--add-architecture", "riscv64"], check=True)
    return tmp_path / "dpkg"


SHA = "0" * 64
GOOD = {"version": 1, "id": "0" * 16, "path": "/etc/nothing", "after": SHA}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({**GOOD, "version": 2}, "written by another version"),
        ({**GOOD, "path": "etc/passwd"}, "path 'etc/passwd' is not"),
        ({**GOOD, "before": "../../x"}, "before"),
        ({**GOOD, "id": "../../x"}, "id"),
        ({**GOOD, "after": ""}, "the record"),
        ({**GOOD, "folder": "/usr"}, "the record"),
        ({**GOOD, "reverse": "touch /tmp/x"}, "the record"),
        ({"version": 1, "id": "0" * 16, "architecture": "armhf; touch x"}, "architecture"),
        ({"version": 1, "id": "0" * 16, "architecture": "--root=x"}, "architecture"),
        (["a"], "not a record"),
        ({**GOOD, "path": "/etc/a\0b"}, "path"),
        ({**GOOD, "path": "/etc/\ud800"}, "path"),
        ({**GOOD, "path": "x" * 1_000_000}, "path 'xxx"),
        ({"version": 1, "id": [], "undone": True}, "id"),
        ({"version": 1, "id": {}, "undone": True}, "id"),
    ],
)
def test_a_journal_that_this_version_did_not_write_is_one_line(root: Path, record: object, reason: str) -> None:
    carry_out(root, (OLD,))
    path = Path(journal.location())
    path.write_text(json.dumps(record) + "\n" + path.read_text())
    with pytest.raises(ApplyError, match=rf"journal\.jsonl.*{reason}") as caught:
        undo(lambda line: None)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 1000
    assert (root / "etc/sources").read_text() == "new\n"


def test_a_long_journal_is_read_in_proportion(tmp_path: Path) -> None:
    path = Path(journal.location())
    path.parent.mkdir(parents=True, mode=0o700)
    with path.open("w") as file:
        for number in range(30_000):
            file.write(json.dumps({**GOOD, "id": f"{number:016x}", "path": f"/nowhere/{number}"}) + "\n")
        for number in range(1, 30_000):
            file.write(json.dumps({"version": 1, "id": f"{number:016x}", "undone": True}) + "\n")
    path.chmod(0o600)
    with pace.within(3), journal.opened() as log:
        assert [entry.path for entry in log.entries] == ["/nowhere/0"]


def test_a_journal_that_somebody_else_may_write_is_not_read(root: Path) -> None:
    carry_out(root, (OLD,))
    os.chmod(journal.location(), 0o666)
    with pytest.raises(ApplyError, match="only this user can write"):
        undo(lambda line: None)
    os.rename(journal.location(), root / "journal")
    os.symlink(root / "journal", journal.location())
    with pytest.raises(ApplyError, match="too many levels"):
        undo(lambda line: None)


@pytest.mark.parametrize("tail", [b'{"version": 1, "id"', b"\0\0\0\n"])
def test_half_a_record_was_no_change(root: Path, tail: bytes) -> None:
    carry_out(root, (OLD,))
    with open(journal.location(), "ab") as file:
        file.write(tail)
    carry_out(root, (NEW,))
    assert undo(lambda line: None) == (2, 0)


def test_only_one_run_at_a_time(root: Path) -> None:
    with journal.opened(), pytest.raises(ApplyError, match="another `diagnose env --apply` or `diagnose undo`"):
        carry_out(root, (OLD,))
    carry_out(root, (OLD,))
    with journal.opened(), pytest.raises(ApplyError, match="another"):
        undo(lambda line: None)


def test_another_home_waits_for_the_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_edits, "PATIENCE", 0.1)
    with disk.locked(str(root / "etc")), pytest.raises(ApplyError, match=r"/etc: another .* are unchanged"):
        carry_out(root, (OLD,))
    assert undo(lambda line: None) == (0, 0)
    assert snapshot(root) == {"etc/sources": "old\n"}


def test_without_a_home_nothing_is_written(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "nowhere")
    with pytest.raises(ApplyError, match="XDG_STATE_HOME"):
        carry_out(root, (OLD,))
    assert snapshot(root) == {"etc/sources": "old\n"}


@pytest.mark.parametrize("plain", [False, True])
def test_without_exchange_and_links(root: Path, monkeypatch: pytest.MonkeyPatch, plain: bool) -> None:
    """Where the kernel or the file system has no such renames, and where it has no links either."""

    def no_link(*args: object, **options: object) -> None:
        raise PermissionError(errno.EPERM, "no links")

    monkeypatch.setattr(renames, "_renameat2", lambda: None)
    if plain:
        monkeypatch.setattr(os, "link", no_link)
    os.utime(root / "etc/sources", ns=(1, 2))
    carry_out(root, (OLD, NEW))
    (original,) = kept(root)
    assert original.stat().st_mtime_ns == 2 and original.stat().st_mode & 0o777 == 0o640
    assert undo(lambda line: None) == (2, 0)
    assert snapshot(root) == {"etc/sources": "old\n"}
    assert (root / "etc/sources").stat().st_mtime_ns == 2


def test_a_file_that_changed_meanwhile_is_not_overwritten(root: Path) -> None:
    (root / "etc/sources").write_text("mine\n")
    with pytest.raises(ApplyError, match="changed since it was read"):
        carry_out(root, (NEW, OLD))
    assert snapshot(root) == {"etc/sources": "mine\n"}


def test_a_link_out_of_the_root_is_not_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("old\n")
    (root / "etc/sources").unlink()
    (root / "etc/sources").symlink_to("../../outside")
    with pytest.raises(ApplyError, match="leaves the root"):
        carry_out(root, (OLD,))
    assert (tmp_path / "outside").read_text() == "old\n"


def test_no_permission_is_one_line(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ApplyError, match=r"^/etc/sources/x: not a directory"):
        carry_out(root, (OLD, FileEdit("/etc/sources/x", None, "x\n")))
    assert snapshot(root) == {"etc/sources": "old\n"}
