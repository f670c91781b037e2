"""Small wheels that take long to read: bounded in time and memory, and nothing is skipped."""

from __future__ import annotations

import gc
import hashlib
import json
import random
import struct
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pace
import pytest

from diagnose.engine import registry
from diagnose.engine.run import Result, run_checks
from diagnose.readers.wheel import as_dict, markup, metadata, reader
from hostile import wheel as fuzz

sys.path.insert(0, str(Path(__file__).parents[1] / "readers"))
from builder import METADATA, WHEEL, record
from packing import Packing, pack

NAME = "demo-1-cp312-cp312-manylinux_2_17_x86_64.whl"
SO = "demo.cpython-312-x86_64-linux-gnu.so"
CHECKS = registry.load("wheel")
INFO = "demo-1.dist-info"


def _elf(segments: list[tuple[int, ...]], body: bytes, machine: int = 62) -> bytes:
    """Return an ELF file of (type, flags, offset, size, align) and the bytes after the program headers."""
    head = struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, len(segments), 64, 0, 0)
    rows = (
        struct.pack("<IIQQQQQQ", kind, flags, at, at, at, size, size, align)
        for kind, flags, at, size, align in segments
    )
    return b"\x7fELF\2\1\1" + bytes(9) + head + b"".join(rows) + body


def _dynamic(entries: list[tuple[int, int]], strings: bytes, extra: bytes = b"", program: bool = False) -> bytes:
    """Return a library with the dynamic *entries*; *extra* follows them, at address -1 in an entry."""
    base = 64 + 56 * (3 + program)
    end = base + 16 * (len(entries) + 3)
    rows = [
        *((tag, end if value == -1 else value) for tag, value in entries),
        (5, end + len(extra)),
        (10, len(strings)),
        (0, 0),
    ]
    body = b"".join(struct.pack("<qQ", *row) for row in rows) + extra + strings + b"/lib64/ld-linux-x86-64.so.2\0"
    segments = [(1, 4, 0, base + len(body), 4096), (2, 6, base, 16 * len(rows), 8), (0x6474E551, 6, 0, 0, 16)]
    return _elf(segments + [(3, 4, base + len(body) - 28, 28, 1)] * program, body)


def _needs(names: list[bytes], runpath: bytes = b"$ORIGIN", tag: int = 29, program: bool = True) -> bytes:
    places, strings = [], b"\0"
    for name in (*names, runpath):
        places.append(len(strings))
        strings += name + b"\0"
    return _dynamic([*((1, place) for place in places[:-1]), (tag, places[-1])], strings, program=program)


def _version(version: bytes, counts: tuple[int, int] = (1, 1), padding: int = 0) -> bytes:
    """Return a library that needs *version*; *counts* are what DT_VERNEEDNUM and vn_cnt say, which loaders ignore."""
    need = struct.pack("<HHIII", 1, counts[1], 1, 16, 0) + struct.pack("<IHHII", 0, 0, 2, 11, 0)
    entries = [*[(24, 0)] * padding, (1, 1), (0x6FFFFFFE, -1), (0x6FFFFFFF, counts[0])]
    return _dynamic(entries, b"\0libc.so.6\0" + version + b"\0", need)


def _wheel(files: dict[str, bytes], rows: str | None = None, metadata: str = METADATA, tags: str = WHEEL) -> bytes:
    files = {**files, f"{INFO}/METADATA": metadata.encode(), f"{INFO}/WHEEL": tags.encode()}
    files[f"{INFO}/RECORD"] = (record(files) if rows is None else rows).encode()
    return pack([(name, data, Packing()) for name, data in files.items()])


def _judge(folder: Path, data: bytes) -> Result:
    path = folder / NAME
    path.write_bytes(data)
    result = run_checks("wheel", NAME, lambda: reader.read(str(path)), as_dict.facts, CHECKS)
    assert result.error is None
    json.dumps(result.facts)
    return result


def _notes(count: int) -> bytes:
    return _elf([(4, 4, 64 + 56 * count, 1 << 20, 4)] * count, bytes(1 << 20))


def _attributes(count: int) -> bytes:
    """Return an Arm file with build attributes of 64 KiB in *count* sections."""
    raw = b"A" + struct.pack("<I", 1 << 16) + b"aeabi\0\1" + struct.pack("<I", 1 << 16) + b"\x08\1" * (1 << 15)
    head = (
        b"\x7fELF\1\1\1"
        + bytes(9)
        + struct.pack("<HHIIIIIHHHHHH", 3, 40, 1, 0, 0, 52, 0x5000400, 52, 32, 0, 40, count, 0)
    )
    row = struct.pack("<10I", 0, 0x70000003, 0, 0, 52 + 40 * count, len(raw), 0, 0, 1, 0)
    return head + row * count + raw


