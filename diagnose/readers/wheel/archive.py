"""Reads a zip archive without believing it: the members, what is unsafe about them, and their bytes, bounded.

Written against the zip application note (APPNOTE.TXT 6.3.10, sections 4.3 and 4.4). ``zipfile`` would do, but takes
longer to import than a small wheel takes to judge, and gives no say in how a member is inflated.
"""

from __future__ import annotations

import mmap
import struct
import zlib

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError
from diagnose.readers.system.printable import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


try:
    from isal import isal_zlib as inflater  # ISA-L: about twice as fast
except ImportError:
    inflater = zlib  # type: ignore[misc]

# Limits. What is above them is refused as a whole, because no installer should be made to unpack it.
MAX_MEMBERS = 1 << 18
MAX_MEMBER = 4 << 30  # bytes of one inflated member; the largest seen in published wheels is about 2 GiB
MAX_TOTAL = 32 << 30  # bytes of all inflated members
MAX_RATIO = 250  # inflated ÷ compressed bytes, of a member and of all together, …
RATIO_FREE = 128 << 20  # … once they are larger than this: small runs of zeros may well shrink a thousand times
CHUNK = 64 << 10  # compressed bytes per step: what they inflate to still fits a core's cache

STORED, DEFLATED = 0, 8
_ENTRY = struct.Struct("<4s4xHH4xIIIHHH4xII")


class Member(NamedTuple):
    """One file in the archive as the central directory describes it. Sizes in bytes, ``offset`` of its local header."""

    name: str
    size: int
    compressed: int
    crc: int
    method: int
    offset: int
    mode: int


class ZipFlaw(NamedTuple):
    """Something unsafe or broken about one member.

    ``kind`` is one of ``symlink``, ``absolute`` and ``escaping`` (name), ``nul`` (in the name), ``duplicate`` (name),
    ``crc``, ``size`` (inflates to another size than declared), ``corrupt`` (cannot be inflated), ``name`` (local header
    and central directory disagree), ``method`` (a compression that wheels must not use).
    """

    kind: str
    path: str
    detail: str


class Archive(NamedTuple):
    """An opened archive: its bytes, its members in the order of the central directory, and what is wrong with them."""

    data: memoryview
    members: tuple[Member, ...]
    flaws: tuple[ZipFlaw, ...]


def open_archive(data: memoryview, name: str) -> Archive:
    """Read the central directory of the zip archive *data*; *name* is for messages.

    Raises:
        InputError: not a zip archive, cut off, encrypted, or beyond the limits.
    """
    try:
        flaws: list[ZipFlaw] = []
        members = list(_central_directory(data, name, flaws))
    except (struct.error, OverflowError):
        raise InputError(f"{name}: the zip directory is cut off or broken") from None
    total, compressed = sum(member.size for member in members), sum(member.compressed for member in members)
    if compressed > len(data):
        raise InputError(f"{name}: refused, its members overlap")
    if total > RATIO_FREE and (total > MAX_TOTAL or total > MAX_RATIO * compressed):
        raise InputError(f"{name}: refused, would unpack from {compressed} to {total} bytes")
    return Archive(data, tuple(m for m in members if not m.name.endswith("/")), (*flaws, *_name_flaws(members)))


def _central_directory(data: memoryview, name: str, flaws: list[ZipFlaw]) -> Iterator[Member]:
    """Yield the members; add to *flaws* what no longer shows in their printable names."""
    tail = max(0, len(data) - 65557)
    end = tail + bytes(data[tail:]).rfind(b"PK\5\6")
    if end < tail:
        raise InputError(f"{name}: not a zip archive, or cut off")
    count, size, start = struct.unpack_from("<10xHII", data, end)
    if bytes(data[max(0, end - 20) : end])[:4] == b"PK\6\7":  # the zip64 locator; its record lies before it
        end -= 76
        if bytes(data[max(0, end) : end + 4]) != b"PK\6\6":
            raise InputError(f"{name}: the zip64 directory is broken")
        count, size, start = struct.unpack_from("<32xQQQ", data, end)
    shift = end - size - start  # bytes before the archive proper
    if shift < 0:
        raise InputError(f"{name}: the zip directory is cut off")
    if count > MAX_MEMBERS:
        raise InputError(f"{name}: refused, {count} members")
    directory, position = bytes(data[start + shift : start + shift + size]), 0
    for _ in range(count):
        if position + 46 > len(directory):
            raise InputError(f"{name}: the zip directory is shorter than it says")
        signature, flags, method, crc, compressed, inflated, n_name, n_extra, n_comment, attributes, offset = (
            _ENTRY.unpack_from(directory, position)
        )
        if signature != b"PK\1\2":
            raise InputError(f"{name}: the zip directory is broken")
        extra = position + 46 + n_name
        member_name = _decode(directory[position + 46 : extra], flags)
        if 0 in directory[position + 46 : extra]:
            kept = member_name.partition("\\x00")[0]
            flaws.append(ZipFlaw("nul", member_name, f"a NUL in its name; Python's zipfile, and pip, write {kept!r}"))
        if 0xFFFFFFFF in (inflated, compressed, offset):
            inflated, compressed, offset = _zip64(directory[extra : extra + n_extra], inflated, compressed, offset)
        position = extra + n_extra + n_comment
        if flags & 0x41:  # encrypted, or strongly so
            raise InputError(f"{name}: {member_name} is encrypted")
        if flags & 0x20:  # a difference to other data; zipfile refuses it too
            raise InputError(f"{name}: {member_name} is compressed patched data, which no installer reads")
        if inflated > RATIO_FREE and (inflated > MAX_MEMBER or inflated > MAX_RATIO * compressed):
            raise InputError(f"{name}: refused, {member_name} would unpack from {compressed} to {inflated} bytes")
        yield Member._make((member_name, inflated, compressed, crc, method, offset + shift, attributes >> 16))


