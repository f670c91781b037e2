"""Commands that name many files of a wheel do so by a glob or a loop, and name exactly these files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from diagnose.remedies.repack import SCRATCH, inside, rename_suffix

NAMES = [f"pkg/m{number}.cpython-312-x86_64-linux-gnu.so" for number in range(6)]


def wheel(files: list[str]) -> Any:
    return SimpleNamespace(name="demo", version="1", files=tuple(files))


def unpacked(folder: Path, files: list[str]) -> Path:
    root = folder / SCRATCH / "demo-1"
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("others", "words"),
    [
        (["pkg/data.txt"], 1),
        (["pkg/other.so"], 6),  # a glob would match it, too
        (["lib/a.so.1", "pkg/sub/x.so"], 1),
        (["pkg/.hidden.so"], 1),
    ],
)
def test_a_glob_matches_exactly_the_files(tmp_path: Path, others: list[str], words: int) -> None:
    files = [*NAMES, *others]
    unpacked(tmp_path, files)
    text = inside(wheel(files), NAMES)
    assert len(text.split()) == words
    shown = subprocess.run(["sh", "-c", f"printf '%s\\n' {text}"], cwd=tmp_path, capture_output=True, text=True)
    assert shown.stdout.split() == [f"{SCRATCH}/demo-1/{name}" for name in NAMES]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_one_loop_renames_many_and_may_run_twice(tmp_path: Path) -> None:
    root = unpacked(tmp_path, [*NAMES, "pkg/data.txt"])
    (line,) = rename_suffix(wheel([*NAMES, "pkg/data.txt"]), NAMES, ".cpython-312-x86_64-linux-gnu.so", ".abi3.so")
    for _ in range(2):
        subprocess.run(["sh", "-euc", line], cwd=tmp_path, check=True)
        assert sorted(path.name for path in (root / "pkg").glob("*.so")) == [
            f"m{number}.abi3.so" for number in range(6)
        ]


def test_a_suffix_that_a_shell_would_expand_is_not_put_into_a_loop() -> None:
    names = [f"m{number}.$(id).so" for number in range(6)]
    lines = rename_suffix(wheel(names), names, ".$(id).so", ".so")
    assert len(lines) == 6 and all("'" in line and "for file" not in line for line in lines)
