"""Reads a wheel's RECORD and holds it against what the archive really contains.

Source: "Recording installed projects" and "Binary distribution format" of the PyPA specifications: one CSV row per
file, ``path,algorithm=digest,size``; the digest is urlsafe base64 without padding, sha256 or better; RECORD itself and
its signatures carry none.
"""

from __future__ import annotations

from binascii import b2a_base64

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers.system.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

STRONG = ("sha256", "sha384", "sha512")
_SIGNATURES = ("RECORD.jws", "RECORD.p7s")


class RecordRow(NamedTuple):
    """One row. ``algorithm``, ``digest`` and ``size`` are empty where the row gives none; ``line`` counts from 1."""

    path: str
    algorithm: str
    digest: str
    size: str
    line: int


class RecordFlaw(NamedTuple):
    """One thing that is wrong with RECORD.

    ``kind``: ``missing`` (file without a row), ``stale`` (row without a file), ``absolute`` (path, or one that leads
    out), ``duplicate`` (row), ``hash``, ``size`` (other than the file's), ``digest-form`` (the right digest in hex or
    padded), ``no-hash``, ``weak-hash`` (an algorithm that the specification forbids), ``malformed`` (not three fields).
    ``line`` is 0 where no row is to blame.
    """

    kind: str
    path: str
    detail: str
    line: int = 0


class Record(NamedTuple):
    """RECORD's member name, how many rows it has, and what is wrong with them."""

    path: str
    rows: int
    flaws: tuple[RecordFlaw, ...]


class Contents(NamedTuple):
    """What one member really is: its size in bytes and its digest by the algorithm that its row names."""

    size: int
    algorithm: str = ""
    digest: bytes = b""


def parse(text: str) -> list[RecordRow | RecordFlaw]:
    """Return RECORD's rows in order; a row that is none becomes a flaw."""
    rows: list[RecordRow | RecordFlaw] = []
    for line, fields in _fields(text):
        if len(fields) != 3:
            detail = f"has {len(fields)} fields instead of 3"
            rows.append(RecordFlaw("malformed", ",".join(fields), detail, line))
            continue
        path, digest, size = fields
        algorithm, _, value = digest.partition("=")
        rows.append(RecordRow._make((path, algorithm.lower(), value, size, line)))
    return rows


def _fields(text: str) -> Iterable[tuple[int, list[str]]]:
    lines = list(map(printable, text.splitlines()))
    if '"' not in text:
        return ((number, line.split(",")) for number, line in enumerate(lines, 1) if line)
    import csv  # a quoted path is rare, and csv slow to import

    try:
        return [(number, fields) for number, fields in enumerate(csv.reader(lines), 1) if fields]
    except csv.Error:
        return [(1, ["not CSV"])]


def verify(path: str, rows: Iterable[RecordRow | RecordFlaw], contents: Mapping[str, Contents]) -> Record:
    """Hold RECORD's *rows* against the archive's *contents*, by member name."""
    flaws: list[RecordFlaw] = []
    seen: set[str] = set()
    count = 0
    folder = path.rpartition("/")[0]
    unsigned = {path, *(f"{folder}/{name}" for name in _SIGNATURES)}
    for row in rows:
        count += 1
        if isinstance(row, RecordFlaw):
            flaws.append(row)
            continue
        name = row.path
        if name in seen:
            flaws.append(RecordFlaw("duplicate", name, "has more than one row", row.line))
        seen.add(name)
        real = contents.get(name)
        if name.startswith("/") or name[1:2] == ":" or (".." in name and ".." in name.replace("\\", "/").split("/")):
            flaws.append(RecordFlaw("absolute", name, "leads out of the wheel", row.line))
        elif real is None:
            flaws.append(RecordFlaw("stale", name, "is not in the wheel", row.line))
        elif not row.digest or row.digest != _urlsafe(real.digest) or row.size != str(real.size):
            flaws += _row_flaws(row, real, name in unsigned)
    flaws += [
        RecordFlaw("missing", name, "has no row") for name in contents if name not in seen and name not in unsigned
    ]
    return Record(path, count, tuple(flaws))


def _row_flaws(row: RecordRow, real: Contents, unsigned: bool) -> Iterator[RecordFlaw]:
    def flaw(kind: str, detail: str) -> RecordFlaw:
        return RecordFlaw(kind, row.path, detail, row.line)

    expected = _urlsafe(real.digest)
    if unsigned and not row.digest:
        return
    if row.size and row.size != str(real.size):
        yield flaw("size", f"is {real.size} bytes, RECORD says {row.size}")
    if not row.algorithm:
        yield flaw("no-hash", "has no hash")
    elif row.algorithm not in STRONG:
        yield flaw("weak-hash", f"is recorded with {row.algorithm}, sha256 is the least allowed")
    elif row.digest == expected:
        return
    elif row.digest.rstrip("=") == expected:
        yield flaw("digest-form", f"padded {row.algorithm} digest, must be base64 without padding")
    elif row.digest.lower() == real.digest.hex():
        yield flaw("digest-form", f"hexadecimal {row.algorithm} digest, must be base64 without padding")
    else:
        yield flaw("hash", f"{row.algorithm} is {expected}, RECORD says {row.digest[:100]}")


def _urlsafe(digest: bytes) -> str:
    return b2a_base64(digest).translate(_URLSAFE, b"=\n").decode()


_URLSAFE = bytes.maketrans(b"+/", b"-_")
