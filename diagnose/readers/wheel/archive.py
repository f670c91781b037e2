"""Reads a zip archive defensively: its members, unsafe properties, and the members' bytes, within bounds.

``zipfile`` takes longer to import than a small wheel takes to examine, and gives no control over how a member is
inflated.
"""

from __future__ import annotations

import mmap
import struct
import zlib

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, cache
from diagnose.model.finding import InputError
from diagnose.readers.wheel.zip_directory import (
    BZIP2,
    DEFLATED,
    LZMA,
    METHODS,
    STORED,
    Member,
    ZipFlaw,
    find_directory,
    read_members,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedReader, FileIO
    from typing import Any

    from diagnose.readers.wheel.room import Room

__all__ = ["HEAD", "METHODS", "Archive", "Member", "ZipFlaw"]
__all__ += ["at_once", "directory_span", "inflate", "open_archive", "unreadable"]

CHUNK = 64 << 10  # compressed bytes per step: what they inflate to still fits a core's cache
HEAD = 4 << 10  # bytes of a member that come in one piece, however they are packed: enough to tell what it is
STEP = 1 << 20  # inflated bytes per step where the compression can do more than a thousandfold
WORTH_IMPORTING = 1 << 20  # inflated bytes for which something faster than zlib saves what its import takes

MAPPED_FROM = 1 << 23
"""Bytes from which an archive is mapped, not read: if it is cut off meanwhile, a signal ends the process."""


class Archive(NamedTuple):
    """An opened archive: its bytes, its members in the order of the central directory, and their flaws."""

    data: memoryview
    members: tuple[Member, ...]
    flaws: tuple[ZipFlaw, ...]


def content(file: BufferedReader | FileIO, size: int) -> memoryview:
    """Return the *size* bytes of *file*: read if they are few, else mapped (see :data:`MAPPED_FROM`)."""
    if size < MAPPED_FROM:
        memory = bytearray(size)
        return memoryview(memory)[: file.readinto(memory)]
    # Closed when the last view of it is gone, which an exception's frames may still hold.
    # Nothing is written to it, but ctypes takes addresses only in memory that can be written.
    return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))


def open_archive(data: memoryview, name: str) -> Archive:
    """Read the directory of the zip archive *data*; *name* is for messages.

    Raises:
        InputError: not a zip archive, cut off, encrypted, or beyond the limits.
    """
    flaws: list[ZipFlaw] = []
    members = read_members(data, name, flaws)
    return Archive(data, tuple(member for member in members if not member.name.endswith("/")), tuple(flaws))


def directory_span(data: memoryview, name: str) -> tuple[int, int]:
    """Return where the central directory of the archive *data* starts, and its size; only its end needs to be there.

    Raises:
        InputError: not a zip archive, or cut off.
    """
    try:
        start, size, _, _ = find_directory(data, name, [])
    except (struct.error, OverflowError):
        raise InputError(f"{name}: the zip directory is cut off or broken") from None
    return start, size


def unreadable(member: Member) -> str:
    """Return why the bytes of *member* cannot be read here, empty if they can."""
    try:
        if member.method == BZIP2:
            import bz2  # noqa: F401
        elif member.method == LZMA:
            import lzma  # noqa: F401
        elif member.method not in (STORED, DEFLATED):
            return f"packed by {METHODS.get(member.method, f'compression method {member.method}')}"
    except ImportError:
        return f"packed by {METHODS[member.method]}, which this Python cannot unpack"
    return ""


def _stepwise(size: int) -> Any:
    """Return the module that inflates a member of *size* bytes in steps, with the interface of ``zlib``."""
    return (size >= WORTH_IMPORTING and _isal()) or zlib


@cache
def _isal() -> Any:
    try:
        from isal import isal_zlib  # ISA-L: 0.6 of zlib's time
    except ImportError:
        return None
    return isal_zlib


def at_once(archive: Archive, member: Member, room: Room) -> memoryview | None:
    """Return the bytes of *member*, which are in *room* then, if it has no flaw; else :func:`inflate` has to tell."""
    start, stop = member.start, member.start + member.compressed
    if member.method != DEFLATED or not member.size or not 0 <= start < stop <= len(archive.data):
        return None
    content = room.inflate(archive.data[start:stop], member.size, member.crc)
    _forget(archive.data, start, stop)
    return content


def first_bytes(archive: Archive, member: Member, size: int) -> bytes:
    """Return the first bytes of *member*, up to *size*; fewer where they cannot be had without reading much of it."""
    start, stop = max(member.start, 0), min(member.start + member.compressed, member.start + CHUNK)
    if member.method != DEFLATED:
        return b""
    try:
        return zlib.decompressobj(-15).decompress(archive.data[start:stop], size)
    except zlib.error:
        return b""


