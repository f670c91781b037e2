"""The journal: the changes that ``undo`` reverts, each on disk before it is made.

One record per line (JSON), only ever appended, each on disk before :meth:`Journal.add` returns. A process that was
killed can leave an incomplete line at the end. Its change was not begun, and the next record replaces it. The journal
does not contain the originals: they are beside the files (:mod:`diagnose.fixes.file_edits`).
"""

from __future__ import annotations

import contextlib
import json
import os
import stat

from diagnose.fixes.disk import ApplyError, locked, make_folders, naming, write_all
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Version of the records. A journal with another one is left alone.
VERSION = 1
#: The longest journal that is read, in bytes.
LIMIT = 16 << 20


class Entry(NamedTuple):
    """One change.

    For a file: its absolute ``path``, the SHA-256 of its content ``before`` (empty: it did not exist) and ``after``,
    and the uppermost ``folder`` that was made for it, if any. For dpkg: the ``architecture`` that was added.
    """

    id: str
    path: str = ""
    before: str = ""
    after: str = ""
    folder: str = ""
    architecture: str = ""


_SHA256 = r"[0-9a-f]{64}"
_PATH = r"/[^\0\ud800-\udc7f\udd00-\udfff]+"  # what a file can be called
_FORMS = {
    "id": r"[0-9a-f]{16}",
    "path": rf"{_PATH}|",
    "before": rf"{_SHA256}|",
    "after": rf"{_SHA256}|",
    "folder": rf"{_PATH}|",
    "architecture": r"[a-z0-9][a-z0-9-]*|",
}


def new_id() -> str:
    """Return an id that is never used again."""
    return os.urandom(8).hex()


def location() -> str:
    """Return the path of the journal, in the user's state folder (XDG Base Directory Specification).

    Raises:
        ApplyError: no home folder exists.
    """
    state = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(state):  # "All paths must be absolute … should consider the path invalid and ignore it"
        state = os.path.join(os.path.expanduser("~"), ".local", "state")
    if not os.path.isabs(state):
        raise ApplyError("no home folder to keep the journal in: set XDG_STATE_HOME to an absolute path")
    return os.path.join(state, "diagnose", "journal.jsonl")


class Journal:
    """The journal, locked."""

    def __init__(self, path: str, folder: int) -> None:
        self.path = path
        self._entries: dict[str, Entry] = {}  # by their ids
        self._ids: dict[str, list[str]] = {}  # of each path
        self._folder = folder
        self._length = 0  # among the readable records
        for record in self._records():
            if record.get("undone") is True and isinstance(record.get("id"), str):
                self._entries.pop(str(record["id"]), None)
            else:
                self._take(_entry(path, record))

    @property
    def entries(self) -> list[Entry]:
        """The changes that were not reverted, oldest first."""
        return list(self._entries.values())

    def of(self, path: str) -> list[Entry]:
        """Return those of the file *path*."""
        return [self._entries[one] for one in self._ids.get(path, ()) if one in self._entries]

    def _take(self, entry: Entry) -> None:
        if entry.id not in self._entries:
            self._ids.setdefault(entry.path, []).append(entry.id)
        self._entries[entry.id] = entry

    def add(self, entry: Entry) -> None:
        """Write *entry* to disk; the change may be made after this returns."""
        self._append({name: value for name, value in entry._asdict().items() if value})
        self._take(entry)

    def drop(self, entry: Entry) -> None:
        """Write to disk that *entry* was reverted."""
        if len(self._entries) > 1 or entry.id not in self._entries:
            self._append({"id": entry.id, "undone": True})
        else:
            self.remove()
        self._entries.pop(entry.id, None)

    def remove(self) -> None:
        """Remove the file."""
        with naming(self.path), contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
            os.fsync(self._folder)
        self._length = 0

    def _append(self, record: dict[str, object]) -> None:
        line = json.dumps({"version": VERSION, **record}).encode() + b"\n"
        with naming(self.path):
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                os.ftruncate(handle, self._length)
                os.lseek(handle, self._length, os.SEEK_SET)
                write_all(handle, line)
                os.fsync(handle)
            finally:
                os.close(handle)
            if not self._length:
                os.fsync(self._folder)
        self._length += len(line)

    def _records(self) -> list[dict[str, object]]:
        """Return the records without an incomplete one at the end.

        Raises:
            ApplyError: the file cannot be read, is not a journal, or is writable by another user.
        """
        with naming(self.path):
            try:
                handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            except FileNotFoundError:
                return []
            with open(handle, "rb") as file:
                found = os.fstat(handle)
                if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
                    raise ApplyError(f"{self.path}: not a file that only this user can write")
                raw = file.read(LIMIT + 1)
        if len(raw) > LIMIT:
            raise ApplyError(f"{self.path}: larger than {LIMIT >> 20} MiB")
        records = []
        lines = raw.split(b"\n")[:-1]
        for number, line in enumerate(lines, 1):
            record = _parsed(line)
            if record is None and number == len(lines):  # a power failure during the write
                break
            if record is None:
                raise ApplyError(f"{self.path}:{number}: not a record of a journal")
            if record.get("version") != VERSION:
                raise ApplyError(f"{self.path}:{number}: written by another version of diagnose; undo with that one")
            records.append(record)
            self._length += len(line) + 1
        return records


def _parsed(line: bytes) -> dict[str, object] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _entry(path: str, record: dict[str, object]) -> Entry:
    """Return the entry of a *record* in the journal *path*, after a check of the form of every value."""
    values = {}
    for name, form in _FORMS.items():
        value = record.get(name, "")
        if not isinstance(value, str) or not re.fullmatch(form, value):
            raise ApplyError(f"{path}: {name} {repr(value)[:200]} is not of this version of diagnose")
        values[name] = value
    entry = Entry(**values)
    known = {"version", *_FORMS}
    within = not entry.folder or os.path.dirname(entry.path + "/").startswith(entry.folder + "/")
    if not record.keys() <= known or not within or bool(entry.path and entry.after) == bool(entry.architecture):
        raise ApplyError(f"{path}: the record {entry.id!r} is not of this version of diagnose")
    return entry


@contextlib.contextmanager
def opened() -> Iterator[Journal]:
    """Lock and read the journal; a file without entries is removed at the end.

    Raises:
        ApplyError: another run holds the lock, it cannot be read, or its folder cannot be made; or on Windows.
    """
    if not hasattr(os, "O_DIRECTORY"):  # neither locks nor owners as on POSIX systems
        raise ApplyError("editing files, and undoing it, needs Linux or macOS; --diff prints the edits as a patch")
    path = location()
    folder = os.path.dirname(path)
    with contextlib.ExitStack() as stack:
        with naming(folder):
            make_folders(folder, 0o700)
            handle = stack.enter_context(locked(folder))
        journal = Journal(path, handle)
        try:
            yield journal
        finally:
            if not journal.entries:
                with contextlib.suppress(ApplyError):
                    journal.remove()
