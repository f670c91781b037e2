"""``workflow --diff`` and ``--apply``: a workflow that is there gets what its legs lack, and nothing else changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from diagnose.cli import fast

HERE = Path(__file__).resolve().parents[2]
WORKFLOW = """\
name: CI
on: [push]
jobs:
  linux:
    runs-on: ${{ matrix.platform.runner }}
    strategy:
      matrix:
        platform:
          - {runner: ubuntu-24.04, target: x86_64, manylinux: 2_28}
          - {runner: ubuntu-24.04-arm, target: aarch64, manylinux: auto}
          - {runner: ubuntu-24.04, target: armv7, manylinux: auto}
    steps:
      - uses: actions/checkout@v4
      - uses: PyO3/maturin-action@v1
        with:
          # which processor
          target: ${{ matrix.platform.target }}
          args: "--release --out dist"
          manylinux: ${{ matrix.platform.manylinux }}
      # keep them
      - uses: actions/upload-artifact@v4
        with: {name: wheels, path: dist}
"""
PATCHED = """\
--- a/.github/workflows/ci.yml
+++ b/.github/workflows/ci.yml
@@ -14,9 +14,18 @@
       - uses: PyO3/maturin-action@v1
         with:
           # which processor
+          before-script-linux: |
+            if command -v dnf; then
+              dnf install -y alsa-lib-devel
+            elif command -v yum; then
+              yum install -y alsa-lib-devel
+            fi
           target: ${{ matrix.platform.target }}
-          args: "--release --out dist"
+          args: "--release --out dist --locked"
           manylinux: ${{ matrix.platform.manylinux }}
+      - name: Check that the wheels run where their tags say
+        if: runner.os == 'Linux'
+        run: pipx run --spec crosslink-diagnose diagnose wheel dist/*.whl
       # keep them
       - uses: actions/upload-artifact@v4
         with: {name: wheels, path: dist}
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("Cargo.toml", "Cargo.lock", "pyproject.toml", "src"):
        source = HERE / "crate" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "ci.yml").write_text(WORKFLOW)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return folder / "ci.yml"


def test_the_patch(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fast.run(["workflow", "--diff"]) == 1
    out, err = capsys.readouterr()
    assert out == PATCHED
    assert err == (
        "left  .github/workflows/ci.yml:14:9: armv7-unknown-linux-gnueabihf in ghcr.io/rust-cross/manylinux2014-cross:"
        "armv7: its packages are built for a newer glibc than the tag; diagnose workflow --generate maturin shows a "
        "way\n"
    )
    assert repository.read_text() == WORKFLOW


def test_it_is_applied_once_and_taken_back(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fast.run(["workflow", "--apply"]) == 2 and repository.read_text() == WORKFLOW
    assert fast.run(["workflow", "--apply", "--yes"]) == 1
    text = repository.read_text()
    assert "--locked" in text
    capsys.readouterr()
    assert fast.run(["workflow", "--diff"]) == 0
    assert capsys.readouterr() == ("", "")
    assert fast.run(["workflow"]) == 0
    assert fast.run(["undo"]) == 0 and repository.read_text() == WORKFLOW


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        with:\n          # which processor\n", "        with: {sccache: 'true'}\n        env:\n"),
        ('args: "--release --out dist"', 'args: "--release --frozen --out dist"'),
        ("runs-on: ${{ matrix.platform.runner }}", "runs-on: macos-15"),
    ],
)
def test_what_cannot_be_patched_stays(old: str, new: str, repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = WORKFLOW.replace(old, new)
    assert text != WORKFLOW
    repository.write_text(text)
    fast.run(["workflow", "--apply", "--yes"])
    after = repository.read_text()
    assert "--locked" not in after
    if "macos" in new:
        assert after == text


def test_one_repository_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert fast.run(["workflow", "--diff", ".", "."]) == 2
    assert "take one repository" in capsys.readouterr().err


@pytest.mark.parametrize("odd", ["\r", "\x85", "\u2028"])
def test_lines_that_only_yaml_counts_are_left(repository: Path, capsys: pytest.CaptureFixture[str], odd: str) -> None:
    """The numbers of the nodes' lines are then not those of the file's."""
    odd_text = WORKFLOW.replace("name: CI\n", f"name: CI{odd}").encode()
    repository.write_bytes(odd_text)
    assert fast.run(["workflow", "--apply", "--yes"]) == 1
    assert repository.read_bytes() == odd_text
    assert "ci.yml: has line breaks other than LF and CRLF; nothing was changed" in capsys.readouterr().err
