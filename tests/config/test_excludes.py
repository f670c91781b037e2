"""A library that the project's repair leaves outside has to be one that its wheels need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from diagnose.config import excludes

WHEELS = Path(__file__).parents[2] / "fixtures" / "wheels"
BUNDLED = str(next(WHEELS.glob("wheel_bundled_hazard-1-*.whl")))
EXTERNAL = str(next(WHEELS.glob("wheel_external_lib-1-*.whl")))


def notices(folder: Path, command: str, *wheels: str) -> list[str]:
    text = f"[tool.diagnose]\n[tool.cibuildwheel.linux]\nrepair-wheel-command = {json.dumps(command)}\n"
    (folder / "pyproject.toml").write_text(text)
    words = [sys.executable, "-m", "diagnose", "wheel", "--format", "json", *wheels]
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder, timeout=60)
    found: list[str] = json.loads(done.stdout)["notices"]
    return found


def test_a_pattern_without_a_library_is_reported(tmp_path: Path) -> None:
    repair = "auditwheel repair -w {dest_dir} {wheel} --exclude "
    line = "pyproject.toml: auditwheel's --exclude %s matches no library that these wheels need"
    assert notices(tmp_path, repair + "libsndfile.so", EXTERNAL) == [line % "libsndfile.so"]
    assert notices(tmp_path, repair + "libasound.so", BUNDLED) == [
        line % "libasound.so" + "; libasound.so.2 is bundled"
    ]
    for fitting in ("libsndfile.so.1", "'libsndfile.so*'", "libsnd*.so.?", "$LIBRARIES"):
        assert notices(tmp_path, repair + fitting, EXTERNAL) == [], fitting
    assert notices(tmp_path, repair + "libsndfile.so.1", EXTERNAL, BUNDLED) == []
    assert notices(tmp_path, repair + "libx.so.1", EXTERNAL, "none.whl") == []


def test_the_commands_that_are_read() -> None:
    one = {"repair-wheel-command": "auditwheel repair --exclude=liba.so {wheel}"}
    lines = {
        "repair-wheel-command": ["echo --exclude libz.so", "auditwheel repair --exclude libb.so --exclude liba.so"]
    }
    section = {**one, "linux": lines, "macos": {"repair-wheel-command": "auditwheel --exclude libc.so"}}
    section["overrides"] = [{"repair-wheel-command": "auditwheel repair --exclude 'libd*'"}, 3]
    assert excludes.patterns({"tool": {"cibuildwheel": section}}) == ("liba.so", "libb.so", "libd*")
    for strange in ({}, {"tool": 1}, {"tool": {"cibuildwheel": []}}, {"tool": {"cibuildwheel": {"linux": 1}}}):
        assert excludes.patterns(strange) == ()
    broken = {"repair-wheel-command": "auditwheel --exclude 'liba"}
    assert excludes.patterns({"tool": {"cibuildwheel": broken}}) == ()
