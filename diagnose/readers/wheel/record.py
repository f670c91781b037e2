"""Reads a wheel's RECORD and compares it with the archive's contents.

Source: "Recording installed projects" and "Binary distribution format" of the PyPA specifications: one CSV row for each
file, ``path,algorithm=digest,size``; the digest is urlsafe base64 without padding, sha256 or better; RECORD itself and
its signatures have none.
"""

from __future__ import annotations

from binascii import b2a_base64

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.readers.system.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SPARE_ROWS = 1024  # rows beyond twice the number of files that are still read, so that small wheels are read entirely
MAX_LINE = 1 << 16  # characters of a row: no system has paths half as long
MAX_SHOWN = 200  # characters of a malformed row

STRONG = ("sha256", "sha384", "sha512")
_SIGNATURES = ("RECORD.jws", "RECORD.p7s")


class RecordRow(NamedTuple):
    """One row. ``algorithm``, ``digest`` and ``size`` are empty if the row has none; ``line`` counts from 1."""

    path: str
    algorithm: str
    digest: str
    size: str
    line: int


class RecordFlaw(NamedTuple):
    """One flaw of RECORD.

    ``kind``: ``missing`` (file without a row), ``stale`` (row without a file), ``absolute`` (path, or one that leaves
    the wheel), ``duplicate`` (row), ``hash``, ``size`` (other than the file's), ``digest-form`` (the right digest in
    hex or padded), ``no-hash``, ``weak-hash`` (an algorithm that the specification forbids), ``malformed`` (not three
    fields). ``line`` is 0 if the flaw has no row.
    """

    kind: str
    path: str
    """The member or row that it is about."""
    detail: str
    """What is wrong, in words, without the path."""
    line: int = 0


class Record(NamedTuple):
    """RECORD's member name, its number of rows, and their flaws."""

    path: str
    """The member; it may be missing."""
    rows: int
    """The number of its rows."""
    flaws: tuple[RecordFlaw, ...]
    """In the order of the file; those without a row last."""


class Contents(NamedTuple):
    """One member's real size in bytes, and its digest by the algorithm that its row names."""

    size: int
    algorithm: str = ""
    digest: bytes = b""


def parse(text: str, files: int) -> list[RecordRow | RecordFlaw]:
    """Return RECORD's rows in order; a malformed row becomes a flaw.

    A wheel of *files* files needs one row for each. Rows beyond twice as many are not read, which is a flaw too: a file
    of 16 MiB can contain five million rows.
    """
    rows: list[RecordRow | RecordFlaw] = []
    limit = 2 * files + SPARE_ROWS
    for line, fields in _fields(text, limit + 1):
        if len(rows) == limit:
            rows.append(RecordFlaw("malformed", "RECORD", f"has more than {limit} rows for {files} files", line))
            break
        if len(fields) != 3:
            detail = f"has {len(fields)} fields instead of 3" if len(fields) < 3 else "has more than 3 fields"
            rows.append(RecordFlaw("malformed", ",".join(fields)[:MAX_SHOWN], detail, line))
            continue
        path, digest, size = fields
        algorithm, _, value = digest.partition("=")
        rows.append(RecordRow._make((path, algorithm.lower(), value, size, line)))
    return rows


def _fields(text: str, limit: int) -> Iterable[tuple[int, list[str]]]:
    """Return at most *limit* rows that are not empty, each with the number of its line, in four parts at most."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if '"' not in text:
        return _plain_fields(text)
    import csv  # a quoted path is rare, and csv slow to import

    numbers = [0]

    def lines() -> Iterator[str]:
        for numbers[0], line in _lines(text):
            # csv lists all fields of a line, so a line that cannot be a row must not reach it.
            yield printable(line) if len(line) <= MAX_LINE else "not a row"

    found: list[tuple[int, list[str]]] = []
    try:
        for fields in csv.reader(lines()):
            found.append((numbers[0], fields[:4]))
            if len(found) == limit:
                break
    except csv.Error:
        return [(1, ["not CSV"])]
    return found


def _plain_fields(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in _lines(text):
        if len(line) > MAX_LINE:
            yield number, [printable(line[:MAX_SHOWN])]
        else:
            yield number, printable(line).split(",", 3)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not empty, each with its number; all at once may be a hundred times *text*."""
    number, seen = 1, 0
    for match in re.finditer(r"[^\n]+", text):
        number += text.count("\n", seen, match.start())
        seen = match.start()
        yield number, match[0]


def verify(path: str, rows: Iterable[RecordRow | RecordFlaw], contents: Mapping[str, Contents]) -> Record:
    """Compare RECORD's *rows* with the archive's *contents*, by member name."""
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
            flaws.append(RecordFlaw("absolute", name, "is a path outside the wheel", row.line))
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
        yield flaw("weak-hash", f"is recorded with {row.algorithm}; the minimum is sha256")
    elif row.digest == expected:
        return
    elif row.digest.rstrip("=") == expected:
        yield flaw("digest-form", f"padded {row.algorithm} digest; must be base64 without padding")
    elif row.digest.lower() == real.digest.hex():
        yield flaw("digest-form", f"hexadecimal {row.algorithm} digest; must be base64 without padding")
    else:
        yield flaw("hash", f"{row.algorithm} is {expected}, RECORD says {row.digest[:100]}")


def _urlsafe(digest: bytes) -> str:
    return b2a_base64(digest).translate(_URLSAFE, b"=\n").decode()


_URLSAFE = bytes.maketrans(b"+/", b"-_")
