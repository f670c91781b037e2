"""Shared functions for changes on disk: errors that name the file, a lock, and durable writes."""

from __future__ import annotations

import contextlib
import errno
import os
import time

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class ApplyError(Exception):
    """An operation failed. ``str()`` is one line that names the file."""


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Turn an ``OSError`` into an :class:`ApplyError` that names *path*."""
    try:
        yield
    except OSError as error:
        raise ApplyError(f"{path}: {(error.strerror or str(error)).lower()}") from None


@contextlib.contextmanager
def locked(folder: str, patience: float = 0) -> Iterator[int]:
    """Lock *folder* against every other run; yields its descriptor. Leaves no lock file.

    Raises:
        ApplyError: another run still holds the lock after *patience* seconds.
        OSError: *folder* cannot be opened.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        end = time.monotonic() + patience
        while not _lock(handle):
            if time.monotonic() >= end:
                raise ApplyError(f"{folder}: another `diagnose env --apply` or `diagnose undo` is running")
            time.sleep(0.05)
        yield handle
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # file systems without locks on folders, such as NFS
        if error.errno not in (errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
    return True


def write_all(handle: int, data: bytes) -> None:
    """Write all of *data* to a descriptor."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def sync_folder(folder: str) -> None:
    """Return when the names in *folder* are on disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def first_missing(folder: str) -> str:
    """Return the uppermost folder that must be made for *folder* to exist; empty if it exists."""
    missing = ""
    while not os.path.isdir(folder):
        missing, folder = folder, os.path.dirname(folder)
    return missing


def make_folders(folder: str, mode: int = 0o777) -> None:
    """Make *folder*, with *mode*, and the folders above it that are missing."""
    while missing := first_missing(folder):
        with contextlib.suppress(FileExistsError):
            os.mkdir(missing, mode if missing == folder else 0o777)
        if not os.path.isdir(missing):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), missing)
        sync_folder(os.path.dirname(missing))
