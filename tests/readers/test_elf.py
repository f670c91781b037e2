"""The ELF reader: equal to pyelftools on every fixture, and never wrong-footed by a broken file."""

from __future__ import annotations

import mmap
import struct
import subprocess
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pace
import pytest
from conftest import need
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import elf_files, elftools_facts, elves, only_elf

from diagnose.readers.elf import elf_parser as elf

# The tools read section headers, which sectionless files lack.
_LACKING = ("wheel_elf_broken", "wheel_debug_shipped_split", "wheel_glibc_too_new_sectionless")
INTACT = [name for name in elves() if not name.startswith(_LACKING)]
EXTENSION = "demo.cpython-312-x86_64-linux-gnu.so"
X86_64 = elf_files("healthy_x86_64")[EXTENSION]


def assert_same_as_pyelftools(data: bytes, path: str) -> None:
    ours, theirs = elf.read(data, path), elftools_facts(data)
    assert ours.broken == ()
    for key in ("bits", "endian", "flags", "soname", "rpath", "runpath", "interp", "gnu_stack", "load_align"):
        assert getattr(ours, key) == theirs[key], key
    for key in ("needed", "defines", "undefined", "undefined_weak"):
        assert list(getattr(ours, key)) == theirs[key], key
    assert sorted((need.library, need.version) for need in ours.verneed) == theirs["verneed"]
    assert {(need.library, need.version): list(need.symbols) for need in ours.verneed if need.symbols} == theirs[
        "versioned"
    ]


@pytest.mark.parametrize("name", INTACT)
def test_same_as_pyelftools(name: str) -> None:
    assert_same_as_pyelftools(elves()[name], name.partition("::")[2])


@pytest.mark.parametrize("name", INTACT)
def test_same_after_patchelf_has_moved_its_tables(name: str, tmp_path: Path) -> None:
    """It moves the tables about, so that after one of them comes what never came there before."""
    data = elves()[name]
    if not elf.read(data, name).dynamic:
        return
    moved = tmp_path / "moved.so"
    moved.write_bytes(data)
    moved.chmod(0o755)
    subprocess.run(["patchelf", "--set-rpath", f"$ORIGIN/{'far/' * 40}", moved], check=True)
    assert_same_as_pyelftools(moved.read_bytes(), name.partition("::")[2])


@pytest.mark.parametrize("stripped", [False, True], ids=["sections", "no-sections"])
def test_what_follows_the_symbols_is_not_taken_for_symbols(stripped: bool) -> None:
    """As old releases of patchelf lay a library out: in a new segment the symbols, other things, and the strings."""
    data = bytearray(elf_files("healthy_no_exports")["healthy_no_exports.libs/libsilent-1a2b3c4d.so.1"])
    (shoff,), (shentsize, shnum) = struct.unpack_from("<Q", data, 40), struct.unpack_from("<HH", data, 58)
    base, start = 0x100000, len(data)
    where = {}  # section type → its place in the appended bytes
    for header in range(shoff, shoff + shnum * shentsize, shentsize):
        kind, flags, _, offset, size = struct.unpack_from("<4xIQQQQ", data, header)
        if kind == 11 or (kind == 3 and flags & 2):  # SHT_DYNSYM, and the SHT_STRTAB that is loaded
            where[kind] = base + len(data) - start
            struct.pack_into("<QQ", data, header + 16, where[kind], len(data))
            data += data[offset : offset + size] + 20 * struct.pack("<IBBHQQ", 0x7FFFFFFF, 0x12, 0, 0, 0, 0)
    phoff, phentsize, phnum = struct.unpack_from("<Q14xHH", data, 32)
    for header in range(phoff, phoff + phnum * phentsize, phentsize):
        kind, _, offset, _, _, size = struct.unpack_from("<IIQQQQ", data, header)
        if kind == 0x6474E550:  # PT_GNU_EH_FRAME becomes the PT_LOAD of the appended data
            struct.pack_into("<IIQQQQQ", data, header, 1, 4, start, base, base, len(data) - start, len(data) - start)
        elif kind == 2:  # PT_DYNAMIC
            for entry in range(offset, offset + size, 16):
                (tag,) = struct.unpack_from("<Q", data, entry)
                if tag in (5, 6):  # DT_STRTAB, DT_SYMTAB
                    struct.pack_into("<Q", data, entry + 8, where[{5: 3, 6: 11}[tag]])
    if stripped:
        data[40:48] = bytes(8)  # e_shoff
    found = elf.read(data, "silent.so")
    assert (found.broken, found.undefined) == ((), ("secure_getenv",))


