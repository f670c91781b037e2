"""What a file is, by its first bytes, and whether it claims to be code."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from builder import NAME, build
from hypothesis import given
from hypothesis import strategies as st
from oracle import elf_files

from diagnose.readers.wheel import filekind
from diagnose.readers.wheel import reader as wheel
from diagnose.readers.wheel.filekind import CodeFile

X86_64 = elf_files("healthy_x86_64")["demo.cpython-312-x86_64-linux-gnu.so"]
MACH_O = struct.pack("<7I", 0xFEEDFACF, 0x100000C, 0, 8, 0, 0, 0)
FAT = struct.pack(">II5I5I", 0xCAFEBABE, 2, 0x1000007, 3, 64, 0, 12, 0x100000C, 0, 64, 0, 14)
PE = b"MZ" + bytes(58) + struct.pack("<I", 128) + bytes(64) + b"PE\0\0" + struct.pack("<HH", 0x8664, 6)
CODE = {"elf", "mach-o", "pe", "wasm", "archive", "llvm-bitcode"}
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n"


@pytest.mark.parametrize(
    ("head", "kind", "arches"),
    [
        (X86_64, "elf", ()),
        (MACH_O, "mach-o", ("arm64",)),
        (struct.pack(">7I", 0xFEEDFACE, 18, 0, 8, 0, 0, 0), "mach-o", ("ppc",)),
        (FAT, "mach-o", ("x86_64", "arm64")),
        (FAT[:20], "mach-o", ("x86_64",)),
        (struct.pack("<II", 0xFEEDFACF, 0x99), "mach-o", ("0x99",)),
        (MACH_O[:5], "mach-o", ()),
        (PE, "pe", ("amd64",)),
        (PE[:-4] + struct.pack("<HH", 0x14C, 6), "pe", ("win32",)),
        (b"\0asm\1\0\0\0", "wasm", ()),
        (b"!<arch>\ndemo.o/", "archive", ()),
        (b"!<thin>\n", "archive", ()),
        (b"BC\xc0\xde5\x14", "llvm-bitcode", ()),
        (LFS, "lfs-pointer", ()),
        (b"#!/bin/sh\n", "script", ()),
        (b"/* GNU ld script */\nGROUP ( libdemo.so.1 )\n", "linker-script", ()),
        (b"INPUT(-ldemo)\n", "linker-script", ()),
        (b"x = 1\n", "text", ()),
        ("ü".encode() * 2048 + "ü".encode()[:1], "text", ()),
        (b"", "empty", ()),
        (b"\x7fEL", "data", ()),
        (bytes(64), "data", ()),
        # What only looks like it.
        (b"MZ is how some texts begin", "text", ()),
        (b"MZ" + bytes(58) + struct.pack("<I", 4000), "data", ()),
        (struct.pack(">IHH", 0xCAFEBABE, 0, 65) + bytes(40), "data", ()),  # a Java class
        (b"!<art>\n", "text", ()),
    ],
)
def test_kinds(head: bytes, kind: str, arches: tuple[str, ...]) -> None:
    assert filekind.classify(head) == (kind, arches)
    assert filekind.code(head) == (kind if kind in CODE else "")


@given(st.binary(max_size=200), st.sampled_from(sorted({head[:8] for head in (X86_64, MACH_O, FAT, PE, b"!<arch>\n")})))
def test_any_bytes_have_a_kind(rest: bytes, start: bytes) -> None:
    for cut in (0, 4, len(start)):
        kind, arches = filekind.classify(start[:cut] + rest)
        assert kind
        assert all(arches)


@pytest.mark.parametrize(
    ("path", "mode", "claims"),
    [
        ("a/b.so", 0, "library"),
        ("b.so.1.2", 0, "library"),
        ("b.cpython-312-x86_64-linux-gnu.so", 0, "library"),
        ("b.abi3.so", 0, "library"),
        ("b.cp312-win_amd64.pyd", 0, "library"),
        ("b.DLL", 0, "library"),
        ("b.1.dylib", 0, "library"),
        ("demo-1.data/scripts/run", 0, "script"),
        ("demo-1.data/data/bin/run", 0o755, "executable"),
        ("demo-1.data/data/bin/run", 0o644, ""),
        ("b.sofa", 0, ""),
        ("b.so/readme", 0, ""),
        ("scripts/run", 0, ""),
    ],
)
def test_claims(path: str, mode: int, claims: str) -> None:
    assert filekind.claim(path, "demo-1.data/", mode) == claims


def test_every_file_that_is_code_or_claims_to_be_is_a_fact(tmp_path: Path) -> None:
    files = {
        "m.so": X86_64,
        "mac.so": MACH_O,
        "win.pyd": PE,
        "pointer.so": LFS,
        "hidden.bin": X86_64,
        "archive.txt": b"!<arch>\n",
        "empty.so": b"",
        "demo-1.data/scripts/run": b"#!python\n",
        "demo.py": b"x = 1\n",
        "data.bin": b"\0\1\2",
    }
    found = wheel.read(build(tmp_path, files, NAME)).code
    assert found == (
        CodeFile("archive.txt", "archive", (), "", 8),
        CodeFile("demo-1.data/scripts/run", "script", (), "script", 9),
        CodeFile("empty.so", "empty", (), "library", 0),
        CodeFile("hidden.bin", "elf", (), "", len(X86_64)),
        CodeFile("m.so", "elf", (), "library", len(X86_64)),
        CodeFile("mac.so", "mach-o", ("arm64",), "library", len(MACH_O)),
        CodeFile("pointer.so", "lfs-pointer", (), "library", len(LFS)),
        CodeFile("win.pyd", "pe", ("amd64",), "library", len(PE)),
    )
