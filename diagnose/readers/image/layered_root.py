"""The root file system of an image: read from its layers, never unpacked."""

from __future__ import annotations

import stat

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers.image.layer_tree import ImageFile, ImageFolder, node
from diagnose.readers.system.file_bytes import FileBytes
from diagnose.readers.system.root import FOLDER_LIMIT, TEXT_LIMIT, Root, too_large

if TYPE_CHECKING:
    from diagnose.readers.image.regions import Region


class LayeredRoot(Root):
    """The files of a tree of layers, as a root; *name* is the image's, for messages."""

    def __init__(self, top: ImageFolder, name: str) -> None:
        self.path = name
        self.live = False
        self.unseen: list[str] = []
        self._top = top
        self._present: dict[tuple[str, ...], tuple[str, ...]] = {}

    def _at(self, inside: str) -> ImageFile | ImageFolder | None:
        return node(self._top, [part for part in inside.split("/") if part])

    def _found(self, path: str) -> ImageFile | ImageFolder | None:
        """Return what *path* leads to.

        Raises:
            InputError: the links form a loop.
        """
        inside = self.resolve(path)
        return None if inside is None else self._at(inside)

    def _link_at(self, inside: str) -> str | None:
        found = self._at(inside)
        return None if found is None else found.link if isinstance(found, ImageFile) else ""

    def _lexists(self, inside: str) -> bool:
        return self._at(inside) is not None

    def _mode(self, path: str) -> int:
        try:
            found = self._found(path)
        except InputError:
            return 0
        if isinstance(found, ImageFolder):
            return found.mode or stat.S_IFDIR | 0o755
        return found.mode if found is not None else 0

    def names(self, path: str) -> list[str]:
        """Return the sorted names in the folder *path*; empty if it is missing or not a folder."""
        found = self._found(path)
        names = sorted(found.children) if isinstance(found, ImageFolder) else []
        if len(names) > FOLDER_LIMIT:
            self.unseen.append(f"{path}: only the first {FOLDER_LIMIT} entries were read")
        return names[:FOLDER_LIMIT]

    def read(self, path: str, limit: int = TEXT_LIMIT) -> bytes | None:
        """Return the bytes of the regular file *path*; None if it is missing or its bytes are not in the layers.

        Raises:
            InputError: it is longer than *limit* bytes, not a regular file, or a loop of links.
        """
        found = self._found(path)
        if not isinstance(found, ImageFile):
            return None
        if not stat.S_ISREG(found.mode):
            raise InputError(f"{path}: not a regular file")
        if found.contents is None:
            return None
        if found.contents.size > limit:
            raise too_large(path, limit)
        return found.contents.read(0, found.contents.size)

    def region(self, path: str) -> Region | None:
        """Return where the bytes of a regular file are; None if it is missing, or they are not in the layers."""
        try:
            found = self._found(path)
        except InputError:
            return None
        return found.contents if isinstance(found, ImageFile) else None

    def head(self, path: str, length: int) -> bytes:
        """Return the first *length* bytes of a regular file; empty if it is missing or may not be read."""
        contents = self.region(path)
        return contents.read(0, length) if contents is not None else b""

    def whole(self, path: str) -> FileBytes:
        """Return all bytes of a regular file, to be read one by one; none if it is missing."""
        contents = self.region(path)
        return contents.view() if contents is not None else FileBytes()
