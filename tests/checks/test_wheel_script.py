"""The merged script of a wheel does everything that its findings' repacking fixes do, and nothing undoes another."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from wheels import FOLDER, findings

CASES = sorted(path.name for path in FOLDER.glob("*-1-*.whl") if findings(path))


def _repacking(path: Path) -> set[str]:
    return {finding.check for finding in findings(path) if any(fix.repack is not None for fix in finding.fixes)}


def script(*wheels: Path) -> str:
    command = [sys.executable, "-m", "diagnose", "wheel", "--fail-on", "never", "--fix-format", "sh", *map(str, wheels)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", [name for name in CASES if _repacking(FOLDER / name)])
def test_one_script_fixes_all_that_repacking_fixes(name: str, tmp_path: Path) -> None:
    wheel = Path(shutil.copy(FOLDER / name, tmp_path))
    repacking = _repacking(wheel)
    done = subprocess.run(["sh", "-eu"], input=script(wheel), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (result,) = tmp_path.glob("*.whl")
    assert not {finding.check for finding in findings(result)} & repacking


def test_what_no_repacking_fixes_is_named() -> None:
    by_hand = [FOLDER / name for name in CASES if not _repacking(FOLDER / name)]
    assert len(by_hand) > 20
    blocks = script(*by_hand).split("\n\n")
    for wheel in by_hand:
        (block,) = [block for block in blocks if block.startswith(f"# {wheel.name}: ")]
        for finding in findings(wheel):
            assert f"\n# by hand: {finding.check}: " in block


def test_standard_input_cannot_be_repacked() -> None:
    command = [sys.executable, "-m", "diagnose", "wheel", "--fix-format", "sh", "-"]
    done = subprocess.run(command, input="", capture_output=True, text=True)
    assert done.returncode == 2 and "standard input" in done.stderr and len(done.stderr.splitlines()) == 1
