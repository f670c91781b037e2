"""Reverts applied plans. Files that were changed since are left alone and shown."""

from __future__ import annotations

import os
import shlex

from diagnose.fixes import differences, file_edits, journal
from diagnose.fixes.disk import ApplyError, naming
from diagnose.fixes.file_edits import WriteOutcome
from diagnose.fixes.programs import remove_architecture
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from diagnose.fixes.journal import Entry, Journal

    Show = Callable[[str], None]


class Undone(NamedTuple):
    """How many files ``undo`` restored, and how many it left alone."""

    restored: int = 0
    left: int = 0


def undo(show: Show, cwd: str = "/") -> Undone:
    """Revert the applied plans, the newest first.

    A file that was changed since is left alone: *show* is called with the difference and the path of the original.
    Another call reverts it after the content that was written is restored. Originals in the folders of apt, and in
    those of cargo for *cwd*, that no journal of this user contains are listed.

    Raises:
        ApplyError: a file cannot be restored, or the journal cannot be read.
    """
    with journal.opened() as log:
        run = _Run(log, show)
        for entry in reversed(log.entries):
            run.take_back(entry)
        known = {file_edits.kept(entry) for entry in log.entries if entry.before}
        strays = file_edits.strays([*_APT, *_cargo(cwd)], known)
    for original, path in strays:
        show(f"found   {original}: an original of {path} that is not in the journal {journal.location()}")
        show(f"        to restore it: mv {shlex.quote(original)} {shlex.quote(path)}")
    if run.failed:
        raise ApplyError("; ".join(run.failed))
    restored = len(run.restored)
    return Undone(restored, run.left + (0 if restored else len(strays)))


#: Where fixes edit files.
_APT = ("/etc/apt", "/etc/apt/sources.list.d")


def _cargo(cwd: str) -> Iterator[str]:
    folder = os.path.realpath(cwd)
    while True:
        yield os.path.join(folder, ".cargo")
        if folder == os.path.dirname(folder):
            return
        folder = os.path.dirname(folder)


class _Run:
    """One call of :func:`undo`: ``restored`` paths, how many were ``left``, and the errors of what ``failed``."""

    def __init__(self, log: Journal, show: Show) -> None:
        self.restored: set[str] = set()
        self.left = 0
        self.failed: list[str] = []
        self._log = log
        self._show = show
        self._blocked: set[str] = set()  # paths whose earlier states cannot be restored

    def take_back(self, entry: Entry) -> None:
        """Revert one change, unless a later one of the same file could not be reverted."""
        if entry.path in self._blocked:
            return
        try:
            if entry.architecture:
                remove_architecture(entry.architecture, self._show)
            elif not self._file(entry):
                self._blocked.add(entry.path)
                self.left += 1
                return
            self._log.drop(entry)
        except ApplyError as error:
            self._blocked.add(entry.path)
            self.failed.append(str(error))

    def _file(self, entry: Entry) -> bool:
        """Revert a change of a file; return whether it is done."""
        if _put_back_by_hand(entry, self._log):
            return True
        outcome = file_edits.take_back(entry)
        if outcome is WriteOutcome.CHANGED:
            self._explain(entry)
            return False
        if outcome is WriteOutcome.LOST:
            self.left += 1
            self._show(f"keep    {entry.path}: its original {file_edits.kept(entry)} is missing")
        elif outcome is WriteOutcome.RESTORED and entry.path not in self.restored:
            self.restored.add(entry.path)
            self._show(f"restore {entry.path}" if entry.before else f"remove  {entry.path}")
        return True

    def _explain(self, entry: Entry) -> None:
        """Show that a file was changed, the path of its original, and the difference."""
        self._show(f"keep    {changed(entry)}")
        if not entry.before:
            return
        first = self._log.of(entry.path)[0]
        original = file_edits.kept(first)
        if first.id != entry.id:
            self._show(f"        the first original is {original}")
        for line in _difference(original, entry.path):
            self._show(f"        {line}")
        self._show(f"        to restore it anyway: mv {shlex.quote(original)} {shlex.quote(entry.path)}")


def changed(entry: Entry) -> str:
    """Describe that the file of *entry* was changed since, and the path of its original."""
    before = f"its original is {file_edits.kept(entry)}" if entry.before else "the file did not exist before"
    return f"{entry.path}: changed since; {before}"


def _put_back_by_hand(entry: Entry, log: Journal) -> bool:
    """Whether the original of several changes was restored by hand; the original of *entry* is then removed."""
    same = log.of(entry.path)
    between = [one.after for one in same if one.id != entry.id]
    with naming(entry.path):
        if same[0].id == entry.id or entry.before not in between or file_edits.digest_of(entry.path) != same[0].before:
            return False
        if file_edits.digest_of(file_edits.kept(entry)) == entry.before:
            os.unlink(file_edits.kept(entry))
    return True


def _head(path: str) -> bytes:
    """Return the start of the regular file *path* for a difference; empty for another kind of file."""
    if file_edits.digest_of(path) in ("", file_edits.TOO_LARGE, file_edits.NO_FILE):
        return b""
    with open(path, "rb") as file:
        return file.read(_DIFFERENCE_BYTES + 1)


#: The most bytes that are compared for a difference, and the most of its lines that are shown.
_DIFFERENCE_BYTES, _DIFFERENCE_LINES = 256 << 10, 100


def _difference(original: str, path: str) -> list[str]:
    from diagnose.readers.system.printable import printable

    try:
        sides = [_head(original), _head(path)]
    except OSError:
        return []
    if max(map(len, sides)) > _DIFFERENCE_BYTES:
        return ["too large to show the difference"]
    before, after = ([printable(line) for line in side.decode(errors="surrogateescape").split("\n")] for side in sides)
    lines = list(differences.unified(before, after, printable(original), printable(path), end=""))
    more = [f"… and {len(lines) - _DIFFERENCE_LINES} more lines"] if len(lines) > _DIFFERENCE_LINES else []
    return lines[:_DIFFERENCE_LINES] + more
