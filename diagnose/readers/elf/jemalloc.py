"""Finds the largest memory page that a copy of jemalloc inside a file can work with.

jemalloc compares the kernel's page size with the one that it was compiled for, and gives up if the former is larger
(``pages_boot`` in ``src/pages.c``): ``sysconf(_SC_PAGESIZE)``, then a comparison with the constant. On aarch64 the
constant is in the instruction, ``cmp x0, #1, lsl #12`` for 4 KiB. In code for ppc64le and loongarch64 it is not
searched for.
"""

from __future__ import annotations

import struct

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.elf.elf_parser import Elf

EM_PPC64, EM_AARCH64, EM_LOONGARCH = 21, 183, 258
UNKNOWN = 0
_TEXT = b"<jemalloc>: Unsupported system page size"
_STEP = 1 << 20  # bytes that are copied and searched at once
_SYSCONF = b"\xc0\x03\x80\x52"  # mov w0, #30: _SC_PAGESIZE in glibc and musl
_TO_CALL, _TO_COMPARISON = 9, 48  # instructions
_RETURN = 0xD65F03C0
_SIZES = {1, 2, 4, 8, 16}  # times 4 KiB
_MAX_PLACES = 1 << 14


def page_size(data: memoryview, elf: Elf) -> int | None:
    """Return the largest page in bytes, :data:`UNKNOWN` if that cannot be seen, None without jemalloc.

    *elf* are the facts of the file *data*. Only architectures whose kernels have several page sizes are looked at.
    """
    if elf.machine not in (EM_PPC64, EM_AARCH64, EM_LOONGARCH) or elf.endian != "little":
        return None
    if elf.dynamic and elf.undefined and "sysconf" not in elf.undefined:
        return None  # spares the search of most files
    if not any(_TEXT in piece for piece in _pieces(data)):
        return None
    sizes = _compared(data) if elf.machine == EM_AARCH64 else set()
    return sizes.pop() if len(sizes) == 1 else UNKNOWN


def _pieces(data: memoryview) -> Iterator[bytes]:
    """Yield the file in pieces, each of which overlaps the next one."""
    for start in range(0, len(data), _STEP):
        yield bytes(data[start : start + _STEP + 4 * (_TO_CALL + _TO_COMPARISON)])


def _compared(data: memoryview) -> set[int]:
    """Return the page sizes that the result of ``sysconf(_SC_PAGESIZE)`` is compared with."""
    sizes: set[int] = set()
    places = 0
    for piece in _pieces(data):
        at = piece.find(_SYSCONF)
        while at >= 0 and places < _MAX_PLACES:
            places += 1
            if at % 4 == 0:
                count = min(len(piece) - at, 4 * (_TO_CALL + _TO_COMPARISON)) // 4
                if size := _constant(struct.unpack_from(f"<{count}I", piece, at)):
                    sizes.add(size)
            at = piece.find(_SYSCONF, at + 1)
    return sizes


def _constant(words: tuple[int, ...]) -> int:
    """Return the page size in a comparison that follows the call; 0 without one."""
    call = next((at for at, word in enumerate(words[:_TO_CALL]) if word >> 26 == 0x25 or word == _RETURN), None)
    if call is None or words[call] == _RETURN:
        return 0
    for word in words[call + 1 : call + _TO_COMPARISON]:
        if word == _RETURN:
            return 0
        if word & 0xFFC0001F == 0xF140001F and (word >> 10 & 0xFFF) in _SIZES:  # cmp xN, #size, lsl #12
            return (word >> 10 & 0xFFF) << 12
    return 0
