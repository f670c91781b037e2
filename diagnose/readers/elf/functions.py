"""Finds the functions of an ELF file: those that run when it is loaded or imported, and all that it lists.

The list is the table of ``.eh_frame_hdr``, which the unwinder needs, so that ``strip`` leaves it. It names the start of
every function with unwind information; the entry of ``.eh_frame`` behind it has the length. Hand-written assembly often
has none, and is not listed.

Source: "Linux Standard Base Core Specification", Exception Frames; the generic ABI, chapter 5.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.targets import EM_AARCH64, EM_X86_64

if TYPE_CHECKING:
    from collections.abc import Iterator

PT_LOAD, PT_DYNAMIC, PT_GNU_EH_FRAME, PT_ARM_EXIDX = 1, 2, 0x6474E550, 0x70000001
_TABLES = (PT_GNU_EH_FRAME, PT_ARM_EXIDX)
PF_X = 1
DT_SYMTAB, DT_RELA, DT_RELASZ, DT_INIT, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, DT_RELACOUNT = 6, 7, 8, 12, 25, 27, 0x6FFFFFF9
#: Machine → the kinds of relocation that write the address of a symbol, and an address relative to the file.
_KINDS = {EM_X86_64: (1, 8), EM_AARCH64: (257, 1027)}
_ROW = struct.Struct("<iI")  # of .eh_frame: the distance to its function, and the length of that
_RELA = 24  # bytes of one relocation
_MAX_SYMBOLIC = 1 << 9  # relocations by name that are searched for one word
# The encoding that all linkers write: version 1, pc-relative start of .eh_frame, a count, a table relative to itself.
_HEADER = (1, 0x1B, 0x03, 0x3B)
MAX_FUNCTIONS = 1 << 20
MAX_ENTRIES = 32  # of .init_array, and of modules in one file


class Function(NamedTuple):
    """One function: its address, its length in bytes, and its place in the list."""

    address: int
    length: int
    place: int


class Functions:
    """The functions of the file *data*, whose class is *bits*; ``count`` is the number of those listed.

    ``unlisted`` are further functions that cannot be decoded.

    Every field of the file may be wrong: what cannot be read is missing, and nothing is raised.
    """

    def __init__(self, data: memoryview, bits: int) -> None:
        self.data = data
        self.wide = bits == 64
        self.count = 0
        self.unlisted = 0
        self.machine = 0
        self.kinds = (-1, -1)
        self.base = 0
        self.starts: array[int] = array("i")
        self.rows: array[int] = array("i")
        self.loads: list[tuple[int, int, int, int]] = []  # address, end in the file, distance to its offset, flags
        self.dynamic: dict[int, int] = {}
        try:
            self._headers()
        except (struct.error, OverflowError):
            self.count = 0

    def _headers(self) -> None:
        self.machine = struct.unpack_from("<H", self.data, 18)[0]
        self.kinds = _KINDS.get(self.machine, self.kinds)
        form = "<IIQQQQQQ" if self.wide else "<IIIIIIII"
        start: int = struct.unpack_from("<Q" if self.wide else "<I", self.data, 32 if self.wide else 28)[0]
        width, count = struct.unpack_from("<HH", self.data, 54 if self.wide else 42)
        segments: dict[int, tuple[int, int, int]] = {}
        for at in range(start, start + width * min(count, 1024), max(width, 1)):
            row = struct.unpack_from(form, self.data, at)
            if self.wide:
                kind, flags, offset, address, _, size, *_ = row
            else:
                kind, offset, address, _, size, _, flags, _ = row
            if kind == PT_LOAD:
                end = min(address + size, address + len(self.data) - offset)
                self.loads.append((address, end, offset - address, flags))
            elif kind == PT_DYNAMIC and not self.dynamic:
                step, form_of_tag = (16, "<qQ") if self.wide else (8, "<iI")
                for place in range(offset, offset + min(size, 4096 * step) // step * step, step):
                    tag, value = struct.unpack_from(form_of_tag, self.data, place)
                    if not tag:
                        break
                    self.dynamic[tag] = value
            elif kind in _TABLES:
                segments[kind] = offset, address, size
        self._list(segments)

    def _list(self, segments: dict[int, tuple[int, int, int]]) -> None:
        """Read the list of functions; *segments* are offset, address and size of the tables that the file has."""
        offset, address, _ = segments.get(PT_GNU_EH_FRAME, (0, 0, 0))
        if not offset or tuple(self.data[offset : offset + 4]) != _HEADER:
            return
        count = struct.unpack_from("<I", self.data, offset + 8)[0]
        if count > MAX_FUNCTIONS or offset + 12 + 8 * count > len(self.data):
            return
        pairs = array("i", bytes(self.data[offset + 12 : offset + 12 + 8 * count]))
        self.starts, self.rows, self.base, self.count = pairs[::2], pairs[1::2], address, count

    def offset(self, address: int, flag: int = 0) -> int | None:
        """Return where *address* is in the file; None if in no segment with *flag*."""
        for start, end, distance, flags in self.loads:
            if start <= address < end and flags & flag == flag:
                return address + distance
        return None

    def at(self, place: int) -> Function | None:
        """Return the function at *place* of the list; None if its entry does not agree with the list."""
        start = self.base + self.starts[place]
        row = self.base + self.rows[place]
        offset = self.offset(row)
        if offset is None or offset + 16 > len(self.data):
            return None
        distance, length = _ROW.unpack_from(self.data, offset + 8)
        # Holds only if addresses are pc-relative and 32 bits wide, as compilers write them.
        if (row + 8 + distance - start) & (2**64 - 1 if self.wide else 2**32 - 1) or not length:
            return None
        return Function(start, length, place)

    def containing(self, address: int) -> Function | None:
        """Return the listed function that contains *address*."""
        place = bisect_right(self.starts, address - self.base) - 1 if -(2**31) <= address - self.base < 2**31 else -1
        found = self.at(place) if place >= 0 else None
        return found if found and address < found.address + found.length else None

    def body(self, function: Function, limit: int) -> bytes:
        """Return the first bytes of *function*, up to *limit*; empty if they are not code of the file."""
        offset = self.offset(function.address, PF_X)
        if offset is None:
            return b""
        return bytes(self.data[offset : offset + min(function.length, limit)])

    def load_time(self) -> list[tuple[str, int]]:
        """Return the functions that the loader calls, with the table that names them, in its order."""
        try:
            return list(self._load_time())
        except (struct.error, OverflowError):
            return []

    def _load_time(self) -> Iterator[tuple[str, int]]:
        if DT_INIT in self.dynamic:
            yield ".init", self.dynamic[DT_INIT]
        start = self.dynamic.get(DT_INIT_ARRAY, 0)
        size = self.dynamic.get(DT_INIT_ARRAYSZ, 0)
        word, form = (8, "<Q") if self.wide else (4, "<I")
        for slot in range(start, start + min(size, MAX_ENTRIES * word), word) if start else ():
            offset = self.offset(slot)
            if offset is None or offset + word > len(self.data):
                return
            target: int = struct.unpack_from(form, self.data, offset)[0]
            # With RELA, the address is in the relocation, and linkers leave the word itself empty or fill it.
            if self.offset(target, PF_X) is None:
                target = self._addend(slot)
            if self.offset(target, PF_X) is not None:
                yield ".init_array", target

    def _addend(self, slot: int) -> int:
        """Return the address that a relocation puts into the word at *slot*; 0 without one."""
        start = self.offset(self.dynamic.get(DT_RELA, 0))
        if not self.wide or start is None:
            return 0
        rows = (min(start + self.dynamic.get(DT_RELASZ, 0), len(self.data)) - start) // _RELA
        relative = min(self.dynamic.get(DT_RELACOUNT, rows), rows)
        # Tables have millions of rows; linkers sort the relative ones by address and put them first.
        first, last = 0, relative
        while first < last:
            middle = (first + last) // 2
            place: int = struct.unpack_from("<Q", self.data, start + _RELA * middle)[0]
            first, last = (middle + 1, last) if place < slot else (first, middle)
        for row in (first, *range(relative, min(rows, relative + _MAX_SYMBOLIC))):
            if row < rows:
                place, kind, addend = struct.unpack_from("<QQQ", self.data, start + _RELA * row)
                if place == slot:
                    return addend if kind == self.kinds[1] else self._symbol(kind)
        return 0

    def _symbol(self, info: int) -> int:
        """Return the address of the symbol of a relocation with *info*, if it is a plain address; else 0."""
        table = self.offset(self.dynamic.get(DT_SYMTAB, 0))
        if info & 0xFFFFFFFF != self.kinds[0] or table is None:
            return 0
        value: int = struct.unpack_from("<Q", self.data, table + 24 * (info >> 32) + 8)[0]
        return value
