"""Packs files into zip archives in all the ways that the format has and ``zipfile`` does not write."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from typing import NamedTuple

from hypothesis import strategies as st

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
_WIDE, _WIDEST = 0xFFFFFFFF, (1 << 64) - 1


class Packing(NamedTuple):
    """How one file is packed.

    ``cuts`` are the places in a deflated file at which a block ends, ``empty`` the number of empty blocks there.
    ``descriptor`` is the signature that a data descriptor begins with, None for no descriptor; ``wide`` writes the
    sizes in a zip64 extra field; ``extra`` are other extra fields. ``entry`` is how the directory states the sizes and
    the offset: ``offset`` with the offset alone in a zip64 field, ``again`` with two zip64 fields of which the first
    refers to the second, ``widest`` with a size of 64 bits that does so.
    """

    method: int = DEFLATED
    cuts: tuple[int, ...] = ()
    empty: int = 0
    descriptor: bytes | None = None
    wide: bool = False
    extra: bytes = b""
    entry: str = ""


def deflate(data: bytes, packing: Packing) -> bytes:
    """Return *data* as a raw deflate stream of several blocks."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    out = b""
    start = 0
    for cut in sorted({min(cut, len(data)) for cut in packing.cuts}):
        out += packer.compress(data[start:cut]) + packer.flush(zlib.Z_FULL_FLUSH) + b"\0\0\0\xff\xff" * packing.empty
        start = cut
    return out + packer.compress(data[start:]) + packer.flush()


def _compress(data: bytes, packing: Packing) -> bytes:
    if packing.method == DEFLATED:
        return deflate(data, packing)
    if packing.method == BZIP2:
        return bz2.compress(data)
    if packing.method == LZMA:
        filters = [{"id": lzma.FILTER_LZMA1, "preset": 6, "dict_size": 1 << 16}]
        return struct.pack("<HHBI", 9, 5, 93, 1 << 16) + lzma.compress(data, lzma.FORMAT_RAW, filters=filters)
    return data


def _stated(packing: Packing, sizes: tuple[int, ...], offset: int) -> tuple[bytes, tuple[int, ...], int]:
    """Return the extra fields, sizes and offset of a directory entry."""
    packed, size = sizes
    if packing.entry == "offset":
        return packing.extra + struct.pack("<HHQ", 1, 8, offset), sizes, _WIDE
    if packing.entry in ("again", "widest"):
        first = struct.pack("<HHQQQ", 1, 24, _WIDEST if packing.entry == "widest" else size, _WIDE, _WIDE)
        left = (size, packed, offset) if packing.entry == "widest" else (packed, offset)
        second = struct.pack("<HH", 1, 8 * len(left)) + b"".join(struct.pack("<Q", number) for number in left)
        return first + packing.extra + second, (_WIDE, _WIDE), _WIDE
    if packing.wide:
        return struct.pack("<HHQQQ", 1, 24, size, packed, offset) + packing.extra, (_WIDE, _WIDE), _WIDE
    return packing.extra, sizes, offset


def pack(
    files: list[tuple[str, bytes, Packing]],
    prefix: bytes = b"",
    comment: bytes = b"",
    order: tuple[int, ...] = (),
    wide: bool = False,
    misplaced: int = 0,
) -> bytes:
    """Return an archive of *files*, in their order; *order* is that of the directory, *wide* adds the zip64 records.

    All positions are too large by *misplaced*, which readers correct that find the directory by its size.
    """
    out = prefix
    entries = []
    for name, data, packing in files:
        body = _compress(data, packing)
        raw = name.encode()
        flags = (0x08 if packing.descriptor is not None else 0) | (0 if name.isascii() else 0x800)
        flags |= 0x02 if packing.method == LZMA else 0  # the stream says itself where it ends
        crc = zlib.crc32(data)
        told = (0, 0, 0) if packing.descriptor is not None else (crc, len(body), len(data))
        extra = packing.extra
        sizes: tuple[int, ...] = (len(body), len(data))
        if packing.wide:
            extra += struct.pack("<HHQQ", 1, 16, told[2], told[1])
            told = (told[0], _WIDE, _WIDE)
        offset = len(out)
        local = struct.pack("<4s5H3I2H", b"PK\3\4", 45, flags, packing.method, 0, 33, *told, len(raw), len(extra))
        out += local + raw + extra + body
        if packing.descriptor is not None:
            out += packing.descriptor + struct.pack("<IQQ" if packing.wide else "<III", crc, *sizes)
        offset += misplaced - len(prefix)
        extra, sizes, offset = _stated(packing, sizes, offset)
        entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 45, 45, flags, packing.method, 0, 33, crc, *sizes, len(raw),
                            len(extra), 0, 0, 0, 0o644 << 16, offset)  # fmt: skip
        entries.append(entry + raw + extra)
    start = len(out)
    directory = b"".join(entries[position] for position in order or range(len(entries)))
    out += directory
    count, size, place = len(entries), len(directory), start - len(prefix) + misplaced
    if wide:
        end = len(out) - len(prefix) + misplaced
        out += struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, place)
        out += struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
        count, size, place = 0xFFFF, _WIDE, _WIDE
    return out + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, size, place, len(comment)) + comment


def packings(methods: tuple[int, ...] = (STORED, DEFLATED, BZIP2, LZMA)) -> st.SearchStrategy[Packing]:
    """Return the ways to pack one file."""
    return st.builds(
        Packing,
        method=st.sampled_from(methods),
        cuts=st.lists(st.one_of(st.integers(0, 8), st.integers(0, 5000)), max_size=4).map(tuple),
        empty=st.sampled_from((0, 1, 14000)),
        descriptor=st.sampled_from((None, b"", b"PK\7\x08")),
        wide=st.booleans(),
        entry=st.sampled_from(("", "", "offset", "again", "widest")),
        extra=st.sampled_from((b"", struct.pack("<HHB4s", 0x5455, 5, 1, b"time"), struct.pack("<HH", 0xCAFE, 0))),
    )
