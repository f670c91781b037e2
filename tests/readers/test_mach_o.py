"""What Mach-O files are built for: the reader against files of a real compiler, and on cut and hostile bytes."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.readers.wheel import mach_o
from diagnose.readers.wheel.mach_o import Build

INTEL, ARM64 = 0x1000007, 0x100000C


def _thin(cpu: int, *commands: bytes, magic: int = 0xFEEDFACF, order: str = "<") -> bytes:
    body = b"".join(commands)
    head = struct.pack(f"{order}7I", magic, cpu, 0, 6, len(commands), len(body), 0)
    return head + bytes(4 if magic == 0xFEEDFACF else 0) + body


def _command(number: int, *words: int, order: str = "<") -> bytes:
    return struct.pack(f"{order}{2 + len(words)}I", number, 8 + 4 * len(words), *words)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("aarch64-macos.12.3", Build("arm64", "macOS", (12, 3))),
        ("x86_64-macos.11.0", Build("x86_64", "macOS", (11, 0))),
        ("x86_64-macos.13.0", Build("x86_64", "macOS", (13, 0))),
        ("aarch64-ios.15.0", Build("arm64", "iOS", (15, 0))),
        ("aarch64-ios.15.0-simulator", Build("arm64", "iOS simulator", (15, 0))),
    ],
)
def test_files_of_a_real_compiler(target: str, expected: Build, tmp_path: Path) -> None:
    pytest.importorskip("ziglang")
    source, made = tmp_path / "demo.c", tmp_path / "demo.o"
    source.write_text("int demo(void) { return 1; }\n")
    zig = [sys.executable, "-m", "ziglang", "cc", "-target", target]
    options = ["-c", "-o", made, source]
    subprocess.run([*zig, *options], check=True, env={"HOME": str(Path.home()), "ZIG_LOCAL_CACHE_DIR": str(tmp_path)})
    content = made.read_bytes()
    assert mach_o.builds(content) == (expected,)
    assert mach_o.arches(content[:4096]) == (expected.arch,)


@pytest.mark.parametrize(
    ("number", "cpu", "system"),
    [(0x24, INTEL, "macOS"), (0x25, INTEL, "iOS simulator"), (0x25, ARM64, "iOS"), (0x24, ARM64, "macOS")],
)
def test_commands_before_xcode_10(number: int, cpu: int, system: str) -> None:
    content = _thin(cpu, _command(0x1B, 1, 2, 3, 4), _command(number, 10 << 16 | 13 << 8 | 6, 0))
    assert [build[1:] for build in mach_o.builds(content)] == [(system, (10, 13))]


def test_big_endian_and_32_bits() -> None:
    content = _thin(18, _command(0x24, 10 << 16 | 4 << 8, 0, order=">"), magic=0xFEEDFACE, order=">")
    assert mach_o.builds(content) == (Build("ppc", "macOS", (10, 4)),)


def test_without_the_command_the_system_is_unknown() -> None:
    assert mach_o.builds(_thin(ARM64)) == (Build("arm64", "", (0, 0)),)
    assert mach_o.builds(_thin(ARM64, _command(0x32, 99, 5 << 16, 0, 0))) == (Build("arm64", "platform 99", (5, 0)),)


def test_each_part_of_a_file_for_several_processors() -> None:
    intel, arm = (
        _thin(INTEL, _command(0x24, 10 << 16 | 9 << 8, 0)),
        _thin(ARM64, _command(0x32, 1, 11 << 16, 0, 0)),
    )
    head = struct.pack(">2I5I5I", 0xCAFEBABE, 2, INTEL, 3, 64, len(intel), 6, ARM64, 0, 256, len(arm), 6)
    content = head.ljust(64, b"\0") + intel.ljust(192, b"\0") + arm
    expected = (Build("x86_64", "macOS", (10, 9)), Build("arm64", "macOS", (11, 0)))
    assert mach_o.builds(content) == expected
    wide = struct.pack(">2I", 0xCAFEBABF, 2)
    wide += struct.pack(">2I2Q2I", INTEL, 3, 128, len(intel), 6, 0) + struct.pack(">2I2Q2I", ARM64, 0, 256, 9, 6, 0)
    assert mach_o.builds(wide.ljust(128, b"\0") + intel.ljust(128, b"\0") + arm) == expected
    assert mach_o.builds(content[:200]) == expected[:1]  # the second part is cut off


@pytest.mark.parametrize("length", [0, 4, 7, 1 << 31])
def test_a_command_of_an_impossible_length_ends_the_search(length: int) -> None:
    content = _thin(ARM64, struct.pack("<6I", 0x19, length, 0, 0, 0, 0), _command(0x32, 1, 14 << 16, 0, 0))
    assert mach_o.builds(content) == (Build("arm64", "", (0, 0)),)


STARTS = [b"\xca\xfe\xba\xbe\0\0\0\2", b"\xca\xfe\xba\xbf\0\0\0\2", _thin(ARM64)]


@given(st.binary(max_size=300), st.sampled_from(STARTS))
def test_any_bytes_are_read(rest: bytes, start: bytes) -> None:
    assert len(mach_o.builds(memoryview(start + rest))) <= 2
    assert len(mach_o.builds(start[: len(rest)] + rest)) <= mach_o.MAX_FAT
