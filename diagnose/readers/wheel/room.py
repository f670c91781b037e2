"""Memory into which members are inflated one after the other, in one piece each by libdeflate where that is installed.

libdeflate is called where the package ``deflate`` has it: in its extension module, which exports it on Linux and macOS.
The package's own functions return every result in new memory, whose page faults take a fifth of the time, and do not
say where the compressed data end, which takes a search through them.
"""

from __future__ import annotations

import mmap

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, cache

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# glibc gives memory back to the system with every buffer that is freed, and each page that it takes again is a fault,
# until a block has been freed that is larger. This one is never touched, so that it costs nothing. Where there is not
# even that much, no wheel can be read: the command says so at once, before it fails with every wheel alone.
bytes(31 << 20)

WORTH_IMPORTING = 1 << 20
"""Inflated bytes for which libdeflate saves what its import takes."""
KEPT = 128 << 20
"""Bytes of a room that is kept for the next wheel."""


class _Libdeflate(NamedTuple):
    allocate: Callable[[], int]
    inflate: Callable[..., int]
    crc32: Callable[..., int]
    first: Callable[..., Any]
    """Returns the place of a buffer's first byte, as these functions take it."""
    number: Callable[[], Any]
    """Returns room for a number, and …"""
    pointer: Callable[[Any], Any]
    """… where that is."""


@cache
def libdeflate() -> _Libdeflate | None:
    """Return the functions of libdeflate, None where they are not installed; takes 3 ms."""
    try:
        import ctypes

        from deflate import _deflate

        library = ctypes.CDLL(_deflate.__file__)
        allocate, inflate = library.libdeflate_alloc_decompressor, library.libdeflate_deflate_decompress_ex
        crc32 = library.libdeflate_crc32
    except (ImportError, OSError, AttributeError):
        return None
    place, size = ctypes.c_void_p, ctypes.c_size_t
    allocate.argtypes, allocate.restype = [], place
    inflate.argtypes, inflate.restype = [place, place, size, place, size, place, place], ctypes.c_int
    crc32.argtypes, crc32.restype = [ctypes.c_uint32, place, size], ctypes.c_uint32
    return _Libdeflate(allocate, inflate, crc32, ctypes.c_char.from_buffer, size, ctypes.byref)


_used = False


def is_fast(size: int) -> bool:
    """Whether a room inflates, and *size* bytes so fast that it saves what the import takes, unless that is done."""
    global _used
    _used = _used or size >= WORTH_IMPORTING
    return _used and libdeflate() is not None


class Room:
    """Memory for the content of one member at a time; for one thread at a time.

    Whoever uses a content must have forgotten it when the next one is inflated.
    """

    def __init__(self) -> None:
        self.memory = _memory(1)
        self._first: Any = None  # where it is, for libdeflate
        self._state: int | None = None

    def grow(self, size: int, most: int) -> None:
        """Have room for *size* bytes, of which more will be needed later, *most* at a time."""
        if len(self.memory) < size:
            self._first = None
            self.memory = _memory(max(size, min(most, KEPT)))  # what is never written to takes no memory

    def inflate(self, packed: memoryview, size: int, crc: int) -> memoryview | None:
        """Return the *size* bytes that *packed* inflates to.

        None if *packed* inflates to something else, to something with another CRC-32, or is longer; and without
        libdeflate. Both must have a byte, and the room must be large enough.
        """
        library = libdeflate()
        if library is None:
            return None
        if self._first is None:
            self._first = library.pointer(library.first(self.memory))
        self._state = self._state or library.allocate()
        if self._state is None:
            raise MemoryError
        source = library.first(bytearray(packed) if packed.readonly else packed)
        used = library.number()
        failed = library.inflate(
            self._state, library.pointer(source), len(packed), self._first, size, library.pointer(used), None
        )
        if failed or used.value != len(packed) or library.crc32(0, self._first, size) != crc:
            return None
        return memoryview(self.memory)[:size]


_spare: list[Room] = []


class Borrowed:
    """Lends a room, if possible the one of an earlier wheel: its memory is not new to the system.

    A room that was in use when something went wrong is not lent again.
    """

    def __enter__(self) -> Room:
        try:
            self._room = _spare.pop()
        except IndexError:
            self._room = Room()
        return self._room

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is None and len(self._room.memory) <= KEPT:
            _spare.append(self._room)


def _memory(size: int) -> mmap.mmap:
    """Return *size* bytes of memory, in huge pages: page faults of small ones take as long as reading the data."""
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return mmap.mmap(-1, size)
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    try:  # noqa: SIM105  (importing contextlib takes longer than all else here)
        memory.madvise(mmap.MADV_HUGEPAGE)
    except OSError:  # a kernel without huge pages
        pass
    return memory
