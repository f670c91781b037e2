"""A program of the build that the loader cannot start, and near misses that it can."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from readers import miniroot
from test_env_states import errors, with_gcc

LIB = "usr/lib/x86_64-linux-gnu"


def elf(*needed: str, runpath: str = "", machine: int = 62) -> bytes:
    """Return a shared library of x86-64 that needs these libraries."""
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in (*needed, runpath))
    tags, at = [], 1
    for tag, name in (*((1, name) for name in needed), (29, runpath)):
        tags += [(tag, at)] if name else []
        at += len(name) + 1
    start = 64 + 2 * 56
    rows = [*tags, (5, start), (10, len(strings)), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *row) for row in rows)
    end = start + len(strings) + len(dynamic)
    ident = b"\x7fELF\2\1\1" + bytes(9)
    header = ident + struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, end, end, 4096)
    place = start + len(strings)
    segment = struct.pack("<IIQQQQQQ", 2, 6, place, place, 0, len(dynamic), len(dynamic), 8)
    return header + load + segment + strings + dynamic


CASES = {
    "there": ({f"{LIB}/librustc_driver-1.so": elf("libLLVM.so.1"), f"{LIB}/libLLVM.so.1": elf()}, ""),
    "gone": ({}, "rustc cannot start: librustc_driver-1.so, which it needs, is not there"),
    "gone-below": (
        {f"{LIB}/librustc_driver-1.so": elf("libLLVM.so.1")},
        "rustc cannot start: libLLVM.so.1, which librustc_driver-1.so needs, is not there",
    ),
    "cut": (
        {f"{LIB}/librustc_driver-1.so": elf("libLLVM.so.1")[:-8]},
        "rustc cannot start: librustc_driver-1.so, which it needs, is damaged",
    ),
    "beside": ({"usr/lib/librustc_driver-1.so": elf()}, ""),  # its own run path
    "of-another-processor": (
        {f"{LIB}/librustc_driver-1.so": elf(machine=183)},
        "rustc cannot start: librustc_driver-1.so, which it needs, is not there",
    ),
    "loaded-already": (
        {
            f"{LIB}/librustc_driver-1.so": elf("liba.so", "libb.so"),
            f"{LIB}/liba.so": elf("libb.so"),
            f"{LIB}/libb.so": elf(),
        },
        "",
    ),
    "cached": (
        {
            f"{LIB}/librustc_driver-1.so": elf("libx.so.1"),
            "opt/x/libx.so.1": elf(),
            "etc/ld.so.cache": b"glibc-ld.so.cache1.1\0libx.so.1\0/opt/x/libx.so.1\0",
        },
        "",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_library_of_rustc(tmp_path: Path, name: str) -> None:
    files, message = CASES[name]
    root = with_gcc(miniroot.make(tmp_path))
    miniroot.write(root / "usr/bin/gcc", miniroot.elf("amd64"), 0o755)
    miniroot.write(root / "usr/bin/rustc", elf("librustc_driver-1.so", runpath="$ORIGIN/../lib"), 0o755)
    for path, data in files.items():
        miniroot.write(root / path, data)
    assert errors(root) == ([f"runtime-lib-missing: {message}"] if message else [])


@pytest.mark.parametrize(("path", "judged"), [("usr/bin/ld", True), ("usr/bin/readelf", False)])
def test_only_programs_that_the_build_starts(tmp_path: Path, path: str, judged: bool) -> None:
    root = with_gcc(miniroot.make(tmp_path))
    miniroot.write(root / "usr/bin/gcc", miniroot.elf("amd64"), 0o755)
    miniroot.write(root / path, elf("libbfd-1.so"), 0o755)
    message = "runtime-lib-missing: ld cannot start: libbfd-1.so, which it needs, is not there"
    assert errors(root) == ([message] if judged else [])
