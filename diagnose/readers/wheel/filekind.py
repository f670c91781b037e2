"""Determines a file's kind by its first bytes, and by its name and mode whether it claims to be code.

Sources of the magic numbers: elf(5); Apple's ``mach-o/loader.h`` and ``mach-o/fat.h``; "PE Format" of Microsoft's
documentation; the WebAssembly core specification, 5.5.16; ar(5); LLVM's "LLVM Bitcode File Format"; the Git LFS
specification.
"""

from __future__ import annotations

import struct

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers.wheel import mach_o

if TYPE_CHECKING:
    from diagnose.readers.system.file_bytes import FileBytes
    from diagnose.readers.wheel.mach_o import Build


class CodeFile(NamedTuple):
    """One file of a wheel that is code, or that claims to be.

    ``kind``, by its content: ``elf``, ``mach-o``, ``pe`` (Windows), ``wasm``, ``archive`` (of ar: a static library),
    ``llvm-bitcode``, ``symlink``, ``lfs-pointer`` (Git LFS: the file itself is elsewhere), ``linker-script``,
    ``script`` (``#!``), ``text``, ``empty`` or ``data``.

    ``arches`` are the processors in a Mach-O or PE header, by their names in platform tags, unknown ones in hex;
    empty for other kinds and if the header does not name one.

    ``claims`` is the reason to expect code: ``library`` (the name ends in ``.so``, ``.so.1``, ``.pyd``, ``.dylib`` or
    ``.dll``), ``script`` (the file is in ``.data/scripts``), ``executable`` (by its mode); empty if only the content is
    code. ``size`` is in bytes. ``builds`` are what a Mach-O file is built for, by processor.
    """

    path: str
    """The member."""
    kind: str
    arches: tuple[str, ...]
    claims: str
    size: int
    builds: tuple[Build, ...] = ()


_MAGIC = {
    b"\x7fELF": "elf",
    b"\xfe\xed\xfa\xce": "mach-o",
    b"\xfe\xed\xfa\xcf": "mach-o",
    b"\xce\xfa\xed\xfe": "mach-o",
    b"\xcf\xfa\xed\xfe": "mach-o",
    b"\xca\xfe\xba\xbe": "mach-o",  # more than one architecture; Java's classes begin alike
    b"\xca\xfe\xba\xbf": "mach-o",
    b"\0asm": "wasm",
    b"!<ar": "archive",
    b"!<th": "archive",
    b"BC\xc0\xde": "llvm-bitcode",
    b"\xde\xc0\x17\x0b": "llvm-bitcode",
}
_PE = {0x14C: "win32", 0x8664: "amd64", 0xAA64: "arm64", 0x1C4: "arm32"}
_CONTROL = bytes({*range(32), 127} - {*b"\b\t\n\f\r\x1b"})


def claim(path: str, data_prefix: str, mode: int) -> str:
    """Return why the member *path* is expected to be code, empty if it is not; see :class:`CodeFile`."""
    name = path.rpartition("/")[2].lower()
    if name.endswith((".so", ".pyd", ".dylib", ".dll")) or name.partition(".so.")[2][:1].isdigit():
        return "library"
    if path.startswith(data_prefix) and path.startswith("scripts/", len(data_prefix)):
        return "script"
    return "executable" if mode & 0o111 else ""


def code_file(
    path: str, data_prefix: str, head: bytes, mode: int, size: int, content: memoryview | bytes | FileBytes = b""
) -> CodeFile | None:
    """Return the file *path* of *size* bytes that begins with *head*; None if it neither is code nor claims to be.

    *content* are all bytes of a file whose parts are read (:func:`has_parts`).
    """
    claims = claim(path, data_prefix, mode)
    if not claims and not code(head):
        return None
    return CodeFile(path, *classify(head, mode), claims, size, mach_o.builds(content) if has_parts(head) else ())


def has_parts(head: bytes) -> bool:
    """Whether more than the head of the file is read: it is Mach-O, whose parts for each processor say more."""
    return code(head) == "mach-o"


def classify(head: bytes, mode: int = 0) -> tuple[str, tuple[str, ...]]:
    """Return a file's kind and architectures; *head* are its first bytes, or all of a short file."""
    if mode & 0o170000 == 0o120000:
        return "symlink", ()
    kind = code(head)
    if kind == "mach-o":
        return kind, mach_o.arches(head)
    if kind == "pe":
        (number,) = struct.unpack_from("<H", head, _pe_header(head) + 4)
        return kind, (_PE.get(number, hex(number)),)
    if kind:
        return kind, ()
    if not head:
        return "empty", ()
    if head.startswith(b"version https://git-lfs.github.com/spec/"):
        return "lfs-pointer", ()
    if head.startswith(b"#!"):
        return "script", ()
    if _is_text(head):
        start = head.lstrip()
        is_linker_script = start.startswith((b"/* GNU ld script", b"INPUT", b"GROUP", b"OUTPUT_FORMAT"))
        return "linker-script" if is_linker_script else "text", ()
    return "data", ()


def code(head: bytes) -> str:
    """Return the kind of code with the first bytes *head*, empty if it is not code."""
    kind = _MAGIC.get(head[:4], "")
    if kind == "archive" and head[:8] not in (b"!<arch>\n", b"!<thin>\n"):
        return ""
    if head[:3] == b"\xca\xfe\xba" and not 0 < int.from_bytes(head[4:8], "big") <= mach_o.MAX_FAT:
        return ""
    if not kind and head[:2] == b"MZ" and _pe_header(head):
        return "pe"
    return kind


def _pe_header(head: bytes) -> int:
    """Return the offset of the PE header, 0 without one: DOS programs begin with the same bytes."""
    at = int.from_bytes(head[60:64], "little")
    return at if head[at : at + 4] == b"PE\0\0" and at + 6 <= len(head) else 0


def _is_text(head: bytes) -> bool:
    # A character that is cut at the end of *head* has at most three bytes in it.
    whole = len(head.decode("utf-8", "ignore").encode()) >= len(head) - 3
    return whole and len(head.translate(None, _CONTROL)) == len(head)
