"""Finds functions of a 32-bit Arm file whose instruction set is known: A32 or T32.

A stripped file has no mapping symbols ($a, $t). What is left is the lowest bit of an address, in pointers that the
loader relocates (tables of methods, vtables, .init_array), and in dynamic symbols. A pointer is one to a function if it
is to the part of the file that ``.ARM.exidx``, the unwinder's table, is about; the table alone does not list them all,
because linkers merge entries. Other functions are decoded only where decoded code calls them.

Source: "ELF for the Arm Architecture" and "Exception Handling ABI for the Arm Architecture".
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.elf import words
from diagnose.readers.elf.functions import DT_SYMTAB, PT_ARM_EXIDX, Function, Functions

if TYPE_CHECKING:
    from collections.abc import Sequence

_DT_REL, _DT_RELSZ = 17, 18
_R_ARM_ABS32, _R_ARM_RELATIVE = 2, 23
_MAX_POINTERS = 1 << 13
_LONGEST = 1 << 13  # bytes that are decoded of one function at most
_MAX_ENTRIES = 1 << 16


class ArmFunctions(Functions):
    """See :class:`Functions`; addresses have their lowest bit set where the code is T32."""

    def __init__(self, data: memoryview, modules: Sequence[tuple[str, int]]) -> None:
        self.modules = modules
        self.bounds: list[int] = []
        self.pointers: dict[int, int] = {}
        super().__init__(data, 32)

    def _list(self, segments: dict[int, tuple[int, int, int]]) -> None:
        offset, address, size = segments.get(PT_ARM_EXIDX, (0, 0, 0))
        pairs = words.of(bytes(self.data[offset : offset + (min(size, 8 * _MAX_ENTRIES) & -8)]))
        starts = [
            (address + 8 * row + (word & 0x7FFFFFFF) - ((word & 0x40000000) << 1)) & 0xFFFFFFFF
            for row, word in enumerate(pairs[::2])
        ]
        self.pointers = self._read_pointers()
        entries = {target for _, target in (*self.modules, *self.load_time())}
        listed = set(starts)
        first, last = min(starts, default=0), max(starts, default=0)
        known = {target & ~1: target for target in (*entries, *self.pointers.values()) if first <= target < last}
        self.starts = array("i", sorted(known.values()))
        self.bounds = sorted(listed | set(known))
        self.count = len(self.starts)
        self.unlisted = len(self.bounds) - self.count

    def _read_pointers(self) -> dict[int, int]:
        """Return the words that the loader relocates, with the address that it puts there."""
        start = self.offset(self.dynamic.get(_DT_REL, 0))
        if start is None:
            return {}
        size = min(self.dynamic.get(_DT_RELSZ, 0), 8 * _MAX_POINTERS) & -8
        symbols = self.offset(self.dynamic.get(DT_SYMTAB, 0))
        rows = words.of(bytes(self.data[start : start + size]))
        found = {}
        for place, kind in zip(rows[::2], rows[1::2], strict=False):
            offset = self.offset(place) if kind & 0xFF in (_R_ARM_RELATIVE, _R_ARM_ABS32) else None
            if offset is None or offset + 4 > len(self.data):
                continue
            found[place] = struct.unpack_from("<I", self.data, offset)[0]
            if kind & 0xFF == _R_ARM_ABS32 and symbols is not None:
                found[place] += struct.unpack_from("<I", self.data, symbols + 16 * (kind >> 8) + 4)[0]
        return found

    def _addend(self, slot: int) -> int:
        return self.pointers.get(slot, 0)

    def at(self, place: int) -> Function | None:
        """Return the function at *place* of the list."""
        return self.containing(self.starts[place])

    def containing(self, address: int) -> Function | None:
        """Return what begins at *address*, whose lowest bit is the instruction set, up to the next listed function."""
        plain = address & ~1
        place = bisect_right(self.bounds, plain)
        end = self.bounds[place] if place < len(self.bounds) else plain + _LONGEST
        return Function(address, min(end - plain, _LONGEST), place)

    def body(self, function: Function, limit: int) -> bytes:
        """Return the first bytes of *function*, up to *limit*."""
        return super().body(function._replace(address=function.address & ~1), limit)
