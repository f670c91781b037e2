"""A plan carried out: files written whole, with a backup beside each; commands run; everything put back on failure.

What was written is remembered in a journal, so that :func:`undo` can restore it.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile

from diagnose.finding import Command, FileEdit
from diagnose.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: apt passes over files called so in its folders without a word (``Dir::Ignore-Files-Silently``).
BACKUP = ".diagnose.bak"


class ApplyError(Exception):
    """Something could not be done; what had been written is as it was before. ``str()`` is one line."""


class Written(NamedTuple):
    """A file that was written: where, and where its former content is kept (empty: there was none)."""

    path: str
    backup: str


def journal() -> str:
    """Return the path of the journal, in the user's state folder (XDG Base Directory Specification)."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "diagnose", "applied.json")


def apply(
    files: Iterable[FileEdit], commands: Iterable[Command], root: str, cwd: str, show: Callable[[str], None]
) -> None:
    """Write *files* and run *commands*; *show* is told of each before it happens.

    Absolute paths are those of *root*, relative ones those of the folder *cwd*.

    Raises:
        ApplyError: a file is not as it was read, cannot be written, or a command failed.
    """
    written: list[tuple[Written, FileEdit]] = []
    try:
        for edit in files:
            show(f"write {edit.path}")
            written.append((_write(_place(edit.path, root, cwd), edit), edit))
        for command in commands:
            show(f"run   {command.line}")
            _run(command, cwd)
    except (ApplyError, OSError) as error:
        for one, edit in reversed(written):
            _put_back(one, edit)
        reason = str(error) if isinstance(error, ApplyError) else f"{error.filename}: {error.strerror}"
        raise ApplyError(reason) from None
    _remember(one for one, _ in written)


def undo(show: Callable[[str], None]) -> int:
    """Restore every file that the last applied plans wrote, the newest first; return how many."""
    written = _known()
    for one in reversed(written):
        show(f"restore {one.path}" if one.backup else f"remove  {one.path}")
        with contextlib.suppress(FileNotFoundError):
            _restore(one)
    if written:
        os.remove(journal())
    return len(written)


def _known() -> list[Written]:
    """Return what the journal remembers, oldest first."""
    try:
        with open(journal(), encoding="utf-8") as file:
            return [Written(*map(str, one)) for one in json.load(file)]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise ApplyError(f"{journal()}: {error}") from None


def _place(path: str, root: str, cwd: str) -> str:
    """Return where *path* lies on this machine, and that it does not leave *root* by a link."""
    if not os.path.isabs(path):
        return os.path.join(cwd, path)
    place = os.path.join(root, path.lstrip("/"))
    real, base = os.path.realpath(place), os.path.realpath(root)
    if os.path.commonpath((real, base)) != base:
        raise ApplyError(f"{path}: a link that leaves the root")
    return real


def _write(path: str, edit: FileEdit) -> Written:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            now: str | None = file.read()
    except FileNotFoundError:
        now = None
    if now != edit.before:
        raise ApplyError(f"{edit.path}: not as it was when it was read")
    if now is None:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        _atomic(path, edit.after, path)
        return Written(path, "")
    backup = path + BACKUP
    if not os.path.exists(backup):  # an earlier one is what to go back to
        _atomic(backup, now, path)
    _atomic(path, edit.after, path)
    return Written(path, backup)


def _put_back(one: Written, edit: FileEdit) -> None:
    """Undo one write of a plan that failed; a backup that an earlier plan made stays."""
    if edit.before is None or not any(known.path == one.path for known in _known()):
        _restore(one)
    else:
        _atomic(one.path, edit.before, one.path)


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


def _restore(one: Written) -> None:
    if one.backup:
        os.replace(one.backup, one.path)
    else:
        os.remove(one.path)
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(one.path))  # only an empty one goes


def _run(command: Command, cwd: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["/bin/sh", "-c", command.line], cwd=cwd, env=environment, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise ApplyError(f"`{command.line}` failed with exit code {done.returncode}")


def _remember(written: Iterable[Written]) -> None:
    path, known = journal(), _known()
    paths = {one.path for one in known}
    known += [one for one in written if one.path not in paths]
    if known:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        _atomic(path, json.dumps(known, indent=1) + "\n", path)
