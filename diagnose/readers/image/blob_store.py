"""The files of an archive or a layout that holds images: JSON documents and layers, each checked by its digest."""

from __future__ import annotations

import contextlib
import json
import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers.image import unpack
from diagnose.readers.image.layer_tree import LayerStack
from diagnose.readers.image.layered_root import LayeredRoot
from diagnose.readers.image.regions import Region, Spool
from diagnose.readers.system.root import Root

if TYPE_CHECKING:
    import io
    from typing import Any

#: The longest JSON document that is read, in bytes: engines accept 4 MiB and 8 MiB.
DOCUMENT_LIMIT = 8 << 20
#: The most documents that are read, and the most bytes of them all together: indexes may name one again and again.
DOCUMENTS_LIMIT, DOCUMENT_BYTES_LIMIT = 4000, 32 << 20


class BlobStore:
    """What is in the folder, or in the archive, *path*: a name for messages. To be closed.

    ``spool`` holds what had to be unpacked.

    Raises:
        InputError: *path* cannot be read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.spool = Spool()
        self._open: list[io.FileIO] = []
        self._documents = DOCUMENTS_LIMIT
        self._document_bytes = DOCUMENT_BYTES_LIMIT
        self._place = Root("/")

    def open(self) -> None:
        """Open the folder or the archive at ``path``.

        Raises:
            InputError: it cannot be opened, or it is not a tar archive.
        """
        if os.path.isdir(self.path):
            self._place = Root(self.path)
            return
        try:
            region = self._file(self.path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(f"{self.path}: {reason.lower()}") from None
        self.open_archive(region)

    def open_archive(self, region: Region) -> None:
        """Read the directory of the archive in *region*.

        Raises:
            InputError: it is not a tar archive, broken, or cut off.
        """
        stack = LayerStack()
        stack.add(unpack.plain(region, self.spool, self.path), self.path)
        self._place = LayeredRoot(stack.top, self.path)

    def _file(self, path: str) -> Region:
        if not os.path.isfile(path):
            os.stat(path)
            raise OSError("not a regular file")
        file = open(path, "rb", buffering=0)  # noqa: SIM115  (closed with the store)
        self._open.append(file)
        return Region(file, 0, os.fstat(file.fileno()).st_size)

    def has(self, path: str) -> bool:
        """Whether there is a regular file *path*."""
        return self._place.is_file(f"/{path}")

    def names(self) -> list[str]:
        """Return the names at the top."""
        return self._place.names("/")

    def region(self, path: str) -> Region:
        """Return where the bytes of the file *path* are; links are followed, and never out of the store.

        Raises:
            InputError: it is missing or cannot be read.
        """
        found = None
        if isinstance(self._place, LayeredRoot):
            found = self._place.region(f"/{path}")
        elif self.has(path) and (real := self._place.locate(f"/{path}")):
            with contextlib.suppress(OSError):
                found = self._file(real)
        if found is None:
            raise InputError(f"{self.path}: lacks the file {path!r}")
        return found

    def document(self, path: str, digest: str = "") -> Any:
        """Return the JSON document *path*, whose *digest* is checked unless it is empty.

        Raises:
            InputError: it is missing, too large, not JSON, or has another digest.
        """
        region = self.region(path)
        if region.size > DOCUMENT_LIMIT:
            raise InputError(f"{self.path}: {path!r} is larger than {DOCUMENT_LIMIT >> 20} MiB")
        self._documents -= 1
        self._document_bytes -= region.size
        if self._documents < 0 or self._document_bytes < 0:
            raise InputError(f"{self.path}: names more manifests than any image has: not read")
        if digest:
            unpack.check(region, f"{self.path}: {path!r}", digest)
        try:
            return json.loads(region.read(0, region.size))
        except (ValueError, RecursionError):
            raise InputError(f"{self.path}: {path!r} is not valid JSON") from None

    def close(self) -> None:
        """Close all files, and give the space of the temporary one back."""
        for file in self._open:
            file.close()
        self.spool.close()
