"""A diff is what ``diff -u`` and ``patch`` understand, and takes no time that grows faster than the files."""

from __future__ import annotations

import random
import shutil
import subprocess
from difflib import unified_diff
from pathlib import Path

import pace
import pytest
from conftest import need

from diagnose.fixes import differences


def _changed(chance: random.Random, lines: list[str]) -> list[str]:
    after = list(lines)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(after) + 1)
        after[at : at + chance.randrange(3)] = [f"{chance.randrange(9)}\n" for _ in range(chance.randrange(3))]
    return after


def test_small_ones_are_those_of_difflib() -> None:
    chance = random.Random(1)
    for _ in range(2000):
        before = [f"{chance.randrange(100)}\n" for _ in range(chance.randrange(30))]
        after = _changed(chance, before)
        found = list(differences.unified(before, after, "a", "b"))
        assert found == list(unified_diff(before, after, "a", "b"))


@pytest.mark.parametrize("limit", [0, 200_000])
def test_patch_takes_them(limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need(shutil.which("patch"), "patch is not installed")
    monkeypatch.setattr(differences, "PAIRS_LIMIT", limit)
    chance = random.Random(limit)
    for number in range(60):
        before = [f"{chance.randrange(5)}\n" for _ in range(chance.randrange(1, 30))]
        after = _changed(chance, before)
        if before == after:
            assert not list(differences.unified(before, after, "a", "b"))
            continue
        path = tmp_path / str(number)
        path.write_text("".join(before))
        given = "".join(differences.unified(before, after, f"a/{number}", f"b/{number}"))
        done = subprocess.run(["patch", "-p1", "-s"], cwd=tmp_path, input=given, text=True, capture_output=True)
        assert done.returncode == 0, (done.stdout, given)
        assert not path.exists() or path.read_text() == "".join(after)
        assert path.exists() or not after


def test_lines_that_are_alike() -> None:
    before = [f"#{number % 120}\n" for number in range(60_000)]
    after = [*before]
    for at in range(0, 60_000, 1000):
        after[at] = "changed\n"
    with pace.within(3):
        assert sum(line.startswith("-#") for line in differences.unified(before, after, "a", "b")) >= 60
