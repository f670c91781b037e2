"""This machine's file system, of which only one folder exists: nothing outside it is read, through links neither."""

from __future__ import annotations

import os

from diagnose.readers.system.root import TEXT_LIMIT, Root


class Fence(Root):
    """A root whose paths are those of this machine, and lead to nothing outside *folder*."""

    def __init__(self, folder: str) -> None:
        super().__init__("/")
        self._inside = os.path.realpath(folder).rstrip(os.sep) + os.sep

    def _holds(self, path: str) -> bool:
        try:
            return (os.path.realpath(path) + os.sep).startswith(self._inside)
        except (OSError, ValueError):
            return False

    def _mode(self, path: str) -> int:
        return super()._mode(path) if self._holds(path) else 0

    def names(self, path: str) -> list[str]:
        """Return the sorted names in the folder *path*; empty if it is outside, missing or not a folder."""
        return super().names(path) if self._holds(path) else []

    def read(self, path: str, limit: int = TEXT_LIMIT) -> bytes | None:
        """Return the bytes of the regular file *path*; None if it is outside, missing or may not be read.

        Raises:
            InputError: as for :class:`Root`.
        """
        return super().read(path, limit) if self._holds(path) else None
