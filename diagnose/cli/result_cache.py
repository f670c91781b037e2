"""Remembers the results of wheels that were judged before: by content, program, environment and settings.

An entry is a file named after the SHA-256 of all that a result depends on. It holds a compressed pickle behind its
SHA-256; the pickle is read by an unpickler that makes this program's own records only. What is damaged,
too large, or in a folder that others can write to, does not count. Entries are replaced as a whole, so that runs may
share the folder.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import stat
import sys
import zlib

from diagnose import __version__
from diagnose.engine import registry
from diagnose.engine.run import Result
from diagnose.model import user_folders
from diagnose.model._lazy_stdlib import TYPE_CHECKING, Enum, contextlib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from diagnose.cli.options import Selection

FORM = b"diagnose result 1\n"
"""What every entry begins with; another form has another number."""
LARGEST = 512 << 10  # bytes of one entry, compressed; the six wheels of the bench have 1 to 6 thousand
UNPACKED = 64 << 20  # bytes of one result
OF_A_FOLDER = 1 << 20  # bytes of the entries in one of the 256 folders; the oldest are removed
_START = len(FORM) + hashlib.sha256().digest_size  # where the pickle begins
_BLOCK = 1 << 20
_PROGRAM = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class ResultCache:
    """The results of earlier runs with the same program and the same *selection*, in *folder*."""

    def __init__(self, folder: str, selection: Selection) -> None:
        self._folder = folder
        plain = selection._replace(baseline=None, write_baseline=None, known=None)  # what marks results afterwards
        place = "" if selection.settings is None else os.getcwd()  # settings name files by where they are
        self._setting = hashlib.sha256(repr((FORM, _program(), plain, place)).encode()).digest()

    def result(self, path: str, name: str, judge: Callable[[], Result]) -> Result:
        """Return what *judge* said of the same file, given as *path* and called *name*, or says now."""
        try:
            digest, before = _content(path)
        except OSError:
            return judge()  # which says what is wrong with the file
        key = hashlib.sha256(self._setting + digest + repr((path, name)).encode()).hexdigest()
        entry = os.path.join(self._folder, key[:2], key[2:])
        known = _read(entry)
        if known is not None:
            return known
        result = judge()
        with contextlib.suppress(OSError):
            # A file that was replaced while it was judged has another content than the one that was hashed.
            if result.error is None and not result.traces and _identity(os.stat(path)) == before:
                _write(entry, result)
        return result


def opened(selection: Selection) -> ResultCache | None:
    """Return the user's cache for *selection*; None where there is no folder that belongs to the user alone."""
    home = user_folders.cache()
    if not home:
        return None
    folder = os.path.join(home, "results")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        found = os.lstat(folder)
    except OSError:
        return None
    if not stat.S_ISDIR(found.st_mode):
        return None
    if hasattr(os, "geteuid") and (found.st_uid != os.geteuid() or found.st_mode & 0o077):
        return None
    return ResultCache(folder, selection)


def _identity(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _content(path: str) -> tuple[bytes, tuple[int, ...]]:
    """Return the SHA-256 of the file *path*, and which file that was."""
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        identity = _identity(os.fstat(file.fileno()))
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.digest(), identity


# --- what a result depends on beside the file and the settings --------------------------------------------------------


def _program() -> tuple[object, ...]:
    """Return what tells this program, its plugins and the optional readers from others."""
    folders = {_PROGRAM}
    for package in registry.packages():
        folders.update(getattr(sys.modules.get(package), "__path__", ()))
    sources = sorted(source for folder in folders for source in _sources(folder))
    return __version__, sys.version, sys.platform, sources, _installed()


def _sources(folder: str) -> Iterator[tuple[str, int, int]]:
    """Yield name, size and time stamp of all files below *folder* but Python's own caches."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                if entry.name != "__pycache__":
                    yield from _sources(entry.path)
            else:
                found = entry.stat()
                yield entry.path, found.st_size, found.st_mtime_ns


def _installed() -> list[tuple[str, int]]:
    """Return the distributions that Python finds, each with its time stamp: some are read with, some are plugins."""
    found: list[tuple[str, int]] = []
    for folder in dict.fromkeys(sys.path):
        with contextlib.suppress(OSError), os.scandir(folder or ".") as entries:
            installed = [entry for entry in entries if entry.name.endswith((".dist-info", ".egg-info"))]
            found += [(entry.path, entry.stat().st_mtime_ns) for entry in installed]
    return sorted(found)


# --- entries ----------------------------------------------------------------------------------------------------------


class _Records(pickle.Unpickler):
    """Makes records and members of enumerations that this program defines, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """Return the class; for anything else, raise UnpicklingError."""
        if module.startswith("diagnose.model.") or module == Result.__module__:
            __import__(module)
            found = getattr(sys.modules[module], name, None)
            if isinstance(found, type) and issubclass(found, (tuple, Enum)):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is not a record")


def _read(entry: str) -> Result | None:
    """Return the result that *entry* holds; None if it does not exist, or is damaged."""
    try:
        with open(entry, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError:
        return None
    if not data.startswith(FORM) or hashlib.sha256(data[_START:]).digest() != data[len(FORM) : _START]:
        return None
    try:
        unpacker = zlib.decompressobj()
        found = _Records(io.BytesIO(unpacker.decompress(data[_START:], UNPACKED))).load()
    except Exception:  # whatever unpickling raises
        return None
    if not isinstance(found, Result):
        return None
    with contextlib.suppress(OSError):
        os.utime(entry)  # the oldest are removed first
    return found


def _write(entry: str, result: Result) -> None:
    """Write *entry*, and remove the oldest of its folder if that is full.

    Raises:
        OSError: it cannot be written.
    """
    plain = pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
    packed = zlib.compress(plain, 1)
    if len(plain) > UNPACKED or _START + len(packed) > LARGEST:
        return
    folder = os.path.dirname(entry)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    scratch = f"{entry}.{os.getpid()}"
    try:
        with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(FORM + hashlib.sha256(packed).digest() + packed)
        os.replace(scratch, entry)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(scratch)
        raise
    _trim(folder)


def _trim(folder: str) -> None:
    entries = [(found.stat().st_mtime_ns, found.stat().st_size, found.path) for found in os.scandir(folder)]
    size = sum(entry[1] for entry in entries)
    for _, bytes_, path in sorted(entries):
        if size <= OF_A_FOLDER:
            return
        with contextlib.suppress(OSError):  # another run was faster
            os.unlink(path)
        size -= bytes_
