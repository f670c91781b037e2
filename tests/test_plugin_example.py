"""The example of a plugin, installed as a user would, passes its own tests; its fixtures are what its script makes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import need

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "plugin"


@pytest.mark.network
def test_it_is_installed_and_passes_its_tests(tmp_path: Path) -> None:
    copy = tmp_path / "plugin"  # building it leaves nothing in the repository
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-deps"]
    done = subprocess.run([*pip, "--target", str(site), str(copy)], capture_output=True, text=True, timeout=300)
    need(not done.returncode, f"pip cannot fetch the build backend: {done.stderr[-200:]}")
    words = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "tests"]
    environ = os.environ | {"PYTHONPATH": str(site)}
    done = subprocess.run(words, cwd=copy, env=environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "3 passed" in done.stdout, done.stdout + done.stderr


def test_its_fixtures_are_what_the_script_makes(tmp_path: Path) -> None:
    need(shutil.which("gcc"), "gcc is not installed")
    folder = tmp_path / "fixtures"
    folder.mkdir()
    script = shutil.copy(EXAMPLE / "fixtures/make.sh", folder)
    environ = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(["sh", script], env=environ, capture_output=True, check=True, timeout=120)
    for wheel in EXAMPLE.glob("fixtures/*.whl"):
        with zipfile.ZipFile(wheel) as kept, zipfile.ZipFile(folder / wheel.name) as made:
            assert kept.namelist() == made.namelist()
    assert len(list(folder.glob("*.whl"))) == len(list(EXAMPLE.glob("fixtures/*.whl"))) == 2