def _inits(count: int) -> bytes:
    """Return a module with *count* symbols, and as many names of init functions that none of them has."""
    names = b"\0" + b"".join(b"xPyInit_m%d\0" % number for number in range(min(count, 400)))
    symbols = struct.pack("<IBBHQQ", 1, 0x12, 0, 1, 0, 0) * count
    hashes = struct.pack("<II", 1, count) + bytes(4 * (1 + count))
    extra = symbols + hashes
    base = 64 + 56 * 3 + 16 * 6
    return _dynamic([(6, base), (11, 24), (4, base + len(symbols))], names, extra)


def _chain(count: int) -> bytes:
    """Return a library whose GNU hash table has one chain of *count* words without an end."""
    base = 64 + 56 * 3 + 16 * 5
    table = struct.pack("<IIIIQI", 1, 1, 1, 0, 0, 1) + bytes(4 * count)
    return _dynamic([(6, base), (0x6FFFFEF5, base)], b"\0", table + bytes(24 * count))


def _all_need_all(count: int, **rest: object) -> dict[str, bytes]:
    names = [b"l%d.so" % number for number in range(count)]
    return dict.fromkeys((name.decode() for name in names), _needs(names, **rest))  # type: ignore[arg-type]


def _starts_and_libraries(count: int) -> dict[str, bytes]:
    """Return *count* files that nothing needs, each of which needs as many libraries, which need each other."""
    libraries = _all_need_all(count, program=False)
    return {**libraries, **dict.fromkeys((f"m{n}.so" for n in range(count)), next(iter(libraries.values())))}


def _modules(count: int) -> dict[str, bytes]:
    """Return modules that each lack something, so that every check has something to say of every file."""
    body = _needs([b"libnone.so.1", b"libm-0a1b2c3d.so.6", b"libc.so.6"], b"/home/x:$ORIGIN/../y", program=False)
    new = _version(b"GLIBC_2.99")
    modules = {f"pkg/m{n}.cpython-311-x86_64-linux-gnu.so": body for n in range(count)}
    return {
        **modules,
        **{f"lib/n{n}.so": new for n in range(count)},
        **{f"w{n}.so": _version(b"GLIBC_2.98") for n in range(count)},
    }


#: What grows, by a number: the wheel must cost no more than in proportion to it.
GROWING: dict[str, tuple[int, Callable[[int], bytes]]] = {
    "note segments": (64, lambda n: _wheel({SO: _notes(n)})),
    "build attributes": (500, lambda n: _wheel({SO: _attributes(n)})),
    "names of init functions": (10_000, lambda n: _wheel({SO: _inits(n)})),
    "a hash chain": (100_000, lambda n: _wheel({SO: _chain(n)})),
    "files that need each other": (75, lambda n: _wheel(_all_need_all(n))),
    "files that need each other, by RPATH": (75, lambda n: _wheel(_all_need_all(n, tag=15))),
    "files that do not find each other": (75, lambda n: _wheel(_all_need_all(n, runpath=b"/x"))),
    "starts that need libraries that need each other": (75, lambda n: _wheel(_starts_and_libraries(n))),
    "modules": (150, lambda n: _wheel(_modules(n))),
    "rows of commas": (100_000, lambda n: _wheel({"a.py": b""}, ",,\n" * n)),
    "empty rows": (1_000_000, lambda n: _wheel({"a.py": b""}, "\n" * n)),
    "one row of commas": (1_000_000, lambda n: _wheel({"a.py": b""}, "," * n)),
    "quoted rows": (100_000, lambda n: _wheel({"a.py": b""}, '"",,\n' * n)),
    "a quoted row": (1_000_000, lambda n: _wheel({"a.py": b""}, '"' + "," * n)),
    "control characters in RECORD": (200_000, lambda n: _wheel({"a.py": b""}, "\x1b" * n)),
    "control characters in METADATA": (
        200_000,
        lambda n: _wheel({"a.py": b""}, metadata="Requires-Dist: " + "\x1b" * n),
    ),
    "headers": (50_000, lambda n: _wheel({"a.py": b""}, metadata="Requires-Dist: a\n" * n)),
    "tags": (5_000, lambda n: _wheel({"a.py": b""}, tags=WHEEL + "Tag: cp3-none-any\n" * n)),
    "digits in a tag": (
        5_000,
        lambda n: _wheel({"a.py": b""}, tags=WHEEL + f"Tag: cp3-none-manylinux_{'1' * n}_1_x86_64\n"),
    ),
    "folders of a search path": (4_000, lambda n: _wheel({SO: _needs([b"a.so"], b"$ORIGIN/a:" * n)})),
    "members": (3_000, lambda n: _wheel({f"m{number}.so": b"" for number in range(n)})),
}


@pytest.mark.parametrize("what", GROWING)
def test_costs_grow_with_the_size(what: str, tmp_path: Path) -> None:
    number, make = GROWING[what]
    cost = []
    for times in (1, 4):
        data = make(number * times)
        gc.collect()
        start = time.process_time()
        _judge(tmp_path, data)
        cost.append(time.process_time() - start)
    assert cost[1] < 20 * pace.slowness()  # seconds of processor time
    # Files that need each other are as long as they are many, so their size grows by 16.
    assert cost[1] < (40 if "each other" in what else 10) * max(cost[0], 0.05)


