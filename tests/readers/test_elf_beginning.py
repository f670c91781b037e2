"""The reader of the beginning of an ELF file: equal to the full reader, and never wrong-footed by a broken file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import elf_files, elves

from diagnose.readers.elf import elf_parser
from diagnose.readers.elf.elf_beginning import begun

X86_64 = elf_files("healthy_x86_64")["demo.cpython-312-x86_64-linux-gnu.so"]


@pytest.mark.parametrize("name", elves())
def test_it_says_what_the_full_reader_says(name: str) -> None:
    data = elves()[name]
    full, found = elf_parser.read(data, name), begun(memoryview(data))
    if full.broken or full.unread or full.split_debug:
        return
    assert found is not None
    said = (found.machine, found.bits, found.interpreter, found.needed, found.rpath, found.runpath, found.cut)
    assert said == (full.machine, full.bits, full.interp, full.needed, full.rpath or "", full.runpath or "", "")


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(X86_64) - 1), st.binary(min_size=1, max_size=8), st.integers(0, len(X86_64)))
def test_a_broken_file_is_read_without_an_error(place: int, change: bytes, end: int) -> None:
    data = bytearray(X86_64)
    data[place : place + len(change)] = change
    begun(memoryview(bytes(data[:end])))


def test_a_file_that_is_cut_off() -> None:
    found = begun(memoryview(X86_64[:1000]))
    assert found is not None
    assert found.cut.startswith("ends at byte 1000, and its parts at byte ")
