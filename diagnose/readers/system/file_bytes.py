"""The bytes of a file, each read when it is asked for.

A map of a file is as convenient, but its reader is ended by a signal (SIGBUS) when the file is cut off meanwhile: a
package is upgraded, a compiler writes its output again.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    import io
    from typing import overload

#: Bytes that are searched at a time.
STEP = 1 << 20


class FileBytes:
    """*size* bytes from *start* of an open file without a buffer; of no file: none. They are sliced as ``bytes`` are.

    As a context it closes the file in the end, unless that is *shared*.
    """

    __slots__ = ("_file", "_shared", "_size", "_start")

    def __init__(self, file: io.FileIO | None = None, start: int = 0, size: int = 0, shared: bool = False) -> None:
        self._file = file
        self._start = start
        self._size = size
        self._shared = shared

    def __enter__(self) -> FileBytes:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None and not self._shared:
            self._file.close()

    def __len__(self) -> int:
        return self._size

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, place: int) -> int: ...
        @overload
        def __getitem__(self, place: slice) -> bytes: ...

    def __getitem__(self, place: int | slice) -> int | bytes:
        """Return a byte, or a run of them.

        Raises:
            OSError: they cannot be read, or the file was cut off since.
            IndexError: there is no such byte.
        """
        if not isinstance(place, slice):
            at = range(self._size)[place]
            return self._read(at, at + 1)[0]
        start, stop, step = place.indices(self._size)
        data = self._read(start, stop)
        return data if step == 1 else data[::step]

    def __bytes__(self) -> bytes:
        return self[:]

    def _read(self, start: int, stop: int) -> bytes:
        if self._file is None or start >= stop:
            return b""
        self._file.seek(self._start + start)
        data = self._file.read(stop - start)
        while 0 < len(data) < stop - start and (more := self._file.read(stop - start - len(data))):
            data += more
        if len(data) < stop - start:
            raise OSError(f"was cut off at byte {self._start + start + len(data)} while it was read")
        return data

    def last(self, needle: bytes, limit: int) -> int:
        """Return where the last *needle* begins in the last *limit* bytes; -1 without one.

        Raises:
            OSError: as of a slice.
        """
        first = max(0, self._size - limit)
        stop = self._size
        while stop > first:
            start = max(first, stop - STEP)
            found = self[start : stop + len(needle) - 1].rfind(needle)
            if found >= 0:
                return start + found
            stop = start
        return -1