def test_the_fixtures_cover_what_differs() -> None:
    """Otherwise the comparison above could pass on one kind of file only."""
    found = [elf.read(data, name) for name, data in elves().items()]
    assert {(file.bits, file.endian) for file in found} == {(32, "little"), (64, "little"), (64, "big")}
    assert len({file.machine for file in found}) >= 7
    assert any(file.interp for file in found) or any(not file.dynamic for file in found)
    assert any(file.verneed for file in found)
    assert any(file.rpath for file in found)
    assert any(file.runpath for file in found)


def test_extension_module_is_recognised_by_its_init_function() -> None:
    assert elf.read(X86_64, f"pkg/{EXTENSION}").is_extension
    assert not elf.read(X86_64, "pkg/other.cpython-312-x86_64-linux-gnu.so").is_extension


def test_python_symbols_are_seen_as_undefined() -> None:
    found = elf.read(X86_64, "demo.so")
    assert "PyModule_Create2" in found.undefined
    assert not any(name.startswith("PyInit_") for name in found.undefined)


@pytest.mark.parametrize(
    ("prefix", "reason"),
    [("wheel_elf_broken-1", "EM_NONE"), ("wheel_elf_broken_truncated-1", "truncated")],
)
def test_broken_files_have_a_reason(prefix: str, reason: str) -> None:
    assert any(reason in line for line in elf.read(only_elf(prefix), "x.so").broken)


def test_split_debug_file_is_not_broken() -> None:
    found = [elf.read(data, name) for name, data in elf_files("wheel_debug_shipped_split-1").items()]
    assert [file.split_debug for file in found if file.name.endswith(".debug")] == [True]
    assert all(file.broken == () for file in found)


def test_arm_float_abi() -> None:
    assert elf.read(only_elf("healthy_armv7l"), "x.so").arm_float == "hard"
    assert elf.read(only_elf("wheel_wrong_arch_float-1"), "x.so").arm_float == "soft"


def test_arm_float_abi_from_build_attributes_where_the_header_is_silent() -> None:
    data = bytearray(only_elf("healthy_armv7l"))
    struct.pack_into("<I", data, 36, struct.unpack_from("<I", data, 36)[0] & ~0x600)
    found = elf.read(bytes(data), "x.so")
    assert (found.flags & 0x600, found.arm_float, found.arm_cpu) == (0, "hard", 10)


@pytest.mark.parametrize("prefix", ["healthy_x86_64", "healthy_s390x", "healthy_armv7l"])
def test_cut_anywhere(prefix: str) -> None:
    """Cut at every byte of the headers, and at strides through the rest: a reason, never an exception."""
    data = next(iter(elf_files(prefix).values()))
    for length in (*range(min(600, len(data))), *range(600, len(data), 37)):
        assert elf.read(data[:length], "x.so").broken, length


def _patched(data: bytes, offset: int, form: str, value: int) -> bytes:
    copy = bytearray(data)
    struct.pack_into(form, copy, offset, value)
    return bytes(copy)


