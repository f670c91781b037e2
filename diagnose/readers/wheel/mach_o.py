"""Reads the headers of Mach-O files: the processors, and the system and its oldest release that each is built for.

Source: Apple's ``mach-o/loader.h`` and ``mach-o/fat.h``.
"""

from __future__ import annotations

import struct

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.system.file_bytes import FileBytes


class Build(NamedTuple):
    """What the part of a file for one processor is built for."""

    arch: str
    """The processor, by its name in platform tags; an unknown one in hex."""
    system: str
    """``macOS``, ``iOS``, ``iOS simulator`` …; empty if no load command names it."""
    oldest: tuple[int, int]
    """The oldest release of the system; (0, 0) if no load command names it."""


_FAT = b"\xca\xfe\xba"
_PROCESSORS = {
    7: "i386",
    12: "arm",
    18: "ppc",
    0x1000007: "x86_64",
    0x100000C: "arm64",
    0x1000012: "ppc64",
    0x200000C: "arm64_32",
}
_LC_VERSION_MIN = {0x24: "macOS", 0x25: "iOS", 0x2F: "tvOS", 0x30: "watchOS"}
_LC_BUILD_VERSION = 0x32
_PLATFORMS = {1: "macOS", 2: "iOS", 3: "tvOS", 4: "watchOS", 6: "Mac Catalyst", 7: "iOS simulator", 11: "visionOS"}
_INTEL = ("i386", "x86_64")
MAX_FAT = 32
"""Processors of one file; in a Java class, the same bytes are its version, 45 or more."""
_MAX_COMMANDS = 4096  # of one processor; real files have less than a hundred


def arches(head: bytes) -> tuple[str, ...]:
    """Return the processors that the header *head* names; it may be cut."""
    if head[:3] == _FAT:
        width = 20 if head[3] == 0xBE else 32
        places = range(8, min(8 + width * int.from_bytes(head[4:8], "big"), len(head) - 3), width)
        order = ">"
    else:
        places = range(4, 8 if len(head) >= 8 else 4, 4)
        order = _order(head)
    return tuple(dict.fromkeys(_processor(struct.unpack_from(f"{order}I", head, at)[0]) for at in places))


def builds(content: memoryview | bytes | FileBytes) -> tuple[Build, ...]:
    """Return what the Mach-O file *content* is built for, in its order; parts whose header is cut are left out."""
    return tuple(build for start in _starts(content) if (build := _build(content, start)) is not None)


def _starts(content: memoryview | bytes | FileBytes) -> Iterator[int]:
    """Yield where the parts for one processor begin."""
    if content[:3] != _FAT:
        yield 0
        return
    form, width = (">I4xI", 20) if content[3] == 0xBE else (">I4xQ", 32)
    number = min(int.from_bytes(content[4:8], "big"), MAX_FAT)
    for at in range(8, min(8 + width * number, len(content) - width + 1), width):
        yield _unpack(form, content, at)[1]


def _build(content: memoryview | bytes | FileBytes, start: int) -> Build | None:
    magic = bytes(content[start : start + 4])
    if len(content) - start < 32 or magic not in _THIN:
        return None
    order = _order(magic)
    number, _, _, count, size = _unpack(f"{order}5I", content, start + 4)
    at = start + _THIN[magic]
    end = min(at + size, len(content))
    arch = _processor(number)
    for _ in range(min(count, _MAX_COMMANDS)):
        if at + 16 > end:
            break
        command, length, first, second = _unpack(f"{order}4I", content, at)
        if command == _LC_BUILD_VERSION:
            return Build(arch, _PLATFORMS.get(first, f"platform {first}"), _release(second))
        if command in _LC_VERSION_MIN:
            simulated = " simulator" if command != 0x24 and arch in _INTEL else ""
            return Build(arch, _LC_VERSION_MIN[command] + simulated, _release(first))
        if length < 8:
            break
        at += length
    return Build(arch, "", (0, 0))


#: Magic of a file for one processor → bytes of its header.
_THIN = {
    b"\xfe\xed\xfa\xce": 28,
    b"\xce\xfa\xed\xfe": 28,
    b"\xfe\xed\xfa\xcf": 32,
    b"\xcf\xfa\xed\xfe": 32,
}


def _unpack(form: str, content: memoryview | bytes | FileBytes, at: int) -> tuple[int, ...]:
    return struct.unpack(form, content[at : at + struct.calcsize(form)])


def _order(head: bytes) -> str:
    return "<" if head[0] in (0xCE, 0xCF) else ">"


def _processor(number: int) -> str:
    return _PROCESSORS.get(number, hex(number))


def _release(number: int) -> tuple[int, int]:
    """Return major and minor of ``xxxx.yy.zz``."""
    return number >> 16, number >> 8 & 0xFF
