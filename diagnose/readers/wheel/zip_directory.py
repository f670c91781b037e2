"""Reads a zip archive's directory: its members, the position of their bytes, and every ambiguity.

A zip archive states everything twice: in the central directory at its end, and in a header before each member. Where
the two disagree, this reads like Python's ``zipfile``, because pip installs what ``zipfile`` unpacks. The disagreement
is a :class:`ZipFlaw`, because readers that start at the front (uv, while it downloads) read the other version.

Sources: the zip application note (APPNOTE.TXT 6.3.10, sections 4.3 to 4.5), CPython's ``Lib/zipfile``, and the index's
own rules (``warehouse/utils/zipfiles.py``, 2026-08).
"""

from __future__ import annotations

import struct

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError
from diagnose.readers.system.printable import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

# Limits. An archive above them is rejected as a whole: no installer should unpack it.
MAX_MEMBERS = 1 << 18
MAX_MEMBER = 4 << 30  # bytes of one inflated member; the largest seen in published wheels is about 2 GiB
MAX_TOTAL = 32 << 30  # bytes of all inflated members
MAX_RATIO = 250  # inflated ÷ compressed bytes, of a member and of all together, …
RATIO_FREE = 128 << 20  # … once they are larger than this: small runs of zeros may well shrink a thousand times
MAX_VERSION = 63  # of the format (6.3): zipfile refuses what asks for a newer one

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
METHODS = {STORED: "stored", DEFLATED: "deflate", 9: "Deflate64", BZIP2: "bzip2", LZMA: "LZMA", 93: "Zstandard"}

_ENTRY = struct.Struct("<6xB1xHH4xIIIHHH4xII")
_LOCAL = struct.Struct("<6xHH4xIIIHH")
_ENCRYPTED, _DESCRIPTOR, _PATCHED, _UTF8 = 0x41, 0x08, 0x20, 0x800
_WIDE = 0xFFFFFFFF  # a field of 32 bits that says: see the zip64 extra field
_WIDEST = (1 << 64) - 1  # zipfile takes this size, too, for a reference to the next zip64 extra field


class Member(NamedTuple):
    """One file in the archive as the central directory describes it.

    Sizes are in bytes. ``offset`` is where its local header is, ``start`` where its data begin; -1 if it has no local
    header.
    """

    name: str
    size: int
    compressed: int
    crc: int
    method: int
    offset: int
    mode: int
    start: int


class ZipFlaw(NamedTuple):
    """An unsafe, broken or ambiguous property of one member, or of the whole archive (then ``path`` is empty).

    Unsafe or broken: ``symlink``, ``absolute`` and ``escaping`` (name), ``nul`` (in the name), ``crc``, ``size``
    (inflates to another size than declared), ``corrupt`` (cannot be inflated), ``name`` (another one in the local
    header), ``overlap`` (of the bytes of two members), ``method`` (a compression that wheels must not use).

    Ambiguous, because readers that start at the front or at the end see different archives: ``duplicate`` (name),
    ``header`` (the local header differs from the central directory), ``unicode-name`` (a second name in an
    extra field), ``descriptor`` and ``stored-descriptor`` (the sizes come after the data, deflated or stored),
    ``comment`` (of a member), ``before``, ``between`` and ``behind`` (bytes that belong to no member), ``padding``
    (zeros after the end), ``tail`` (bytes after a member's compressed data), ``directory`` (the end record does not
    fit the central directory).
    """

    kind: str
    """One of the words above."""
    path: str
    detail: str
    """What is wrong, in words, without the path."""


class _Entry(NamedTuple):
    """A member, and the fields of its central directory entry that its local header has to repeat."""

    member: Member
    raw_name: bytes
    fixed: bytes  # flags, method, time, date, CRC-32, both sizes, length of the name: 22 bytes, alike in both places
    flags: int


def read_members(data: memoryview, name: str, flaws: list[ZipFlaw]) -> list[Member]:
    """Return the members of the archive *data*, folders too, and add to *flaws*; *name* is for messages.

    Raises:
        InputError: not a zip archive, cut off, encrypted, or beyond the limits.
    """
    try:
        start, size, shift, count = find_directory(data, name, flaws)
        entries = _entries(bytes(data[start : start + size]), shift, name, flaws)
    except (struct.error, OverflowError):
        raise InputError(f"{name}: the zip directory is cut off or broken") from None
    if count != len(entries):
        flaws.append(ZipFlaw("directory", "", f"its end record counts {count} members, the directory {len(entries)}"))
    files = [entry.member for entry in entries if not entry.member.name.endswith("/")]  # a folder has no bytes
    if shift < 0 and any(member.offset < 0 for member in files):
        raise InputError(f"{name}: the zip directory is cut off")
    total, compressed = sum(member.size for member in files), sum(member.compressed for member in files)
    if compressed > len(data):
        raise InputError(f"{name}: refused, its members overlap")
    if total > RATIO_FREE and (total > MAX_TOTAL or total > MAX_RATIO * compressed):
        raise InputError(f"{name}: refused, would unpack from {compressed} to {total} bytes")
    starts = _locals(data, entries, shift, start, flaws)
    members = [Member._make((*entry[0][:-1], starts.get(position, -1))) for position, entry in enumerate(entries)]
    flaws += _name_flaws(members)
    return members