def _dynamic(data: bytes, tag: int) -> int:
    """Return the file offset of the value of a dynamic tag in a 64-bit little-endian file."""
    phoff, phnum = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    for number in range(phnum):
        kind, _, offset = struct.unpack_from("<IIQ", data, phoff + 56 * number)
        if kind == elf.PT_DYNAMIC:
            while struct.unpack_from("<q", data, offset)[0] != tag:
                offset += 16
            return offset + 8
    raise AssertionError("no such tag")


DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_VERNEED, DT_VERNEEDNUM = 5, 6, 10, 0x6FFFFFFE, 0x6FFFFFFF


@pytest.mark.parametrize("tag", [DT_STRTAB, DT_SYMTAB, DT_VERNEED])
@pytest.mark.parametrize("value", [1 << 62, (1 << 64) - 1])
def test_addresses_outside_the_file(tag: int, value: int) -> None:
    data = X86_64
    assert elf.read(_patched(data, _dynamic(data, tag), "<Q", value), "x.so").broken


def test_version_chain_that_loops() -> None:
    """Each entry says that the next one is itself: bounded by the counts, not by the chain's end."""
    data = X86_64
    offset = struct.unpack_from("<Q", data, _dynamic(data, DT_VERNEED))[0]  # in the first segment: address is offset
    looped = _patched(data, _dynamic(data, DT_VERNEEDNUM), "<Q", (1 << 64) - 1)
    looped = _patched(looped, offset + 12, "<I", 1 << 16)
    with pace.within(5):
        assert elf.read(looped, "x.so").broken


def test_overlapping_names_do_not_multiply_memory() -> None:
    """Many symbols that point into one endless string."""
    data = X86_64
    found = elf.read(_patched(data, _dynamic(data, DT_STRSZ), "<Q", 3), "x.so")
    assert any("name is outside" in reason for reason in found.broken)


DT_GNU_HASH, PT_LOAD = 0x6FFFFEF5, 1
VAST = 512 << 20


def _vast(data: bytes) -> mmap.mmap:
    """Return *data* followed by zeros without end, all of it claimed by its first segment; costs no memory."""
    (phoff,) = struct.unpack_from("<Q", data, 32)
    out = mmap.mmap(-1, VAST)
    out[: len(data)] = data
    for header in range(phoff, phoff + 56 * struct.unpack_from("<H", data, 56)[0], 56):
        kind, offset = struct.unpack_from("<I4xQ", data, header)
        if kind == PT_LOAD and offset == 0:
            struct.pack_into("<QQ", out, header + 32, VAST, VAST)
    return out


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda out: struct.pack_into("<Q", out, _dynamic(X86_64, DT_STRSZ), VAST), "implausible string table"),
        (lambda out: struct.pack_into("<I", out, _hash(), (VAST - 4096) // 4), "GNU hash table reaches beyond"),
        (lambda out: struct.pack_into("<I", out, _hash() + 4, 1 << 30), ""),
    ],
    ids=["strings", "buckets", "first symbol"],
)
def test_tables_as_large_as_a_vast_file(damage: Callable[[mmap.mmap], None], reason: str) -> None:
    out = _vast(X86_64)
    damage(out)
    tracemalloc.start()
    with pace.within(5):
        found = elf.read(out, "x.so")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert any(reason in said for said in found.broken) or not reason
    assert peak < VAST // 4


def _hash() -> int:
    (offset,) = struct.unpack_from("<Q", X86_64, _dynamic(X86_64, DT_GNU_HASH))  # the first segment's address is 0
    return int(offset)


INTERESTING = (0, 1, 2, 8, 0x7F, 0xFF, 0xFFF, 0x1000, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF, (1 << 63) - 1)


