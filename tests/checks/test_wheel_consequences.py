"""Loading the fixtures for real gives the errors that the findings foretell."""

from __future__ import annotations

import platform
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import need
from facts import found, wheel
from wheels import broken, finding, mended

from diagnose.readers import elf

# Loads the one extension module below the folder, whatever version its name is for.
_LOAD = """
import importlib.machinery, importlib.util, pathlib, sys
(path,) = pathlib.Path(sys.argv[1]).rglob("demo.*so")
loader = importlib.machinery.ExtensionFileLoader("demo", str(path))
importlib.util.module_from_spec(importlib.util.spec_from_file_location("demo", path, loader=loader))
"""


def _load(wheel: Path, folder: Path) -> str:
    """Return what the dynamic linker says on loading the wheel's module, nothing if it loads."""
    need(platform.machine() == "x86_64" and platform.libc_ver()[0] == "glibc", "the fixtures are for x86_64 and glibc")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    done = subprocess.run([sys.executable, "-c", _LOAD, str(folder)], capture_output=True, text=True, check=False)
    return done.stderr.strip().rpartition("\n")[2]


@pytest.mark.parametrize(
    ("case", "error"),
    [
        ("wheel_external_lib", "libsndfile.so.1: cannot open shared object file: No such file or directory"),
        ("wheel_rpath_misses", "libsndfile-1c2d3e4f.so.1: cannot open shared object file: No such file or directory"),
        ("wheel_rpath_relative", "libsndfile-1c2d3e4f.so.1: cannot open shared object file: No such file or directory"),
        ("wheel_rpath_none", "libsndfile-1c2d3e4f.so.1: cannot open shared object file: No such file or directory"),
        ("wheel_forbidden_symbol", "undefined symbol: inflate_fast"),
        ("wheel_bundled_libc_private", "undefined symbol: _dl_demo"),
        ("wheel_elf_broken", "cannot open shared object file"),
        ("wheel_wrong_arch", "cannot open shared object file"),
    ],
)
def test_the_error_is_the_one_foretold(case: str, error: str, tmp_path: Path) -> None:
    said = _load(broken(case), tmp_path)
    assert error in said
    assert error in finding(case).consequence


def test_the_error_of_a_program_is_the_one_foretold(tmp_path: Path) -> None:
    need(platform.machine() == "x86_64" and platform.libc_ver()[0] == "glibc", "the program is for x86_64 and glibc")
    library, program = tmp_path / "libdemo.so.1", tmp_path / "demo"
    zig = [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-gnu.2.17", "-x", "c", "-"]
    for out, text, options in (
        (library, "int demo(void) { return 0; }", ["-shared", f"-Wl,-soname,{library.name}"]),
        (program, "int demo(void); int main(void) { return demo(); }", [str(library)]),
    ):
        # Inputs after `-x c` would be taken for C.
        subprocess.run([*zig[:-3], *options, *zig[-3:], "-o", out], input=text.encode(), check=True)
    library.unlink()
    said = subprocess.run([program], capture_output=True, text=True, check=False).stderr.strip()
    data = program.read_bytes()
    subject = wheel("py3-none-manylinux2014_x86_64", elf.read(data, "demo-1.data/scripts/demo", "bin/demo"))
    (missing,) = found("wheel-external-lib", subject)
    assert said.rpartition("/")[2] in missing.consequence


@pytest.mark.parametrize("case", ["healthy_x86_64", "healthy_abi3", "wheel_external_lib", "wheel_rpath_relative"])
def test_the_healthy_and_the_mended_load(case: str, tmp_path: Path) -> None:
    assert _load(mended(case), tmp_path) == ""