def _decode(name: bytes, flags: int) -> str:
    # cp437 is ASCII where ASCII is, and slow.
    return decode(name, "utf-8" if flags & 0x800 or name.isascii() else "cp437")


def _zip64(extra: bytes, *fields: int) -> list[int]:
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, position)
        if kind == 1:
            wide = struct.iter_unpack("<Q", extra[position + 4 : position + 4 + size // 8 * 8])
            return [next(wide, (field,))[0] if field == 0xFFFFFFFF else field for field in fields]
        position += 4 + size
    return list(fields)


def _name_flaws(members: list[Member]) -> Iterator[ZipFlaw]:
    seen: set[str] = set()
    for member in members:
        name = member.name
        if name in seen:
            yield ZipFlaw("duplicate", name, "the archive holds two members of this name")
        seen.add(name)
        if member.mode & 0o170000 == 0o120000:
            yield ZipFlaw("symlink", name, "a symbolic link; installers write a text file with the link's target")
        if name.startswith(("/", "\\")) or name[1:3] in (":/", ":\\"):
            yield ZipFlaw("absolute", name, "an absolute path")
        if ".." in name and ".." in name.replace("\\", "/").split("/"):
            yield ZipFlaw("escaping", name, "leads out of the folder that it is unpacked to")
        if member.method not in (STORED, DEFLATED) and not name.endswith("/"):
            yield ZipFlaw("method", name, f"compression method {member.method}; installers know stored and deflated")


def inflate(archive: Archive, member: Member, take: Callable[[bytes], None]) -> ZipFlaw | None:
    """Hand the inflated bytes of *member* to *take*, piece by piece, never more than the member declares.

    Returns:
        What is wrong with the member's bytes, or None.
    """
    data, name = archive.data, member.name
    header = bytes(data[member.offset : member.offset + 30])
    if len(header) < 30 or header[:4] != b"PK\3\4":
        return ZipFlaw("corrupt", name, "its local header is missing")
    flags, n_name, n_extra = struct.unpack("<6xH18xHH", header)
    start = member.offset + 30 + n_name + n_extra
    local_name = _decode(bytes(data[member.offset + 30 : member.offset + 30 + n_name]), flags)
    if local_name != name:
        return ZipFlaw("name", name, f"its local header calls it {local_name}")
    stop = start + member.compressed
    if stop > len(data):
        return ZipFlaw("corrupt", name, "its data reach beyond the end of the archive")
    if member.method not in (STORED, DEFLATED):
        return None  # already told from the directory
    pieces = _stored(data, start, stop) if member.method == STORED else _deflated(data, start, stop, member.size)
    crc = size = 0
    try:
        for piece in pieces:
            size += len(piece)
            if size > member.size:
                return ZipFlaw("size", name, f"unpacks to more than the declared {member.size} bytes")
            crc = inflater.crc32(piece, crc)
            take(piece)
    except (zlib.error, inflater.error):  # type: ignore[misc]
        return ZipFlaw("corrupt", name, f"its compressed data are broken after {size} unpacked bytes")
    finally:
        _forget(data, start, stop)
    if size != member.size:
        return ZipFlaw("size", name, f"unpacks to {size} bytes, declared are {member.size}")
    if crc != member.crc:
        return ZipFlaw("crc", name, f"CRC-32 is {crc:08x}, declared is {member.crc:08x}")
    return None


def _stored(data: memoryview, start: int, stop: int) -> Iterator[bytes]:
    for at in range(start, stop, CHUNK):
        yield bytes(data[at : min(at + CHUNK, stop)])


def _deflated(data: memoryview, start: int, stop: int, size: int) -> Iterator[bytes]:
    stream = inflater.decompressobj(-15)
    for at in range(start, stop, CHUNK):
        piece: Any = data[at : min(at + CHUNK, stop)]
        while piece:
            out = stream.decompress(piece, size + 1)
            size -= len(out)
            yield out
            if stream.eof or size < 0:
                return
            piece = stream.unconsumed_tail


def _forget(data: memoryview, start: int, stop: int) -> None:
    """Tell the system that a mapped file's bytes were needed once only, so that they do not count as memory in use."""
    if stop - start > CHUNK and isinstance(data.obj, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        start -= start % mmap.PAGESIZE
        data.obj.madvise(mmap.MADV_DONTNEED, start, stop - start)
