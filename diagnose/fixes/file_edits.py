"""Writes and restores one file without losing a byte, even if the process is killed or an operation fails.

The original is kept beside the file as ``NAME.diagnose-ID-SHA.bak``. It is a hard link, which preserves time stamps,
owner, ACLs and all else; only on a file system without hard links it is a copy. ID is never reused. SHA is the start of
the original's SHA-256, which distinguishes an original from a file with a similar name. (apt ignores names with this
ending silently: ``Dir::Ignore-Files-Silently``.)

The new content is written under a hidden name, which is then exchanged with the file. The replaced file is checked
afterwards, and restored if its content is not the one that was read. The file exists at all times.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat

from diagnose.fixes import renames
from diagnose.fixes.disk import ApplyError, first_missing, locked, make_folders, naming, sync_folder, write_all
from diagnose.fixes.journal import Entry, Journal, new_id
from diagnose.model._lazy_stdlib import Enum, NamedTuple, re

#: No fix writes a larger file, in bytes; only the size of such a file is compared.
LIMIT = 64 << 20
#: In place of a SHA-256, for a file that is not regular, and for one that is larger.
NO_FILE, TOO_LARGE = "not a file", "too large"
#: Seconds to wait for another run (with another home folder) that writes in the same folder.
PATIENCE = 10.0

_KEPT = re.compile(r"(?s)(?P<name>.+)\.diagnose-[0-9a-f]{16}-(?P<sha>[0-9a-f]{16})\.bak")


class Edit(NamedTuple):
    """A file edit in bytes, at the real ``path`` of the file; ``shown`` is its path for the user."""

    shown: str
    path: str
    before: bytes | None
    after: bytes


class WriteOutcome(Enum):
    """The outcome of reverting a change."""

    RESTORED = "restored"
    #: Nothing to revert: the change was not made, or was reverted by hand.
    NOTHING = "nothing"
    #: The file or its original was changed since: neither was touched.
    CHANGED = "changed"
    #: The original is missing.
    LOST = "lost"


def digest(data: bytes) -> str:
    """Return the SHA-256 of *data*."""
    from hashlib import sha256

    return sha256(data).hexdigest()


def digest_of(path: str) -> str:
    """Return the SHA-256 of the file *path* itself; empty if it does not exist.

    For a link, a device or a file that is too large, return a value that equals no SHA-256.

    Raises:
        OSError: it cannot be read.
    """
    from hashlib import sha256

    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            return NO_FILE
        raise
    with open(handle, "rb", buffering=0) as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_size > LIMIT:
            return TOO_LARGE if stat.S_ISREG(found.st_mode) else NO_FILE
        whole = sha256()
        left = LIMIT
        while left > 0 and (part := file.read(1 << 20)):
            whole.update(part)
            left -= len(part)
        return whole.hexdigest()


def kept(entry: Entry) -> str:
    """Return the path of the original of a file."""
    return f"{entry.path}.diagnose-{entry.id}-{entry.before[:16]}.bak"


def _scratch(entry: Entry, kind: str) -> str:
    """Return a temporary name: ``part`` and ``copy`` are incomplete, ``new`` is complete, ``old`` is obsolete."""
    folder, name = os.path.split(entry.path)
    return os.path.join(folder, f".{name}.diagnose-{entry.id}.{kind}")


def doubts(edit: Edit, home: str) -> list[str]:
    """Return why *edit* must not be made without confirmation; *home* is the folder that should contain the file.

    Raises:
        OSError: the file cannot be looked at.
    """
    found = []
    if os.path.commonpath((edit.path, home)) != home:
        found.append(f"{edit.shown} is, by a symbolic link, {edit.path}, outside of {home}")
    if edit.before is not None:
        here = os.stat(edit.path)
        if here.st_nlink > 1 and (others := here.st_nlink - 1 - _own_links(edit.path, here)) > 0:
            found.append(f"{edit.shown} has {others} more hard link{'s' if others > 1 else ''}, which would not change")
    return found


def _own_links(path: str, here: os.stat_result) -> int:
    """Return the number of originals beside *path* that are hard links to it."""
    folder, name = os.path.split(path)
    count = 0
    for other in os.listdir(folder):
        match = _KEPT.fullmatch(other)
        if match and match["name"] == name and os.path.samestat(os.lstat(os.path.join(folder, other)), here):
            count += 1
    return count


def check(edit: Edit) -> None:
    """Raise :class:`ApplyError` if the file was changed since *edit* was made from it."""
    with naming(edit.shown):
        if digest_of(edit.path) != ("" if edit.before is None else digest(edit.before)):
            raise ApplyError(f"{edit.shown}: changed since it was read")


def write(edit: Edit, journal: Journal, unsafe: bool) -> Entry:
    """Make *edit*, recorded in *journal* before the first byte changes.

    Raises:
        ApplyError: it failed, the file was changed since it was read, or, unless *unsafe*, not all attributes of the
            file can be preserved. :func:`take_back` reverts an incomplete edit.
    """
    check(edit)
    with naming(edit.shown):
        folder = os.path.dirname(edit.path)
        missing = first_missing(folder)
        before = "" if edit.before is None else digest(edit.before)
        entry = Entry(new_id(), edit.path, before, digest(edit.after), missing)
        with contextlib.ExitStack() as locks:
            locks.enter_context(locked(os.path.dirname(missing) if missing else folder, PATIENCE))
            if first_missing(folder) != missing:
                raise ApplyError(f"{edit.shown}: another run made or removed its folder")
            journal.add(entry)
            if missing:
                make_folders(folder)
                locks.enter_context(locked(folder, PATIENCE))
            if edit.before is None:
                _create(entry, edit)
            else:
                _replace(entry, edit, unsafe)
            sync_folder(folder)
    return entry


def _create(entry: Entry, edit: Edit) -> None:
    _fill(entry, edit.after, 0o666)
    try:
        renames.move(_scratch(entry, "new"), entry.path)
    except FileExistsError:
        raise ApplyError(f"{edit.shown}: appeared while it was written") from None


def _replace(entry: Entry, edit: Edit, unsafe: bool) -> None:
    new = _scratch(entry, "new")
    if (missing := _fill(entry, edit.after, 0o600, entry.path)) and not unsafe:
        raise ApplyError(f"{edit.shown}: would lose its {' and '.join(missing)}; --unsafe writes it anyway")
    _keep(entry, unsafe)
    if digest_of(kept(entry)) != entry.before:
        raise ApplyError(f"{edit.shown}: changed since it was read")
    sync_folder(os.path.dirname(entry.path))  # the original's second name is on disk before its first one goes
    if renames.exchange(new, entry.path):
        if digest_of(new) != entry.before:
            renames.exchange(new, entry.path)
            raise ApplyError(f"{edit.shown}: changed while it was written")
        os.unlink(new)
    elif not _instead(entry, new, (entry.before,)):
        raise ApplyError(f"{edit.shown}: changed while it was written")


def _instead(entry: Entry, source: str, expected: tuple[str, ...]) -> bool:
    """Move *source* to where the file is; False, with all as it was, if that has none of the *expected* contents."""
    old = _aside(entry, expected)
    if not old:
        return False
    renames.move(source, entry.path)
    os.unlink(old)
    return True


def _aside(entry: Entry, expected: tuple[str, ...]) -> str:
    """Move the file to a name for a moment, and return that; "", with all as it was, if its content is another."""
    old = _scratch(entry, "old")
    if os.path.lexists(old):  # content that a killed run moved and could not restore
        return ""
    os.rename(entry.path, old)
    if digest_of(old) in expected:
        return old
    renames.move(old, entry.path)
    return ""


def _fill(entry: Entry, data: bytes, mode: int, like: str = "") -> list[str]:
    """Write *data* under the name for complete content, with the attributes of *like*; return those that were lost."""
    part = _scratch(entry, "part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        write_all(handle, data)
        missing = _dress(handle, like) if like else []
        os.fsync(handle)
    finally:
        os.close(handle)
    renames.move(part, _scratch(entry, "new"))
    return missing


def _keep(entry: Entry, unsafe: bool) -> None:
    """Create the hard link to the original, or a copy on a file system without hard links."""
    try:
        os.link(entry.path, kept(entry), follow_symlinks=False)
        return
    except (
        OSError
    ) as error:  # EPERM: no hard links on this file system, or not to a file of another owner (protected_hardlinks)
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL):
            raise
    with open(entry.path, "rb") as file:
        data, here = file.read(LIMIT), os.fstat(file.fileno())
    copy = _scratch(entry, "copy")
    handle = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        write_all(handle, data)
        if (missing := _dress(handle, entry.path)) and not unsafe:
            raise ApplyError(f"{entry.path}: its copy would lose its {' and '.join(missing)}; --unsafe copies it")
        os.utime(handle, ns=(here.st_atime_ns, here.st_mtime_ns))
        os.fsync(handle)
    finally:
        os.close(handle)
    renames.move(copy, kept(entry))


def _dress(handle: int, like: str) -> list[str]:
    """Give a new file the owner, mode and attributes (such as ACLs) of *like*; return those that cannot be set."""
    here, missing = os.stat(like), []
    mine = os.fstat(handle)
    if (mine.st_uid, mine.st_gid) != (here.st_uid, here.st_gid):
        try:
            os.fchown(handle, here.st_uid, here.st_gid)
        except PermissionError:
            missing.append("owner")
    if hasattr(os, "listxattr"):
        missing += _dress_attributes(handle, like)
    os.fchmod(handle, here.st_mode & 0o7777)  # last: a change of the owner clears set-uid bits
    return missing


def _dress_attributes(handle: int, like: str) -> list[str]:
    wanted = {name: os.getxattr(like, name) for name in _attributes(like)}
    for name in _attributes(handle):
        if name not in wanted and not name.startswith("security."):  # inherited from the folder
            os.removexattr(handle, name)
    return [f"attribute {name}" for name, value in wanted.items() if not _set_attribute(handle, name, value)]


def _set_attribute(handle: int, name: str, value: bytes) -> bool:
    """Return whether a file now has the attribute."""
    try:
        if name not in _attributes(handle) or os.getxattr(handle, name) != value:
            os.setxattr(handle, name, value)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EACCES, errno.EOPNOTSUPP):
            raise
        return False
    return True


def _attributes(file: str | int) -> list[str]:
    try:
        return os.listxattr(file)
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:
            raise
        return []


def take_back(entry: Entry) -> WriteOutcome:
    """Restore the file before *entry*, or remove it and the empty folders that were made for it.

    May be called repeatedly, whatever part of the change or of the reversal was done before a kill.

    Raises:
        ApplyError: it failed; another call can complete it.
    """
    with naming(entry.path):
        folder = os.path.dirname(entry.path)
        with contextlib.ExitStack() as locks:
            for each in _folders(entry):
                if os.path.isdir(each):
                    locks.enter_context(locked(each, PATIENCE))
            if not os.path.isdir(folder):
                _remove_folders(entry)
                return WriteOutcome.NOTHING if entry.folder else WriteOutcome.LOST
            _clear(entry)
            outcome = _put_back(entry) if entry.before else _remove(entry)
            sync_folder(folder)
            if outcome in (WriteOutcome.RESTORED, WriteOutcome.NOTHING):
                _remove_folders(entry)
    return outcome


def _folders(entry: Entry) -> list[str]:
    """Return the folder of a file, preceded by its parents that were made for it and their parent."""
    found = [os.path.dirname(entry.path)]
    while entry.folder and found[0] != os.path.dirname(entry.folder):
        found.insert(0, os.path.dirname(found[0]))
    return found


def unfinished(entry: Entry) -> bool:
    """Whether a change was begun but not made, or is reverted already; temporary names are removed.

    Raises:
        ApplyError: the state cannot be determined.
    """
    with naming(entry.path):
        folder = os.path.dirname(entry.path)
        if os.path.isdir(folder):
            with locked(folder, PATIENCE):
                _clear(entry)
        return digest_of(entry.path) == entry.before


def _clear(entry: Entry) -> None:
    """Remove temporary files of a killed run, except content of another program that an exchange moved there."""
    for kind in ("part", "copy"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_scratch(entry, kind))
    for kind in ("new", "old"):
        scratch = _scratch(entry, kind)
        content = digest_of(scratch)
        if content and kind == "old" and not os.path.lexists(entry.path) and (entry.before or content != entry.after):
            renames.move(scratch, entry.path)
        elif content == entry.after or (content and content == entry.before == digest_of(kept(entry))):
            os.unlink(scratch)
        elif content and content == entry.before:
            renames.move(scratch, kept(entry))
        elif content and digest_of(entry.path) == entry.after and renames.exchange(scratch, entry.path):
            _clear(entry)


def _put_back(entry: Entry) -> WriteOutcome:
    original, path = kept(entry), entry.path
    now, then = digest_of(path), digest_of(original)
    if not then:
        return WriteOutcome.NOTHING if now == entry.before else WriteOutcome.LOST
    if then == entry.after or (os.path.lexists(path) and os.path.samefile(path, original)):
        os.unlink(original)  # restored already, or never removed
        return WriteOutcome.NOTHING
    if then != entry.before or now not in (entry.before, entry.after):
        return WriteOutcome.CHANGED
    if not renames.exchange(original, path):
        return WriteOutcome.RESTORED if _instead(entry, original, (entry.before, entry.after)) else WriteOutcome.CHANGED
    if digest_of(original) not in (entry.before, entry.after):  # changed between the check and the exchange
        renames.exchange(original, path)
        return WriteOutcome.CHANGED
    os.unlink(original)
    return WriteOutcome.RESTORED


def _remove(entry: Entry) -> WriteOutcome:
    now = digest_of(entry.path)
    if not now:
        return WriteOutcome.NOTHING
    old = _aside(entry, (entry.after,)) if now == entry.after else ""
    if not old:
        return WriteOutcome.CHANGED
    os.unlink(old)
    return WriteOutcome.RESTORED


def _remove_folders(entry: Entry) -> None:
    folder = os.path.dirname(entry.path)
    while entry.folder and (folder + "/").startswith(entry.folder + "/"):
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                return
            raise
        folder = os.path.dirname(folder)


def strays(folders: list[str], known: set[str]) -> list[tuple[str, str]]:
    """Return originals in *folders* that are not *known*, as (original, file), the oldest first.

    A file with such a name whose content does not match the SHA in it is skipped.
    """
    found = []
    for folder in dict.fromkeys(folders):
        with contextlib.suppress(OSError):
            for name in sorted(os.listdir(folder)):
                match, path = _KEPT.fullmatch(name), os.path.join(folder, name)
                if match and path not in known and digest_of(path).startswith(match["sha"]):
                    found.append((os.lstat(path).st_ctime_ns, path, os.path.join(folder, match["name"])))
    return [(path, name) for _, path, name in sorted(found)]
