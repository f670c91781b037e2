"""A plan carried out: files written whole, with a backup beside each; commands run; everything put back on failure.

A journal remembers what :func:`undo` has to take back. Each entry is in it before the change is made, so that a run
that was killed, wherever it was, can be taken back too.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import Command, FileEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Show = Callable[[str], None]

#: apt passes over files called so in its folders without a word (``Dir::Ignore-Files-Silently``).
BACKUP = ".diagnose.bak"


class ApplyError(Exception):
    """Something could not be done; what this plan had written is as it was before. ``str()`` is one line."""


class Done(NamedTuple):
    """One change, for the journal.

    Of a file: its ``path``, the ``backup`` with its former content (empty: there was none), the ``digest`` of what was
    written, and the ``folder`` that had to be made for it, if any. Of a command: what takes it back, in ``reverse``.
    """

    path: str = ""
    backup: str = ""
    digest: str = ""
    folder: str = ""
    reverse: str = ""


def journal() -> str:
    """Return the path of the journal, in the user's state folder (XDG Base Directory Specification)."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "diagnose", "applied.json")


def apply(files: Iterable[FileEdit], commands: Iterable[Command], root: str, cwd: str, show: Show) -> None:
    """Write *files* and run *commands*; *show* is told of each before it happens.

    Absolute paths are those of *root*, relative ones those of the folder *cwd*.

    Raises:
        ApplyError: a file is not as it was read, cannot be written, or a command failed.
    """
    before = known()
    contents: dict[str, str] = {}  # of the files as this plan met them
    try:
        for edit in files:
            show(f"write {edit.path}")
            _write(_place(edit.path, root, cwd), edit, contents)
        for command in commands:
            show(f"run   {command.line}")
            if command.reverse:
                _remember([*known(), Done(reverse=command.reverse)])
            _run(command.line, cwd)
    except BaseException as error:
        _roll_back(before, contents, show)
        if isinstance(error, ApplyError):
            raise
        if isinstance(error, OSError):
            raise ApplyError(f"{error.filename}: {error.strerror}") from None
        raise


def undo(show: Show) -> int:
    """Take back what the applied plans did, the newest first; return how many files were put back.

    A file that was changed since is left alone, and *show* is told where its former content is.

    Raises:
        ApplyError: a file cannot be put back, or the journal not be read.
    """
    entries = known()
    try:
        count = sum(_undone(one, show) for one in reversed(entries))
        if entries:
            os.remove(journal())
    except OSError as error:
        raise ApplyError(f"{error.filename}: {error.strerror}") from None
    return count


def _undone(one: Done, show: Show) -> bool:
    """Take back one change; return whether that put a file back."""
    if one.reverse:
        _take_back(one, show)
        return False
    if one.backup and not os.path.exists(one.backup):
        show(f"keep    {one.path}: its backup {one.backup} is gone")
        return False
    if not _is_ours(one):
        show(f"keep    {one.path}: changed since" + (f"; as it was before: {one.backup}" if one.backup else ""))
        return False
    show(f"restore {one.path}" if one.backup else f"remove  {one.path}")
    _restore(one)
    return True


def known() -> list[Done]:
    """Return what the journal remembers, oldest first.

    Raises:
        ApplyError: it cannot be read.
    """
    try:
        with open(journal(), encoding="utf-8") as file:
            return [Done(**{str(name): str(value) for name, value in one.items()}) for one in json.load(file)]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ApplyError(f"{journal()}: {error}") from None


def _place(path: str, root: str, cwd: str) -> str:
    """Return where *path* really lies on this machine, and that an absolute one does not leave *root* by a link."""
    if not os.path.isabs(path):
        return os.path.realpath(os.path.join(cwd, path))
    place = os.path.join(root, path.lstrip("/"))
    real, base = os.path.realpath(place), os.path.realpath(root)
    if os.path.commonpath((real, base)) != base:
        raise ApplyError(f"{path}: a link that leaves the root")
    return real


def _write(path: str, edit: FileEdit, contents: dict[str, str]) -> None:
    now = _content(path)
    if now != edit.before:
        raise ApplyError(f"{edit.path}: not as it was when it was read")
    entries = known()
    earlier = next((one for one in entries if one.path == path), None)
    if now is not None:
        contents[path] = now
    if earlier is not None:  # its backup is what to go back to
        entry = earlier._replace(digest=_digest(edit.after))
    else:
        backup = path + BACKUP if now is not None else ""
        if now is not None:
            _atomic(backup, now, path)
        entry = Done(path, backup, _digest(edit.after), _first_missing(os.path.dirname(path)))
    _remember([*(one for one in entries if one.path != path), entry])
    os.makedirs(os.path.dirname(path), exist_ok=True)
    _atomic(path, edit.after, path)


def _content(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _digest(text: str) -> str:
    from hashlib import sha256

    return sha256(text.encode()).hexdigest()


def _first_missing(folder: str) -> str:
    """Return the uppermost of the folders that have to be made before *folder* is there; empty if it is."""
    missing = ""
    while not os.path.isdir(folder):
        missing, folder = folder, os.path.dirname(folder)
    return missing


def _is_ours(one: Done) -> bool:
    """Whether a file is as it was written, or still, or again, as it was before."""
    now = _content(one.path)
    if now is None:
        return not one.backup
    return _digest(now) == one.digest or (bool(one.backup) and now == _content(one.backup))


def _roll_back(before: list[Done], contents: dict[str, str], show: Show) -> None:
    """Take back what the journal has beyond *before*; files that an earlier plan wrote are again as that left them."""
    old = {one.path: one for one in before if one.path}
    for one in reversed(known()):
        if one in before:
            continue
        if one.reverse:
            _take_back(one, show)
        elif one.path in old:
            _atomic(one.path, contents[one.path], one.path)
        else:
            _restore(one)
    if before:
        _remember(before)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.remove(journal())


def _take_back(one: Done, show: Show) -> None:
    show(f"run   {one.reverse}")
    try:
        _run(one.reverse, "/")
    except ApplyError:  # dpkg has said why
        show("keep    the architecture: packages of it are installed")


def _atomic(path: str, text: str, like: str) -> None:
    """Write *text* to *path* in one step, with the permissions and owner of *like* if it exists."""
    handle, scratch = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".diagnose-")
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(like):
            found = os.stat(like)
            os.chmod(scratch, found.st_mode & 0o7777)
            with contextlib.suppress(PermissionError):
                os.chown(scratch, found.st_uid, found.st_gid)
        else:
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(scratch, 0o666 & ~mask)
        os.replace(scratch, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.remove(scratch)
        raise


def _restore(one: Done) -> None:
    """Put one file back, or remove it with the folders that were made for it, as far as they are empty."""
    if one.backup:
        os.replace(one.backup, one.path)
        return
    with contextlib.suppress(FileNotFoundError):
        os.remove(one.path)
    folder = os.path.dirname(one.path)
    with contextlib.suppress(OSError):
        while one.folder and os.path.commonpath((folder, one.folder)) == one.folder:
            os.rmdir(folder)
            folder = os.path.dirname(folder)


def _run(line: str, cwd: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["/bin/sh", "-c", line], cwd=cwd, env=environment, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise ApplyError(f"`{line}` failed with exit code {done.returncode}")


def _remember(entries: list[Done]) -> None:
    path = journal()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    rows = [{name: value for name, value in one._asdict().items() if value} for one in entries]
    _atomic(path, json.dumps(rows, indent=1) + "\n", path)
