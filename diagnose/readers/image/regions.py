"""Runs of bytes in open files, and the temporary file that holds what an image has only in compressed form."""

from __future__ import annotations

import os
import tempfile

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError
from diagnose.readers.system.file_bytes import FileBytes

if TYPE_CHECKING:
    import io
    from typing import Any

#: The most bytes that the temporary file holds: an image and all its unpacked layers.
SPOOL_LIMIT = 16 << 30
#: Bytes that are read at a time.
STEP = 1 << 20


class Region(NamedTuple):
    """``size`` bytes from ``start`` of an open file without a buffer."""

    file: io.FileIO
    start: int
    size: int

    def read(self, offset: int, length: int) -> bytes:
        """Return *length* bytes from *offset*; fewer at the end of the region, or of a file that was cut since."""
        length = max(0, min(length, self.size - offset))
        self.file.seek(self.start + offset)
        data = self.file.read(length)
        while 0 < len(data) < length and (more := self.file.read(length - len(data))):
            data += more
        return data

    def within(self, offset: int, size: int) -> Region:
        """Return a part of this region."""
        return Region(self.file, self.start + offset, size)

    def view(self) -> FileBytes:
        """Return all bytes, to be read one by one."""
        return FileBytes(self.file, self.start, self.size, shared=True)


class Spool:
    """A temporary file without a name, which no other user can open and nothing survives.

    It is in ``TMPDIR``, else in ``/var/tmp``: ``/tmp`` is often memory.
    """

    def __init__(self, limit: int = 0) -> None:
        self._limit = limit or SPOOL_LIMIT
        self._file: io.FileIO | None = None
        self._end = 0

    def take(self, source: Any, name: str) -> Region:
        """Copy what ``source.read`` gives, up to its end, and return where it is; *name* is for messages.

        Raises:
            InputError: *source* says that it is faulty; the file would be larger than its limit; or the disk is full.
        """
        start = self._end
        try:
            if self._file is None:
                self._file = _temporary()
            while data := source.read(STEP):
                if self._end + len(data) > self._limit:
                    most = f"{self._limit >> 30} GiB" if self._limit >> 30 else f"{self._limit >> 20} MiB"
                    raise InputError(f"{name}: unpacks to more than {most}: not read")
                self._write(data)
        except OSError as error:
            raise InputError(f"{name}: cannot be unpacked: {(error.strerror or str(error)).lower()}") from None
        return Region(self._file, start, self._end - start)

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        self._file.seek(self._end)  # *source* may itself be in this file
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) or 0 :]
        self._end += len(data)

    def close(self) -> None:
        """Give the space back."""
        if self._file is not None:
            self._file.close()


def _temporary() -> io.FileIO:
    folder = None if "TMPDIR" in os.environ or not os.access("/var/tmp", os.W_OK) else "/var/tmp"
    file: Any = tempfile.TemporaryFile(buffering=0, dir=folder, prefix="diagnose-")  # noqa: SIM115  (closed by the spool)
    return file  # type: ignore[no-any-return]  # without a buffer, it is a plain file