@pytest.mark.parametrize(
    "what", ["rows of commas", "empty rows", "one row of commas", "a quoted row", "quoted rows", "headers"]
)
def test_texts_take_no_more_memory_than_some_times_their_size(what: str, tmp_path: Path) -> None:
    number, make = GROWING[what]
    data = make(number)
    tracemalloc.start()
    try:
        _judge(tmp_path, data)
        assert tracemalloc.get_traced_memory()[1] < 48 << 20
    finally:
        tracemalloc.stop()


def test_where_reading_stopped_is_said(tmp_path: Path) -> None:
    assert _judge(tmp_path, _wheel({SO: _notes(2)})).unseen == (f"{SO}: its notes, more than 4096",)
    result = _judge(tmp_path, _wheel({"a.py": b""}, ",,\n" * 5000))
    assert "has more than 1032 rows for 4 files" in str(result.findings)
    for files in (_all_need_all(400), _starts_and_libraries(300)):
        result = _judge(tmp_path, _wheel(files))
        assert result.unseen == ("how its libraries find each other: too many ways to follow",)
        assert result.facts["external_libraries"] == []


def test_files_that_need_each_other_are_followed_to_the_end(tmp_path: Path) -> None:
    result = _judge(tmp_path, _wheel(_all_need_all(100)))
    assert result.unseen == ()
    assert len(result.facts["bundled_libraries"]) == 100


def test_a_version_of_any_length_is_judged(tmp_path: Path) -> None:
    result = _judge(tmp_path, _wheel({SO: _version(b"GLIBC_2." + b"1" * 5000)}))
    assert "wheel-glibc-too-new" in {finding.check for finding in result.findings}


@pytest.mark.parametrize(
    "folder", ["pkg\\d", "pkg\\1", "p%sg", "p{0}g", "p$ORIGINg", "p'g", 'p"g', "p\x1bg", "p\ng", "p²g"]
)
def test_member_names_are_only_names(folder: str, tmp_path: Path) -> None:
    for runpath in (b"$ORIGIN", b"/x:$ORIGIN/../y", b"${ORIGIN}/../../.."):
        result = _judge(
            tmp_path, _wheel({f"{folder}/a.so": _needs([b"b.so", b"libc.so.6"], runpath), f"{folder}/b.so": _needs([])})
        )
        assert [elf["path"].endswith("/a.so") for elf in result.facts["elf_files"]] == [True, False]


@pytest.mark.parametrize("counts", [(0, 0), (0, 1), (1, 0), (9, 9)])
@pytest.mark.parametrize("padding", [0, 4000])
def test_needs_that_loaders_see_are_seen(counts: tuple[int, int], padding: int, tmp_path: Path) -> None:
    result = _judge(tmp_path, _wheel({SO: _version(b"GLIBC_2.99", counts, padding)}))
    assert "wheel-glibc-too-new" in {finding.check for finding in result.findings}


def test_needs_behind_more_entries_than_are_read_are_not_passed_over(tmp_path: Path) -> None:
    result = _judge(tmp_path, _wheel({SO: _version(b"GLIBC_2.99", padding=5000)}))
    assert "more than 4096 entries in the dynamic segment" in str(result.findings)


def test_the_harness_finds_what_it_is_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said: list[str] = []
    assert fuzz.main(1, 7, said.append) == 0
    assert "0 failed" in said[-1] or "failed" not in said[-1]
    monkeypatch.setattr(fuzz, "judge", lambda path, checks: 1 / 0)
    assert fuzz.main(0.2, 7, said.append) == 1
    assert "ZeroDivisionError" in said[-2]


def test_the_harness_makes_the_same_input_from_the_same_seed() -> None:
    known = fuzz.samples()
    made = [[fuzz.mutate(random.Random(seed), known[0]) for seed in range(5)] for _ in range(2)]
    assert made[0] == made[1]
    assert len({hashlib.sha256(data).digest() for data in made[0]}) == 5


PARAGRAPHS = ["a-" * 4000, "a_b-c:" * 1300, ":a:b" * 2000, "a/" * 4000, "`a` " * 2000, "a-a_ " * 1600]


@pytest.mark.parametrize("paragraph", PARAGRAPHS)
def test_the_markup_of_a_description_takes_time_in_proportion(paragraph: str) -> None:
    text = f"{paragraph}\n\n" * 30
    with pace.within(2):
        markup.flaws(text)


def test_the_values_of_all_sboms_are_counted() -> None:
    raw = b'{"bomFormat": "CycloneDX", "components": [' + b"[]," * 300_000 + b"[]]}"
    with pace.within(3):
        assert len(metadata.sboms((f"{number}.json", raw) for number in range(16))) == 1