# --- the end records -----------------------------------------------------------------------------------------------


def find_directory(data: memoryview, name: str, flaws: list[ZipFlaw]) -> tuple[int, int, int, int]:
    """Return where the central directory starts, its size, the bytes before the archive proper, and its members.

    Like ``zipfile``, it finds the directory by its size alone, so the bytes before can be less than 0: then all
    positions in the archive are too large by that number.

    Looks for the end record as ``zipfile`` does: the last 22 bytes, else the last signature before a comment.
    """
    end = len(data) - 22
    if end < 0 or bytes(data[end : end + 4]) != b"PK\5\6" or bytes(data[end + 20 :]) != b"\0\0":
        tail = max(0, len(data) - 65557)
        end = tail + bytes(data[tail:]).rfind(b"PK\5\6")
        if end < tail:
            raise InputError(f"{name}: not a zip archive, or cut off")
    here, count, size, start, n_comment = struct.unpack_from("<8xHHIIH", data, end)
    rest = data[end + 22 + n_comment :]
    if rest:
        kind = "behind" if any(rest) else "padding"
        flaws.append(ZipFlaw(kind, "", f"{_bytes(len(rest))} after its end"))
    elif end + 22 + n_comment > len(data):
        flaws.append(ZipFlaw("directory", "", "its comment is cut off"))
    locator = bytes(data[max(0, end - 20) : end])
    if locator[:4] == b"PK\6\7":  # the zip64 locator; its record lies before it
        narrow = count, size, start
        disk, disks = struct.unpack_from("<4xI8xI", locator)
        if disk or disks > 1:
            raise InputError(f"{name}: a part of a zip archive that spans several disks")
        end -= 76
        if bytes(data[max(0, end) : end + 4]) != b"PK\6\6":
            raise InputError(f"{name}: the zip64 directory is broken")
        length, here, count, size, start = struct.unpack_from("<4xQ12xQQQQ", data, end)
        limits = 0xFFFF, _WIDE, _WIDE
        agree = all(said in (real, wide) for said, real, wide in zip(narrow, (count, size, start), limits, strict=True))
        if not agree or length != 44 or struct.unpack_from("<8xQ", locator)[0] != start + size:
            flaws.append(ZipFlaw("directory", "", "its end records for zip and zip64 disagree"))
    if here != count:
        flaws.append(ZipFlaw("directory", "", f"its end record counts {count} members, and {here} on this disk"))
    shift = end - size - start
    if start + shift < 0:
        raise InputError(f"{name}: the zip directory is cut off")
    if shift > 0:
        flaws.append(ZipFlaw("before", "", f"{_bytes(shift)} before its beginning"))
    elif shift:
        flaws.append(ZipFlaw("directory", "", f"its end record places the directory {_bytes(-shift)} too far"))
    return start + shift, size, shift, count


# --- the central directory -----------------------------------------------------------------------------------------


