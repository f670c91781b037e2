"""Repositories that have moved to the vault: which lines of their files change, and that the change can be undone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import need
from roots import cases, judged, look, read

from diagnose.fixes import apply, plan
from diagnose.fixes.undo import undo
from diagnose.model.finding import FileEdit
from diagnose.remedies.rpm_repos import vault_edits

OLD_IMAGE = cases.CASES["manylinux2014-old-image"]
REPO = "/etc/yum.repos.d/CentOS-Base.repo"
GONE = "mirrorlist=http://mirrorlist.centos.org/?release=7\n"


def edits(tmp_path: Path, content: bytes) -> tuple[FileEdit, ...]:
    root = cases.furnish(OLD_IMAGE, str(tmp_path))
    Path(f"{root}{REPO}").write_bytes(content)
    return vault_edits(look(OLD_IMAGE, root))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"[a]\n{GONE}#baseurl=http://mirror.centos.org/a/\n", f"[a]\n#{GONE}baseurl=http://vault.centos.org/a/\n"),
        (f"[a]\n{GONE}# baseurl = https://mirror.centos.org/a", f"[a]\n#{GONE}baseurl = https://vault.centos.org/a"),
        # Of several addresses each, also in the lines that continue the option, and nothing else that names the server.
        (
            "[a]\nbaseurl=http://mirror.centos.org/a\n  http://mirror.centos.org/b\ngpgkey=http://mirror.centos.org/k\n",
            "[a]\nbaseurl=http://vault.centos.org/a\n  http://vault.centos.org/b\ngpgkey=http://mirror.centos.org/k\n",
        ),
        # A mirror of the user's own stays the only address.
        (
            f"[a]\n{GONE}#baseurl=http://mirror.centos.org/a\nbaseurl=http://own.example/a\n",
            f"[a]\n#{GONE}#baseurl=http://mirror.centos.org/a\nbaseurl=http://own.example/a\n",
        ),
        # Somebody else's repository in the same file.
        (
            f"[a]\n{GONE}#baseurl=http://mirror.centos.org/a\n[b]\nmirrorlist=http://b.example/\n#baseurl=http://x.example/\n",
            f"[a]\n#{GONE}baseurl=http://vault.centos.org/a\n[b]\nmirrorlist=http://b.example/\n#baseurl=http://x.example/\n",
        ),
        # The file's own line ends, a form feed in a comment, bytes that are not UTF-8.
        (
            f"# \x0c\udce9\r\n[a]\r\n{GONE[:-1]}\r\n#baseurl=http://mirror.centos.org/a\r\n",
            f"# \x0c\udce9\r\n[a]\r\n#{GONE[:-1]}\r\nbaseurl=http://vault.centos.org/a\r\n",
        ),
    ],
)
def test_exactly_the_addresses_that_are_gone_change(tmp_path: Path, before: str, after: str) -> None:
    (edit,) = edits(tmp_path, before.encode("utf-8", "surrogateescape"))
    assert edit == FileEdit(REPO, before, after)


@pytest.mark.parametrize("content", [f"[a]\n{GONE}", f"[a]\n{GONE}[b]\n#baseurl=http://mirror.centos.org/b\n"])
def test_a_repository_is_never_left_without_an_address(tmp_path: Path, content: str) -> None:
    assert edits(tmp_path, content.encode()) == ()


def test_the_edit_repairs_the_root_and_undo_takes_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need(sys.platform != "win32", "Windows cannot edit or undo")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    facts = read(OLD_IMAGE, str(tmp_path))
    root = tmp_path / "root"
    before = Path(f"{root}{REPO}").read_bytes()
    steps = plan.plan(judged(facts).findings)
    assert [edit.path for edit in steps.sources] == [REPO]
    assert not any("sed" in command.line for command in steps.commands)
    apply.apply(steps.sources, [], str(root), str(tmp_path / "project"), lambda _: None)
    assert "rpm-repo-eol" not in {finding.check for finding in judged(look(OLD_IMAGE, str(root))).findings}
    undo(lambda _: None)
    assert Path(f"{root}{REPO}").read_bytes() == before
    assert [path.name for path in Path(f"{root}{REPO}").parent.iterdir()] == ["CentOS-Base.repo"]
