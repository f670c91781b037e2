"""The output folder: numbered parts, each of which is there whole or not at all.

A part is written under another name, synced and renamed, so that a kill at any moment leaves complete parts only. Rows
in memory are lost then, and their wheels are judged again; no row is there twice, because the places in all parts are
read before a run goes on.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import time
from hashlib import blake2b

from diagnose.index.rows import SCHEMA, Row, as_dict, checked
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TextIO

    from diagnose.index.judging import RunFlags

FORMS = ("jsonl", "parquet")
MAX_ROW = 16 << 20
"""Characters of a row in JSON."""
ROWS = 2000
"""Rows of a part; fewer if the run ends, or has not written for a while."""
PATIENCE = 30
"""Seconds after which rows are written, however few."""
_ABOUT = "about.json"
_WORDS = {
    "schema": "columns",
    "version": "releases of this program",
    "form": "--rows",
    "whole": "--no-hashes",
    "checks": "checks",
}


class Store:
    """The folder *folder*, locked for one run; it is made, or continued if its rows are of the same kind.

    Raises:
        InputError: another run writes there, its rows are of another kind, or it cannot be written.
    """

    def __init__(self, folder: str, form: str, flags: RunFlags, version: str) -> None:
        self.folder, self.form = folder, form
        self._rows: list[Row] = []
        self._flushed = time.monotonic()
        with naming(folder):
            os.makedirs(folder, exist_ok=True)
            self._handle = os.open(folder, os.O_RDONLY)
            _lock(self._handle, folder)
            about = {"schema": SCHEMA, "version": version, "form": form, **flags._asdict(), "checks": [*flags.checks]}
            self._describe(about)
            self._number = max(map(_number, os.listdir(folder)), default=0)
            for name in os.listdir(folder):
                if name.startswith(".part-"):  # of a run that was killed
                    os.unlink(os.path.join(folder, name))

    def _describe(self, about: dict[str, Any]) -> None:
        path = os.path.join(self.folder, _ABOUT)
        if os.path.exists(path):
            with naming(path), _opened(path) as file:
                found = json.loads(file.readline(MAX_ROW))
            for key, value in about.items():
                if not isinstance(found, dict) or found.get(key) != value:
                    raise InputError(f"{self.folder}: its rows were made with other {_WORDS[key]}; take another folder")
        elif any(name != _ABOUT for name in os.listdir(self.folder)):
            raise InputError(f"{self.folder}: has other files, and no rows of this program")
        else:
            self._write(_ABOUT, (json.dumps(about) + "\n").encode())

    def known(self) -> set[bytes]:
        """Return the keys of all places that have a row.

        Raises:
            InputError: a part cannot be read.
        """
        return {key(row["place"]) for row in read(self.folder)}

    def add(self, row: Row) -> None:
        """Keep *row*, and write a part when there are enough."""
        self._rows.append(row)
        if len(self._rows) >= ROWS:
            self.flush()

    def flush_old(self) -> None:
        """Write the rows that are still in memory if some were not written for :data:`PATIENCE`."""
        if time.monotonic() - self._flushed > PATIENCE:
            self.flush()

    def flush(self) -> None:
        """Write the rows that are still in memory.

        Raises:
            InputError: they cannot be written.
        """
        self._flushed = time.monotonic()
        if not self._rows:
            return
        plain = [as_dict(row) for row in self._rows]
        if self.form == "parquet":
            content = _as_parquet(plain)
        else:
            content = "".join(json.dumps(row) + "\n" for row in plain).encode()
        self._number += 1
        self._write(f"part-{self._number:06}.{self.form}", content)
        self._rows.clear()

    def _write(self, name: str, content: bytes) -> None:
        path, early = os.path.join(self.folder, name), os.path.join(self.folder, f".{name}")
        with naming(path):
            with open(early, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.rename(early, path)
            os.fsync(self._handle)

    def close(self) -> None:
        """Write what is left, and unlock the folder."""
        try:
            self.flush()
        finally:
            os.close(self._handle)


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Turn errors of the system, and unreadable content, into an :class:`InputError` that names *path*."""
    try:
        yield
    except OSError as error:
        said = " ".join(str(error.strerror or error).split())[:200]
        raise InputError(f"{error.filename or path}: {said}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read: {' '.join(str(error).split())[:200]}") from None


def key(place: str) -> bytes:
    """Return what stands for a place in memory: a million of them take 60 MB."""
    return blake2b(place.encode("utf-8", "surrogatepass"), digest_size=12).digest()


def parts(folder: str) -> list[str]:
    """Return the names of the parts in *folder*, in their order."""
    return sorted((name for name in os.listdir(folder) if _number(name)), key=_number)


def _number(name: str) -> int:
    start, _, form = name.partition(".")
    number = start.removeprefix("part-")
    return int(number) if form in FORMS and number != start and number.isascii() and number.isdecimal() else 0


def read(folder: str) -> Iterator[dict[str, Any]]:
    """Yield all rows in *folder*, as :func:`diagnose.index.rows.as_dict` makes them, one part in memory at a time.

    Raises:
        InputError: a part cannot be read.
    """
    with naming(folder):
        names = parts(folder)
    for name in names:
        path = os.path.join(folder, name)
        with naming(path):
            if name.endswith(".parquet"):
                yield from _from_parquet(path)
            else:
                with _opened(path) as file:
                    while line := file.readline(MAX_ROW):
                        yield checked(json.loads(line))


def _opened(path: str) -> TextIO:
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a pipe would be waited for
    file = open(handle, encoding="utf-8")  # noqa: SIM115  (closed by the caller)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        file.close()
        raise ValueError("not a regular file")
    return file


def _lock(handle: int, folder: str) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise InputError(f"{folder}: another run writes there") from None


def _as_parquet(rows: list[dict[str, Any]]) -> bytes:
    import pyarrow
    from pyarrow import parquet

    text, texts, number = pyarrow.string(), pyarrow.list_(pyarrow.string()), pyarrow.int64()
    finding = pyarrow.struct([(name, text) for name in ("check", "severity", "message")])
    kinds = {"findings": pyarrow.list_(finding), "tags": texts, "not_made": texts, "unseen": texts}
    kinds |= {"size": number, "fetched": number}
    schema = pyarrow.schema([(name, kinds.get(name, text)) for name in Row._fields])
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema), sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _from_parquet(path: str) -> Iterator[dict[str, Any]]:
    from pyarrow import ArrowException, parquet

    _opened(path).close()
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(ROWS, columns=list(Row._fields)):
                yield from map(checked, batch.to_pylist())
    except (ArrowException, MemoryError) as error:
        raise ValueError(str(error) or type(error).__name__) from None