def _entries(directory: bytes, shift: int, name: str, flaws: list[ZipFlaw]) -> list[_Entry]:
    """Return all entries that the directory's bytes hold, however many its end record counts."""
    entries: list[_Entry] = []
    position = 0
    while position < len(directory):
        if position + 46 > len(directory):
            raise InputError(f"{name}: the zip directory is shorter than declared")
        if directory[position : position + 4] != b"PK\1\2":
            raise InputError(f"{name}: the zip directory is broken")
        if len(entries) == MAX_MEMBERS:
            raise InputError(f"{name}: refused, more than {MAX_MEMBERS} members")
        version, flags, method, crc, compressed, inflated, n_name, n_extra, n_comment, attributes, offset = (
            _ENTRY.unpack_from(directory, position)
        )
        extra = position + 46 + n_name
        raw = directory[position + 46 : extra]
        member_name = _decode(raw, flags)
        if flags & _UTF8 and "\\" in member_name and not _is_utf8(raw):
            raise InputError(f"{name}: the name of {member_name} is not the UTF-8 that its flags promise")
        if 0 in raw:
            kept = member_name.partition("\\x00")[0]
            flaws.append(ZipFlaw("nul", member_name, f"a NUL in its name; Python's zipfile, and pip, write {kept!r}"))
        if n_extra:
            fields = directory[extra : extra + n_extra]
            kinds = _kinds_of(fields, f"{name}: {member_name}")
            inflated, compressed, offset = _wide(fields, inflated, compressed, offset, f"{name}: {member_name}")
            if kinds.count(1) > 1:
                flaws.append(
                    ZipFlaw("header", member_name, "has several zip64 extra fields, and readers use one or all")
                )
            flaws += _second_name(fields, raw, member_name)
        if n_comment:
            flaws.append(ZipFlaw("comment", member_name, "has a comment"))
        if version > MAX_VERSION:
            raise InputError(f"{name}: {member_name} needs version {version / 10} of the zip format")
        if flags & _ENCRYPTED:
            raise InputError(f"{name}: {member_name} is encrypted")
        if flags & _PATCHED:  # a difference to other data; zipfile refuses it too
            raise InputError(f"{name}: {member_name} is compressed patched data, which no installer reads")
        if inflated > RATIO_FREE and (inflated > MAX_MEMBER or inflated > MAX_RATIO * compressed):
            raise InputError(f"{name}: refused, {member_name} would unpack from {compressed} to {inflated} bytes")
        member = Member._make((member_name, inflated, compressed, crc, method, offset + shift, attributes >> 16, -1))
        entries.append(_Entry._make((member, raw, directory[position + 8 : position + 30], flags)))
        position = extra + n_extra + n_comment
    return entries


def _decode(name: bytes, flags: int) -> str:
    # cp437 is ASCII where ASCII is, and slow.
    return decode(name, "utf-8" if flags & _UTF8 or name.isascii() else "cp437")


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, position)
        yield kind, extra[position + 4 : position + 4 + size]
        position += 4 + size


def _kinds_of(extra: bytes, name: str) -> list[int]:
    """Return the kinds of the extra fields.

    Raises:
        InputError: the last of them is cut off; ``zipfile`` rejects such an archive.
    """
    kinds, end = [], 0
    for kind, value in _extra_fields(extra):
        kinds.append(kind)
        end += 4 + (extra[end + 2] | extra[end + 3] << 8)
        if end > len(extra):
            raise InputError(f"{name}: its extra field {kind:#06x} is cut off at {_bytes(len(value))}")
    return kinds


def _wide(extra: bytes, inflated: int, compressed: int, offset: int, name: str) -> tuple[int, int, int]:
    """Return the sizes and the offset, from the zip64 extra fields if the entry refers to them.

    Like ``zipfile``, it lets a field that refers to a further field take its value from the next.

    Raises:
        InputError: one of them is missing; ``zipfile`` rejects such an archive.
    """
    told = [inflated, compressed, offset]
    if _WIDE in told:
        for kind, value in _extra_fields(extra):
            if kind != 1:
                continue
            wanted = [place for place in range(3) if told[place] == _WIDE or (not place and told[0] == _WIDEST)]
            if len(value) < 8 * len(wanted):
                raise InputError(f"{name}: its zip64 extra field is cut off")
            for at, place in enumerate(wanted):
                told[place] = int.from_bytes(value[8 * at : 8 * at + 8], "little")
    return told[0], told[1], told[2]


def _second_name(extra: bytes, raw: bytes, name: str) -> Iterator[ZipFlaw]:
    """Find the Info-ZIP Unicode Path field (APPNOTE 4.6.9), from which Python 3.13's zipfile takes the name."""
    for kind, value in _extra_fields(extra):
        if kind == 0x7075 and value[5:] != raw:
            second = decode(value[5:])
            if second != name:
                yield ZipFlaw("unicode-name", name, f"an extra field names it {second}, which some readers use")


# --- the local headers ---------------------------------------------------------------------------------------------


