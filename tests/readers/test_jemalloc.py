"""The page size of a copy of jemalloc, from its code."""

from __future__ import annotations

import struct

import pytest

from diagnose.readers.elf.elf_parser import Elf
from diagnose.readers.elf.jemalloc import UNKNOWN, page_size

ARM = Elf("libdemo.so", machine=183, endian="little", dynamic=True, undefined=("sysconf",))
TEXT = b"<jemalloc>: Unsupported system page size\n\0\0\0"
ASK, CALL, RETURN, NOP = 0x528003C0, 0x94000010, 0xD65F03C0, 0xD503201F


def compare(size: int) -> int:
    return 0xF140001F | size >> 12 << 10


def code(*words: int) -> memoryview:
    return memoryview(TEXT + struct.pack(f"<{len(words)}I", *words) + bytes(400))


@pytest.mark.parametrize("size", [4096, 8192, 16384, 32768, 65536])
def test_the_size_is_read_from_the_comparison(size: int) -> None:
    assert page_size(code(ASK, NOP, NOP, CALL, NOP, compare(size)), ARM) == size


@pytest.mark.parametrize(
    "words",
    [
        (ASK, CALL, NOP, RETURN, compare(4096)),  # the comparison is another function's
        (ASK, RETURN, CALL, compare(4096)),  # 30 is what a function returns
        (ASK, CALL, compare(4096), RETURN, ASK, CALL, compare(65536)),  # two answers
        (ASK, CALL, compare(0x3000)),  # no page size
        (compare(4096), CALL),
    ],
)
def test_without_one_clear_comparison_the_size_is_unknown(words: tuple[int, ...]) -> None:
    assert page_size(code(*words), ARM) == UNKNOWN


def test_without_jemalloc_or_with_one_page_size_there_is_nothing_to_see() -> None:
    assert page_size(memoryview(code(ASK, CALL, compare(4096))[len(TEXT) :]), ARM) is None
    assert page_size(code(ASK, CALL, compare(4096)), ARM._replace(machine=62)) is None
    assert page_size(code(ASK, CALL, compare(4096)), ARM._replace(undefined=("malloc",))) is None


def test_a_static_file_needs_no_symbol_and_the_text_may_cross_a_boundary() -> None:
    data = memoryview(bytes((1 << 20) - 20) + bytes(code(ASK, CALL, compare(16384))))
    assert page_size(data, ARM._replace(dynamic=False, undefined=())) == 16384
