"""A plan carried out: files written whole, with the original kept beside each; commands run; all put back on failure.

The journal (:mod:`diagnose.fixes.journal`) remembers what :mod:`diagnose.fixes.undo` has to take back. Each change is
in it before it is made, so that a run that was killed, wherever it was, can be taken back too; the next run clears up
after it.
"""

from __future__ import annotations

import os

from diagnose.fixes import files, journal, programs
from diagnose.fixes.disk import ApplyError, naming
from diagnose.fixes.files import Edit, Outcome
from diagnose.fixes.undo import changed
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Command, FileEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from diagnose.fixes.journal import Journal

    Show = Callable[[str], None]


def apply(
    edits: Iterable[FileEdit], commands: Iterable[Command], root: str, cwd: str, show: Show, unsafe: bool = False
) -> None:
    """Write *edits* and run *commands*; *show* is told of each before it happens.

    Absolute paths are those of *root*, relative ones those of the folder *cwd*. Files with several hard links, files
    that a symbolic link leads to outside of the project, and those that would lose something that belongs to them are
    written only with *unsafe*.

    Raises:
        ApplyError: a file is not as it was read, cannot be written, must not be written, or a command failed. ``str()``
            also says what of this plan could not be put back.
    """
    with journal.opened() as log:
        _recover(log)
        earlier = {one.id for one in log.entries}
        try:
            checked = list(_checked(edits, root, cwd, unsafe, show))
            for edit in checked:
                show(f"write {edit.shown}")
                entry = files.write(edit, log, unsafe)
                if entry.before:
                    show(f"kept  {files.kept(entry)}")
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
            said = "the files of this step are as they were" if not left else "; ".join(left)
            if earlier:
                said += "; what an earlier step did, `diagnose undo` takes back"
            raise ApplyError(f"{_reason(error)}; {said}") from None


def _reason(error: ApplyError | OSError) -> str:
    return f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)


def _checked(edits: Iterable[FileEdit], root: str, cwd: str, unsafe: bool, show: Show) -> Iterator[Edit]:
    """Yield *edits* as bytes and at their real places, once nothing speaks against writing any of them."""
    for file in edits:
        before = None if file.before is None else _encoded(file.path, file.before)
        edit = Edit(file.path, _place(file.path, root, cwd), before, _encoded(file.path, file.after))
        if edit.before == edit.after:
            continue
        files.check(edit)
        with naming(edit.shown):
            doubts = files.doubts(edit, _home(file.path, root, cwd))
        if doubts and not unsafe:
            raise ApplyError(f"{'; '.join(doubts)}: --unsafe writes it all the same")
        for doubt in doubts:
            show(f"note  {doubt}")
        yield edit


def _encoded(path: str, text: str) -> bytes:
    """Return the bytes of *text*; what was not UTF-8 when it was read is in it as ``surrogateescape`` has it."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise ApplyError(f"{path}: its new content cannot be written as UTF-8") from None


def _place(path: str, root: str, cwd: str) -> str:
    """Return where *path* really lies on this machine, and that an absolute one does not leave *root* by a link."""
    if not os.path.isabs(path):
        return os.path.realpath(os.path.join(cwd, path))
    real, base = os.path.realpath(os.path.join(root, path.lstrip("/"))), os.path.realpath(root)
    if os.path.commonpath((real, base)) != base:
        raise ApplyError(f"{path}: a link that leaves the root")
    return real


def _home(path: str, root: str, cwd: str) -> str:
    """Return the folder that *path* is expected in: the project, or the top-level folder of the system (``/etc``)."""
    if os.path.isabs(path):
        return os.path.realpath(os.path.join(root, path.lstrip("/").partition("/")[0]))
    cwd = os.path.realpath(cwd)
    return os.path.commonpath((cwd, os.path.normpath(os.path.join(cwd, path))))


def _recover(log: Journal) -> None:
    """Clear up after runs that were killed: changes that were begun, and not made, are forgotten."""
    seen = set()
    for entry in reversed(log.entries[:]):
        if not entry.path or entry.path in seen:
            continue
        seen.add(entry.path)
        try:
            if files.unfinished(entry) and files.take_back(entry) in (Outcome.RESTORED, Outcome.NOTHING):
                log.drop(entry)
        except ApplyError:
            continue  # `undo` says why


def _roll_back(log: Journal, earlier: set[str], show: Show) -> list[str]:
    """Take back what the journal has beyond *earlier*; return, in words, what could not be."""
    left = []
    for entry in reversed(log.entries[:]):
        if entry.id in earlier:
            continue
        try:
            if entry.architecture:
                programs.remove_architecture(entry.architecture, show)
            elif (outcome := files.take_back(entry)) is Outcome.CHANGED:
                left.append(changed(entry))
                continue
            elif outcome is Outcome.LOST:
                left.append(f"{entry.path}: its original {files.kept(entry)} is gone")
            log.drop(entry)
        except (ApplyError, OSError) as error:
            left.append(f"{_reason(error)}: `diagnose undo` tries again")
    return left
