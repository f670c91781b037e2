"""What the loader reads of an ELF file before anything else: its interpreter, its libraries, where it ends.

Read for every program of a healthy machine: a few hundred bytes of each file, without the modules that a full reader
(:mod:`~.elf_parser`) imports.

Source: elf(5).
"""

from __future__ import annotations

import sys

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Literal

    from diagnose.readers.system.file_bytes import FileBytes

#: Real files have about ten segments, a hundred entries in the dynamic segment, and names of some fifty bytes.
SEGMENT_LIMIT, ENTRY_LIMIT, NAME_LIMIT = 256, 4096, 4096
#: Bytes that are read at a time.
AHEAD = 1024
_LOAD, _DYNAMIC, _INTERP = 1, 2, 3
_NEEDED, _STRINGS, _RPATH, _RUNPATH = 1, 5, 15, 29


class Begun(NamedTuple):
    """What the loader begins with."""

    machine: int
    """``e_machine``."""
    bits: int
    """32 or 64."""
    interpreter: str = ""
    """The loader that a program names; empty for a library."""
    needed: tuple[str, ...] = ()
    """As ``DT_NEEDED`` names them."""
    rpath: str = ""
    """Where it has both, the run path alone counts."""
    runpath: str = ""
    """As written, with ``$ORIGIN``."""
    cut: str = ""
    """Why the file ends too early; empty if it does not."""


def begun(data: memoryview | FileBytes) -> Begun | None:
    """Return what the loader begins with; None if *data* is not an ELF file."""
    head = bytes(data[:AHEAD])
    if len(head) < 52 or head[:4] != b"\x7fELF" or head[4] not in (1, 2) or head[5] not in (1, 2):
        return None
    wide = head[4] == 2
    file = _Fields(data, head, 8 if wide else 4, "little" if head[5] == 1 else "big")
    found = Begun(file.number(18, 2), 64 if wide else 32)
    table = file.word(32 if wide else 28)
    size, count = (file.number(place, 2) for place in ((54, 56) if wide else (42, 44)))
    rows = [file.segment(table + index * size) for index in range(min(count, SEGMENT_LIMIT))]
    end = max((offset + length for kind, offset, _, length in rows if kind == _LOAD), default=0)
    if table + count * size > len(data) or end > len(data):
        return found._replace(cut=f"ends at byte {len(data)}, and its parts at byte {max(end, table + count * size)}")
    loads = [row for row in rows if row[0] == _LOAD]
    for kind, offset, _, length in rows:
        if kind == _INTERP:
            found = found._replace(interpreter=file.text(offset, min(length, NAME_LIMIT)))
        elif kind == _DYNAMIC:
            found = _with_libraries(file, found, offset, length, loads)
    return found


class _Fields:
    """Numbers and names of one file; beyond its end they are zeros and empty."""

    def __init__(self, data: memoryview | FileBytes, head: bytes, width: int, order: Literal["little", "big"]) -> None:
        self.data = data
        self.width = width
        self.order: Literal["little", "big"] = order
        self._start, self._block = 0, head

    def part(self, place: int, size: int) -> bytes:
        """Return *size* bytes from *place*; what is near is read with them."""
        at = place - self._start
        if not 0 <= at <= at + size <= len(self._block):
            self._start, self._block = place, bytes(self.data[place : place + max(size, AHEAD)])
            at = 0
        return self._block[at : at + size]

    def number(self, place: int, width: int) -> int:
        """Return the number of *width* bytes at *place*."""
        return int.from_bytes(self.part(place, width), self.order)

    def word(self, place: int) -> int:
        """Return the number at *place* that is as wide as an address."""
        return self.number(place, self.width)

    def words(self, place: int, count: int) -> list[int]:
        """Return *count* numbers from *place* on that are as wide as an address."""
        width, order = self.width, self.order
        raw = self.part(place, count * width).ljust(count * width, b"\0")
        if order == sys.byteorder:
            return memoryview(raw).cast("Q" if width == 8 else "I").tolist()
        return [int.from_bytes(raw[at : at + width], order) for at in range(0, count * width, width)]

    def segment(self, place: int) -> tuple[int, int, int, int]:
        """Return (type, offset, address, size in the file)."""
        row = self.words(place, 5)
        if self.width == 8:  # beside the type, the first word has the flags
            return self.number(place, 4), row[1], row[2], row[4]
        return row[0], row[1], row[2], row[4]

    def text(self, place: int, limit: int = NAME_LIMIT) -> str:
        """Return the name at *place*."""
        return self.part(place, limit).partition(b"\0")[0].decode("utf-8", "replace")


def _with_libraries(
    file: _Fields, found: Begun, offset: int, length: int, loads: list[tuple[int, int, int, int]]
) -> Begun:
    numbers = file.words(offset, 2 * min(-(-length // (2 * file.width)), ENTRY_LIMIT))
    tags = numbers[::2]
    entries = list(zip(tags[: tags.index(0)] if 0 in tags else tags, numbers[1::2], strict=False))
    address = dict(entries).get(_STRINGS, 0)
    table = next((at + address - start for _, at, start, size in loads if start <= address < start + size), None)
    if table is None:
        return found
    names = {kind: [file.text(table + value) for tag, value in entries if tag == kind] for kind in _NAMED}
    return found._replace(
        needed=tuple(names[_NEEDED]), rpath="".join(names[_RPATH][-1:]), runpath="".join(names[_RUNPATH][-1:])
    )


_NAMED = (_NEEDED, _RPATH, _RUNPATH)