def inflate(archive: Archive, member: Member, take: Callable[[bytes], None]) -> ZipFlaw | None:
    """Pass the inflated bytes of *member* to *take*, piece by piece, never more than the member declares.

    The first piece has :data:`HEAD` bytes or more unless the member is shorter, however it is compressed: deflate may
    spread a file's first bytes over any number of blocks.

    Returns:
        The flaw of the member's bytes, or None.
    """
    data, name, start = archive.data, member.name, member.start
    stepwise = _stepwise(member.size)
    if reason := unreadable(member):
        return ZipFlaw("method", name, reason)
    if start < 0:
        return ZipFlaw("corrupt", name, "its local header is missing")
    stop = min(start + member.compressed, len(data))
    crc = size = 0
    head: bytes | None = b""
    broken = tail = None
    try:
        for piece in _pieces(data, member, stop):
            if size + len(piece) > member.size:
                # Bytes beyond the declared size are never installed: zipfile stops there.
                broken = ZipFlaw("size", name, f"unpacks to more than the declared {member.size} bytes")
                piece = piece[: member.size - size]
            size += len(piece)
            crc = stepwise.crc32(piece, crc)
            if head is not None:
                piece = head + piece
                if len(piece) < HEAD and size < member.size:
                    head = piece
                    continue
                head = None
            take(piece)
            if broken:
                return broken
    except _TailError as left:
        tail = ZipFlaw("tail", name, f"{left} bytes follow the end of its compressed data")
    except (zlib.error, stepwise.error, _CorruptError) as error:
        if str(error).startswith("Error -4 "):  # zlib's lack of memory
            raise MemoryError from None
        broken = ZipFlaw("corrupt", name, f"its compressed data are broken after {size} unpacked bytes")
    finally:
        _forget(data, start, stop)
    if head:
        take(head)
    if broken:
        return broken
    if size != member.size:
        return ZipFlaw("size", name, f"unpacks to {size} bytes, declares {member.size}")
    if crc != member.crc:
        return ZipFlaw("crc", name, f"CRC-32 is {crc:08x}, declares {member.crc:08x}")
    if start + member.compressed > stop:  # zipfile unpacks it nevertheless
        return ZipFlaw("corrupt", name, "its data reach beyond the end of the archive")
    return tail


class _CorruptError(Exception):
    """The compressed data are broken."""


class _TailError(Exception):
    """The compressed data end before the member does; the message is the number of missing bytes."""


def _pieces(data: memoryview, member: Member, stop: int) -> Iterator[bytes]:
    if member.method == STORED:
        return _stored(data, member.start, stop)
    if member.method == DEFLATED:
        return _deflated(data, member.start, stop, member.size)
    return _by_decompressor(data, member, stop)


def _stored(data: memoryview, start: int, stop: int) -> Iterator[bytes]:
    for at in range(start, stop, CHUNK):
        yield bytes(data[at : min(at + CHUNK, stop)])


def _deflated(data: memoryview, start: int, stop: int, size: int) -> Iterator[bytes]:
    stream = _stepwise(size).decompressobj(-15)
    for at in range(start, stop, CHUNK):
        piece: Any = data[at : min(at + CHUNK, stop)]
        while piece:
            out = stream.decompress(piece, size + 1)
            size -= len(out)
            yield out
            if stream.eof:
                if left := stop - min(at + CHUNK, stop) + len(stream.unused_data):
                    raise _TailError(left)
                return
            if size < 0:
                return
            piece = stream.unconsumed_tail


def _by_decompressor(data: memoryview, member: Member, stop: int) -> Iterator[bytes]:
    """Yield the output of bzip2 or LZMA in small steps, because both can expand a hundred-thousandfold."""
    try:
        if member.method == BZIP2:
            import bz2

            stream: Any = bz2.BZ2Decompressor()
            start = member.start
        else:
            stream, start = _lzma(data, member, stop)
        left = member.size
        for at in range(start, stop, CHUNK):
            piece: Any = data[at : min(at + CHUNK, stop)]
            while not stream.eof:
                out = stream.decompress(piece, min(STEP, left + 1))
                left -= len(out)
                yield out
                piece = b""
                if left < 0 or stream.needs_input:
                    break
            if left < 0 or stream.eof:
                return
    except MemoryError:
        raise
    except Exception as error:  # bz2's are those of files, and lzma's own is not known before its import
        raise _CorruptError from error


def _lzma(data: memoryview, member: Member, stop: int) -> tuple[Any, int]:
    """Return the decompressor for the header that APPNOTE 5.8 describes, and the offset of the data after it."""
    import lzma

    start = member.start
    if stop - start < 9 or struct.unpack_from("<H", data, start + 2)[0] != 5:
        raise _CorruptError
    pack, dictionary = struct.unpack_from("<BI", data, start + 4)
    literal = {"lc": pack % 9, "lp": pack // 9 % 5, "pb": pack // 45}
    # No match reaches back beyond the file's start, so the file's size is enough memory.
    size = max(4096, min(dictionary, member.size))
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": size, **literal}]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters), start + 9


def _forget(data: memoryview, start: int, stop: int) -> None:
    """Tell the system that a mapped file's bytes are not needed again, so that they do not count as memory in use."""
    if stop - start > CHUNK and isinstance(data.obj, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        start -= start % mmap.PAGESIZE
        data.obj.madvise(mmap.MADV_DONTNEED, start, stop - start)
