"""Reads the directory of a tar archive defensively: names, types, and where the bytes are.

``tarfile`` takes several times as long, believes sizes, and has no bounds.

Sources: POSIX.1-2017, "pax", ustar and pax interchange formats; GNU tar's manual, "Basic Tar Format" (long names,
numbers in base 256, sparse files).
"""

from __future__ import annotations

import stat

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.image.regions import Region

BLOCK = 512
#: The most bytes of an extended header: names have at most 4096.
EXTENDED_LIMIT = 1 << 20
#: The longest path, in bytes (``PATH_MAX``): no system can create a longer one.
NAME_LIMIT = 4096
#: Bytes that are read at a time, with the headers of small files behind one another.
WINDOW = 64 << 10

_TYPES = {
    b"0": stat.S_IFREG, b"\0": stat.S_IFREG, b"7": stat.S_IFREG, b"S": stat.S_IFREG, b"2": stat.S_IFLNK,
    b"3": stat.S_IFCHR, b"4": stat.S_IFBLK, b"5": stat.S_IFDIR, b"6": stat.S_IFIFO,
}  # fmt: skip
_HARD, _GLOBAL, _PAX, _LONG_NAME, _LONG_LINK = b"1", b"g", b"x", b"L", b"K"


class TarEntry(NamedTuple):
    """One file of an archive.

    ``mode`` has type and permissions as stat(2) has them; 0 is a hard link to the entry ``link``. ``offset`` and
    ``size`` are those of its bytes. ``sparse``: these are not the file's own bytes. ``link`` is a link's target.
    """

    name: str
    mode: int
    offset: int
    size: int
    link: str = ""
    sparse: bool = False


def entries(region: Region, name: str) -> Iterator[TarEntry]:
    """Yield the entries of the archive in *region* in its order; *name* is for messages.

    Raises:
        InputError: not a tar archive, or broken, or cut off.
    """
    window, base, position = b"", 0, 0
    extended: dict[str, str] = {}
    while position < region.size:
        if not base <= position <= base + len(window) - BLOCK:
            window, base = region.read(position, WINDOW), position
        header = window[position - base : position - base + BLOCK]
        if len(header) < BLOCK:
            raise InputError(f"{name}: cut off at byte {position + len(header)}")
        if not any(header):
            return
        if not _is_header(header):
            what = "a broken tar archive: no header" if position else "not a tar archive: no header"
            raise InputError(f"{name}: {what} at byte {position}")
        kind = header[156:157]
        size = _number(header[124:136]) if "size" not in extended else _decimal(extended["size"])
        if size < 0:
            raise InputError(f"{name}: a broken tar archive: no size at byte {position}")
        if kind in b"123456":  # whatever their header says
            size = 0
        start = position + BLOCK
        if kind == b"S":
            start = _behind_sparse_map(region, header, start)
        position = start + (size + BLOCK - 1) // BLOCK * BLOCK
        if position > region.size:
            raise InputError(f"{name}: cut off: {_name(header, extended)!r} reaches beyond its end")
        if kind in (_PAX, _LONG_NAME, _LONG_LINK, _GLOBAL):
            if size > EXTENDED_LIMIT:
                limit = f"{EXTENDED_LIMIT >> 20} MiB"
                raise InputError(f"{name}: a tar header of more than {limit} at byte {start - BLOCK}")
            if kind != _GLOBAL:  # none of its fields matters to an image
                extended.update(_extended(kind, region.read(start, size), name))
            continue
        path = _name(header, extended)
        link = extended.get("linkpath", "") or _text(header[157:257])
        sparse = kind == b"S" or any(key.startswith("GNU.sparse.") for key in extended)
        extended = {}
        if len(path) > NAME_LIMIT or len(link) > NAME_LIMIT:
            raise InputError(f"{name}: a name of more than {NAME_LIMIT} bytes at byte {start - BLOCK}")
        if kind == _HARD:
            yield TarEntry(path, 0, start, 0, link)
        elif kind in _TYPES:
            # Archives older than POSIX have no type for folders.
            mode = stat.S_IFDIR if kind == b"\0" and path.endswith("/") else _TYPES[kind]
            permissions = max(0, _number(header[100:108])) & 0o7777
            yield TarEntry(path, mode | permissions, start, size, link if kind == b"2" else "", sparse)


def _is_header(header: bytes) -> bool:
    """Whether the sum of the bytes is right; some old programs took them as signed."""
    expected = _number(header[148:156])
    own = header[148:156]
    total = sum(header) - sum(own) + 8 * ord(" ")
    if total == expected:
        return True
    signed = sum(byte - 256 for byte in header if byte > 127) - sum(byte - 256 for byte in own if byte > 127)
    return total - sum(b for b in header if b > 127) + sum(b for b in own if b > 127) + signed == expected


def _number(field: bytes) -> int:
    """Return a number of a header, octal or in base 256; -1 if it is neither."""
    if field[0] & 0x80:
        number = int.from_bytes(bytes((field[0] & 0x7F,)) + field[1:], "big")
        return number if number < 1 << 63 else -1
    digits = field.partition(b"\0")[0].strip()
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        return -1


def _decimal(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _name(header: bytes, extended: dict[str, str]) -> str:
    for key in ("GNU.sparse.name", "path"):
        if extended.get(key):
            return extended[key]
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else ""
    return f"{prefix}/{_text(header[:100])}" if prefix else _text(header[:100])


def _extended(kind: bytes, data: bytes, name: str) -> dict[str, str]:
    """Return the fields that an extended header sets for the next entry."""
    if kind != _PAX:
        return {"path" if kind == _LONG_NAME else "linkpath": _text(data)}
    fields = {}
    position = 0
    while position < len(data) and data[position] != 0:
        space = data.find(b" ", position, position + 20)
        length = _decimal(data[position:space].decode("latin-1")) if space > 0 else -1
        record = data[space + 1 : position + length - 1]
        key, equals, value = record.partition(b"=")
        if length < 5 or position + length > len(data) or not equals:
            raise InputError(f"{name}: a broken tar archive: a pax header that is not made of records")
        fields[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        position += length
    return fields


def _behind_sparse_map(region: Region, header: bytes, start: int) -> int:
    """Return where the bytes of an old GNU sparse file begin: behind the blocks that continue its map."""
    more = header[482:483]
    while more not in (b"", b"\0"):
        more = region.read(start, BLOCK)[504:505]
        start += BLOCK
    return start
