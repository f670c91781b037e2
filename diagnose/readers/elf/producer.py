"""Names the compilers of a file and their option for the processor, as far as the file records them.

``.comment`` has one string for each compiler and linker. GCC writes its options into the producer in ``.debug_str``,
and with ``-frecord-gcc-switches`` into ``.GCC.command.line``; it turns ``native`` into the name of a processor. clang
writes them with ``-grecord-command-line``. rustc records no option.

Sources: the generic ABI, "Sections" and "Section Compression"; "Recording compilation" in GCC's manual.
"""

from __future__ import annotations

import struct
import zlib

from diagnose.model._lazy_stdlib import NamedTuple, re

MAX_STRINGS = 32 << 20  # bytes of .debug_str, unpacked, that are searched
_MAX_SECTIONS = 1 << 16
_MAX_COMMENT = 1 << 12
_SHF_COMPRESSED = 0x800
_ZLIB = 1
_OPTION = rb"(?<![\w-])-m(?:arch|cpu)=([\w.+-]{1,40})"


class Producer(NamedTuple):
    """``compilers`` as in ``.comment``; ``march`` are the values of ``-march`` and ``-mcpu``, sorted."""

    compilers: tuple[str, ...] = ()
    march: tuple[str, ...] = ()


def producer(content: memoryview, bits: int, endian: str) -> Producer:
    """Return what *content*, an ELF file, records. Wrong headers and damaged sections count as absent."""
    try:
        sections = _sections(content, bits, "<" if endian == "little" else ">")
        comment = sections.get(b".comment", b"")[:_MAX_COMMENT]
        text = b"\0".join(sections.get(name, b"") for name in (b".GCC.command.line", b".debug_str", b".zdebug_str"))
    except (struct.error, zlib.error, OverflowError):
        return Producer()
    parts = (part.decode("ascii", "replace").partition(" (http")[0] for part in comment.split(b"\0"))
    names = [" ".join(part.split()) for part in parts]
    compilers = [name for name in dict.fromkeys(names) if name.isprintable() and name]
    march = sorted({match.decode() for match in re.findall(_OPTION, text)})
    return Producer(tuple(compilers[:4]), tuple(march))


def _sections(content: memoryview, bits: int, order: str) -> dict[bytes, bytes]:
    wide = bits == 64
    start: int = struct.unpack_from(f"{order}{'Q' if wide else 'I'}", content, 40 if wide else 32)[0]
    width, count, names = struct.unpack_from(f"{order}HHH", content, 58 if wide else 46)
    form = f"{order}IIQQQQIIQQ" if wide else f"{order}10I"
    if width != struct.calcsize(form) or not start or count > _MAX_SECTIONS or names >= count:
        return {}
    rows = [struct.unpack_from(form, content, start + width * index) for index in range(count)]
    table = bytes(content[rows[names][4] : rows[names][4] + min(rows[names][5], 1 << 20)])
    found: dict[bytes, bytes] = {}
    for name, _, flags, _, offset, size, *_ in rows:
        title = table[name : name + 32].partition(b"\0")[0]
        if title in (b".comment", b".GCC.command.line", b".debug_str", b".zdebug_str") and title not in found:
            found[title] = _unpacked(content[offset : offset + size], title, flags, wide, order)
    return found


def _unpacked(raw: memoryview, title: bytes, flags: int, wide: bool, order: str) -> bytes:
    """Return the section's bytes, up to :data:`MAX_STRINGS`; empty if they are compressed by another method."""
    if title == b".zdebug_str":  # ZLIB and eight bytes of length, before the ABI defined it
        skipped = 12 if bytes(raw[:4]) == b"ZLIB" else len(raw)
    elif flags & _SHF_COMPRESSED:
        method = struct.unpack_from(f"{order}I", raw)[0]
        skipped = (24 if wide else 12) if method == _ZLIB else len(raw)
    else:
        return bytes(raw[:MAX_STRINGS])
    return zlib.decompressobj().decompress(raw[skipped:], MAX_STRINGS) if skipped < len(raw) else b""
