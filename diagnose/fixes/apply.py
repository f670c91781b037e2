"""Applies a plan: writes files atomically, keeps each original, runs commands, and reverts everything on failure.

The journal (:mod:`diagnose.fixes.journal`) records the changes that :mod:`diagnose.fixes.undo` reverts. Each change is
recorded before it is made, so that a run that was killed at any point can be reverted, too. The next run cleans up
after it.
"""

from __future__ import annotations

import os

from diagnose.fixes import file_edits, journal, programs
from diagnose.fixes.disk import ApplyError, naming
from diagnose.fixes.file_edits import Edit, WriteOutcome
from diagnose.fixes.undo import changed
from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from diagnose.fixes.journal import Journal
    from diagnose.model.finding import Command, FileEdit

    Show = Callable[[str], None]


def apply(
    edits: Iterable[FileEdit], commands: Iterable[Command], root: str, cwd: str, show: Show, unsafe: bool = False
) -> None:
    """Write *edits* and run *commands*; *show* is called with each one before.

    Absolute paths are relative to *root*, others to the folder *cwd*. Three kinds of files are only written with
    *unsafe*: files with several hard links, files outside the project that a symbolic link leads to, and files that
    would lose attributes.

    Raises:
        ApplyError: a file was changed since it was read, cannot be written, must not be written, or a command failed.
            ``str()`` also names the changes that could not be reverted.
    """
    with journal.opened() as log:
        _recover(log)
        earlier = {one.id for one in log.entries}
        try:
            checked = list(_checked(edits, root, cwd, unsafe, show))
            for edit in checked:
                show(f"write {edit.shown}")
                entry = file_edits.write(edit, log, unsafe)
                if entry.before:
                    show(f"kept  {file_edits.kept(entry)}")
            for command in commands:
                show(f"run   {command.line}")
                if architecture := programs.new_architecture(command):
                    log.add(journal.Entry(journal.new_id(), architecture=architecture))
                programs.run(command.line, cwd)
        except BaseException as error:
            left = _roll_back(log, earlier, show)
            if not isinstance(error, (ApplyError, OSError)):
                for line in left:
                    show(f"left  {line}")
                raise
            said = "the files of this step are unchanged" if not left else "; ".join(left)
            if earlier:
                said += "; `diagnose undo` reverts the earlier steps"
            raise ApplyError(f"{_reason(error)}; {said}") from None


def _reason(error: ApplyError | OSError) -> str:
    return f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)


def _checked(edits: Iterable[FileEdit], root: str, cwd: str, unsafe: bool, show: Show) -> Iterator[Edit]:
    """Yield *edits* as bytes and at their real paths, after all of them have been checked."""
    for file in edits:
        before = None if file.before is None else _encoded(file.path, file.before)
        edit = Edit(file.path, _place(file.path, root, cwd), before, _encoded(file.path, file.after))
        if edit.before == edit.after:
            continue
        file_edits.check(edit)
        with naming(edit.shown):
            doubts = file_edits.doubts(edit, _home(file.path, root, cwd))
        if doubts and not unsafe:
            raise ApplyError(f"{'; '.join(doubts)}: --unsafe writes it anyway")
        for doubt in doubts:
            show(f"note  {doubt}")
        yield edit


def _encoded(path: str, text: str) -> bytes:
    """Return the bytes of *text*, which represents bytes that are not UTF-8 by ``surrogateescape``."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise ApplyError(f"{path}: its new content cannot be written as UTF-8") from None


def _place(path: str, root: str, cwd: str) -> str:
    """Return the real path of *path* on this machine; an absolute one must not leave *root* by a link."""
    if not os.path.isabs(path):
        return os.path.realpath(os.path.join(cwd, path))
    real, base = os.path.realpath(os.path.join(root, path.lstrip("/"))), os.path.realpath(root)
    if os.path.commonpath((real, base)) != base:
        raise ApplyError(f"{path}: a link that leaves the root")
    return real


def _home(path: str, root: str, cwd: str) -> str:
    """Return the folder that must contain *path*: the project, or the top-level folder of the system (``/etc``)."""
    if os.path.isabs(path):
        return os.path.realpath(os.path.join(root, path.lstrip("/").partition("/")[0]))
    cwd = os.path.realpath(cwd)
    return os.path.commonpath((cwd, os.path.normpath(os.path.join(cwd, path))))


def _recover(log: Journal) -> None:
    """Clean up after runs that were killed: forget changes that were begun but not made."""
    seen = set()
    for entry in reversed(log.entries):
        if not entry.path or entry.path in seen:
            continue
        seen.add(entry.path)
        try:
            if file_edits.unfinished(entry) and file_edits.take_back(entry) in (
                WriteOutcome.RESTORED,
                WriteOutcome.NOTHING,
            ):
                log.drop(entry)
        except ApplyError:
            continue  # `undo` says why


def _roll_back(log: Journal, earlier: set[str], show: Show) -> list[str]:
    """Revert the changes in the journal after *earlier*; return descriptions of those that could not be."""
    left = []
    for entry in reversed(log.entries):
        if entry.id in earlier:
            continue
        try:
            if entry.architecture:
                programs.remove_architecture(entry.architecture, show)
            elif (outcome := file_edits.take_back(entry)) is WriteOutcome.CHANGED:
                left.append(changed(entry))
                continue
            elif outcome is WriteOutcome.LOST:
                left.append(f"{entry.path}: its original {file_edits.kept(entry)} is missing")
            log.drop(entry)
        except (ApplyError, OSError) as error:
            left.append(f"{_reason(error)}: `diagnose undo` tries again")
    return left