@settings(max_examples=600, deadline=None)
@given(
    data=st.sampled_from(sorted(elves().values(), key=len)[:40]),
    patches=st.lists(
        st.tuples(st.integers(0, 1 << 16), st.sampled_from("BHIQ"), st.sampled_from(INTERESTING) | st.integers(0, 255)),
        max_size=6,
    ),
    cut=st.none() | st.integers(0, 1 << 16),
)
def test_any_damage_is_read_in_bounded_time(data: bytes, patches: list[tuple[int, str, int]], cut: int | None) -> None:
    mutated = bytearray(data if cut is None else data[: cut % len(data)])
    for offset, form, value in patches:
        width = struct.calcsize(form)
        if len(mutated) > width:
            # Half of them into the headers, where most can go wrong.
            at = offset // 2 % (len(mutated) - width) if offset % 2 else offset // 2 % min(1024, len(mutated) - width)
            struct.pack_into("<" + form, mutated, at, value & ((1 << 8 * width) - 1))
    with pace.within(2):
        found = elf.read(bytes(mutated), "pkg/demo.so")
    assert all("\n" not in reason for reason in found.broken)
    names = (*found.undefined, *found.undefined_weak, *found.needed, *(need.version for need in found.verneed))
    assert sum(map(len, names)) <= 2 * len(mutated)
    assert found == elf.read(bytes(mutated), "pkg/demo.so")


def test_the_dynamic_section_is_read_where_the_loader_reads_it() -> None:
    expected = elf.read(X86_64, "x.so")
    phoff, count = struct.unpack_from("<Q", X86_64, 32)[0], struct.unpack_from("<H", X86_64, 56)[0]
    header = next(
        at for at in range(phoff, phoff + 56 * count, 56) if struct.unpack_from("<I", X86_64, at)[0] == elf.PT_DYNAMIC
    )
    assert expected.needed
    for field, value in ((32, 16), (8, 0)):  # its size: one entry; its offset, which the loader does not use
        out = bytearray(X86_64)
        struct.pack_into("<Q", out, header + field, value)
        assert elf.read(out, "x.so") == expected


def _covered(place: str, at: int) -> bytes:
    """Return a library with one more page, mapped over that of its string table; it names another library.

    *place* says whether its segment comes ``before`` the other's or ``after`` it, *at* where in the page it begins.
    """
    data = bytearray(X86_64)
    phoff, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    rows = [list(struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * row)) for row in range(count)]
    name = data.index(b"libc.so.6\0")
    load = next(row for row in rows if row[0] == PT_LOAD and row[2] <= name < row[2] + row[5])
    page = (name - load[2] + load[3]) & -4096
    start = page - load[3] + load[2]
    data += bytes(-len(data) % 4096)
    cover = [PT_LOAD, 4, len(data) + at, page + at, page + at, 4096 - at, 4096 - at, 4096]
    data += data[start : start + 4096].replace(b"libc.so.6\0", b"libz.so.9\0")
    rows = [row for row in rows if row[0] not in (4, 0x6474E550, 0x6474E553)]  # notes make room
    rows.insert(rows.index(load) + (place == "after"), cover)
    struct.pack_into("<H", data, 56, len(rows))
    for number, row in enumerate(rows):
        struct.pack_into("<IIQQQQQQ", data, phoff + 56 * number, *row)
    return bytes(data)


@pytest.mark.parametrize(("place", "at"), [("before", 0), ("after", 0), ("after", 4090)])
def test_of_segments_that_overlap_the_last_one_is_loaded(place: str, at: int, tmp_path: Path) -> None:
    data = _covered(place, at)
    found = elf.read(data, "x.so")
    assert found.needed == (("libc.so.6",) if place == "before" else ("libz.so.9",))
    assert found.unread == ("the parts of its segments that others cover: loaders keep the one mapped last",)
    loader = Path("/lib64/ld-linux-x86-64.so.2")
    need(loader.exists(), "needs an x86-64 system with glibc")
    (tmp_path / "x.so").write_bytes(data)
    ran = subprocess.run([loader, "--list", tmp_path / "x.so"], capture_output=True, text=True)
    shown = ran.stdout + ran.stderr
    assert ("libz.so.9" in shown) == (place == "after")
    assert ("libc.so.6" in shown) == (place == "before")