def _locals(
    data: memoryview, entries: list[_Entry], shift: int, directory: int, flaws: list[ZipFlaw]
) -> dict[int, int]:
    """Return where the data of the members begin, by position in *entries*, without members that have no header.

    Adds to *flaws* the differences that a reader that starts at the front would see.
    """
    starts: dict[int, int] = {}
    expected = max(shift, 0)
    owner = ""
    for offset, position in sorted((entry.member.offset, position) for position, entry in enumerate(entries)):
        member, raw, fixed, _ = entries[position]
        header = bytes(data[offset : offset + 30])
        if len(header) < 30 or header[:4] != b"PK\3\4":
            continue
        n_extra = header[28] | header[29] << 8
        # The length of the name is among the fixed fields, but only trusted if it equals the entry's.
        n_name = len(raw) if header[6:28] == fixed else header[26] | header[27] << 8
        starts[position] = start = offset + 30 + n_name + n_extra
        alike = header[6:28] == fixed and data[offset + 30 : offset + 30 + n_name] == raw
        if not alike or n_extra or header[6] & _DESCRIPTOR:
            flaws += _header_flaws(entries[position], header, bytes(data[offset + 30 : start]))
        if offset < expected:
            flaws.append(ZipFlaw("overlap", member.name, f"shares bytes with {owner or 'what precedes the archive'}"))
        elif offset > expected:
            flaws.append(
                ZipFlaw("between", member.name, f"{_bytes(offset - expected)} before it that belong to no member")
            )
        end = start + member.compressed
        if header[6] & _DESCRIPTOR:
            end += _descriptor(data, end, member)
        if end > expected:
            expected, owner = end, member.name
    if expected > directory:
        flaws.append(ZipFlaw("overlap", owner, "shares bytes with the central directory"))
    elif expected < directory:
        flaws.append(
            ZipFlaw("between", "", f"{_bytes(directory - expected)} before its directory that belong to no member")
        )
    return starts


def _descriptor(data: memoryview, at: int, member: Member) -> int:
    """Return the size of the data descriptor at *at*: with or without a signature, sizes of 32 or 64 bits."""
    found = bytes(data[at : at + 24])
    for form in ("<III", "<IQQ"):
        packed = struct.pack(form, member.crc, member.compressed & (1 << 32) - 1, member.size & (1 << 32) - 1)
        for descriptor in (b"PK\7\x08" + packed, packed):
            if found.startswith(descriptor):
                return len(descriptor)
    return 0


def _header_flaws(entry: _Entry, header: bytes, rest: bytes) -> Iterator[ZipFlaw]:
    """Yield the differences of a local header from its entry; *rest* is the name and the extra fields."""
    member, raw, cd_flags = entry.member, entry.raw_name, entry.flags
    flags, method, crc, compressed, size, n_name, _ = _LOCAL.unpack(header)
    local_name, extra = rest[:n_name], rest[n_name:]
    if local_name != raw:
        yield ZipFlaw("name", member.name, f"its local header names it {_decode(local_name, flags)}")
    if flags & _DESCRIPTOR:
        kind = "descriptor" if method != STORED else "stored-descriptor"
        yield ZipFlaw(kind, member.name, "its sizes come after its data (a data descriptor)")
    if method != member.method:
        yield ZipFlaw(
            "header", member.name, f"its compression is {_method(member.method)}, by its local header {_method(method)}"
        )
    if (flags ^ cd_flags) & (_ENCRYPTED | (0 if raw.isascii() else _UTF8)):
        yield ZipFlaw("header", member.name, f"its flags are {cd_flags:#x}, by its local header {flags:#x}")
    wide = [value for kind, value in _extra_fields(extra) if kind == 1]
    if wide and _WIDE in (size, compressed):
        numbers = (number for (number,) in struct.iter_unpack("<Q", wide[0][: len(wide[0]) // 8 * 8]))
        size = next(numbers, -1) if size == _WIDE else size
        compressed = next(numbers, -1) if compressed == _WIDE else compressed
    later = bool(flags & _DESCRIPTOR)
    told = (
        (crc, member.crc, "CRC-32"),
        (compressed, member.compressed, "compressed bytes"),
        (size, member.size, "bytes"),
    )
    for local, central, noun in told:
        if local != central and not (later and local in (0, _WIDE)):
            yield ZipFlaw("header", member.name, f"{central} as {noun}, by its local header {local}")
    yield from _second_name(extra, raw, member.name)


def _bytes(number: int) -> str:
    return f"{number} byte{'' if number == 1 else 's'}"


def _method(method: int) -> str:
    return METHODS.get(method, f"compression method {method}")


# --- names -----------------------------------------------------------------------------------------------------------


def _name_flaws(members: list[Member]) -> Iterator[ZipFlaw]:
    seen: set[str] = set()
    for member in members:
        name = member.name
        if name in seen:
            yield ZipFlaw("duplicate", name, "the archive has two members with this name")
        seen.add(name)
        if member.mode & 0o170000 == 0o120000:
            yield ZipFlaw("symlink", name, "a symbolic link; installers write a text file with the link's target")
        if name.startswith(("/", "\\")) or name[1:3] in (":/", ":\\"):
            yield ZipFlaw("absolute", name, "an absolute path")
        if ".." in name and ".." in name.replace("\\", "/").split("/"):
            yield ZipFlaw("escaping", name, "leaves the folder that it is unpacked to")
        if member.method not in (STORED, DEFLATED) and not name.endswith("/"):
            yield ZipFlaw(
                "method", name, f"packed by {_method(member.method)}; every installer supports only stored and deflate"
            )
