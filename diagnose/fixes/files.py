"""One file written, and taken back, so that a kill at any moment and any failure loses no byte.

The original is kept beside the file as ``NAME.diagnose-ID-SHA.bak``: a second link to it, so that time stamps, owner,
ACLs and everything else survive, and only where the file system has no links a copy. ID is never used again; SHA is the
start of the original's SHA-256, so that the name alone tells an original from a file that merely looks like one. (apt
passes over names that end so without a word: ``Dir::Ignore-Files-Silently``.)

The new content is written under a hidden name and then takes the file's place by an exchange: what was there at that
moment is looked at afterwards, and goes back if it is not what was read. At no moment is there no file. Without such an
exchange the file is moved aside first, for the same look at it, and a kill in between leaves it to the next run.
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

#: A file larger than this is none that a fix writes; only its size is compared.
LIMIT = 64 << 20
#: In place of a SHA-256: of what is not a regular file, and of what is larger.
NO_FILE, TOO_LARGE = "not a file", "too large"
#: How long, in seconds, to wait for another run (under another home) that writes in the same folder.
PATIENCE = 10.0

_KEPT = re.compile(r"(?s)(?P<name>.+)\.diagnose-[0-9a-f]{16}-(?P<sha>[0-9a-f]{16})\.bak")


class Edit(NamedTuple):
    """A file edit in bytes, at the ``path`` where the file really lies; ``shown`` is what the user knows it as."""

    shown: str
    path: str
    before: bytes | None
    after: bytes


class Outcome(Enum):
    """What became of a change that was to be taken back."""

    RESTORED = "restored"
    #: There was nothing to take back: it had not happened, or somebody took it back.
    NOTHING = "nothing"
    #: The file, or its original, is not as this program left it: nothing was touched.
    CHANGED = "changed"
    #: The original is gone.
    LOST = "lost"


def digest(data: bytes) -> str:
    """Return the SHA-256 of *data*."""
    from hashlib import sha256

    return sha256(data).hexdigest()


def digest_of(path: str) -> str:
    """Return the SHA-256 of the file *path* itself; empty if there is none.

    Of a link, a device or a file that is too large, return what equals no SHA-256.

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
    """Return where the original of a file is."""
    return f"{entry.path}.diagnose-{entry.id}-{entry.before[:16]}.bak"


def _scratch(entry: Entry, kind: str) -> str:
    """Return a name for a moment: ``part`` and ``copy`` grow, ``new`` is whole, ``old`` is about to go."""
    folder, name = os.path.split(entry.path)
    return os.path.join(folder, f".{name}.diagnose-{entry.id}.{kind}")


def doubts(edit: Edit, home: str) -> list[str]:
    """Return why *edit* must not be made unasked; *home* is the folder inside of which the file should lie.

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
    """Return how many of the names beside *path* are originals kept by this program that are the same file."""
    folder, name = os.path.split(path)
    count = 0
    for other in os.listdir(folder):
        match = _KEPT.fullmatch(other)
        if match and match["name"] == name and os.path.samestat(os.lstat(os.path.join(folder, other)), here):
            count += 1
    return count


def check(edit: Edit) -> None:
    """Raise :class:`ApplyError` if the file is not as it was when *edit* was made from it."""
    with naming(edit.shown):
        if digest_of(edit.path) != ("" if edit.before is None else digest(edit.before)):
            raise ApplyError(f"{edit.shown}: not as it was when it was read")


def write(edit: Edit, journal: Journal, unsafe: bool) -> Entry:
    """Make *edit*, remembered in *journal* before the first byte changes.

    Raises:
        ApplyError: it failed, the file is not as it was read, or, unless *unsafe*, not all that belongs to the file
            can be kept. What was begun is for :func:`take_back`.
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
        raise ApplyError(f"{edit.shown}: would lose its {' and '.join(missing)}; --unsafe writes it all the same")
    _keep(entry, unsafe)
    if digest_of(kept(entry)) != entry.before:
        raise ApplyError(f"{edit.shown}: not as it was when it was read")
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
    if os.path.lexists(old):  # what a killed run caught, and could not put back
        return ""
    os.rename(entry.path, old)
    if digest_of(old) in expected:
        return old
    renames.move(old, entry.path)
    return ""


def _fill(entry: Entry, data: bytes, mode: int, like: str = "") -> list[str]:
    """Write *data* under the name for what is whole, with all that belongs to *like*; return what could not be kept."""
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
    """Give the original its second name, or make a copy under it where the file system has no links."""
    try:
        os.link(entry.path, kept(entry), follow_symlinks=False)
        return
    except OSError as error:  # EPERM: no links there, or none to a file of somebody else (protected_hardlinks)
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
    """Give a new file the owner, mode and attributes (ACLs are such) of *like*; return what it cannot have."""
    here, missing = os.stat(like), []
    mine = os.fstat(handle)
    if (mine.st_uid, mine.st_gid) != (here.st_uid, here.st_gid):
        try:
            os.fchown(handle, here.st_uid, here.st_gid)
        except PermissionError:
            missing.append("owner")
    if hasattr(os, "listxattr"):
        missing += _dress_attributes(handle, like)
    os.fchmod(handle, here.st_mode & 0o7777)  # last: another owner takes set-uid bits away
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


def take_back(entry: Entry) -> Outcome:
    """Put the file back as it was before *entry*, or remove it with the folders made for it that are empty.

    May be called at any time, and again, whatever of the change, or of taking it back, was done before a kill.

    Raises:
        ApplyError: it failed; what is lacking can be done by another call.
    """
    with naming(entry.path):
        folder = os.path.dirname(entry.path)
        with contextlib.ExitStack() as locks:
            for each in _folders(entry):
                if os.path.isdir(each):
                    locks.enter_context(locked(each, PATIENCE))
            if not os.path.isdir(folder):
                _remove_folders(entry)
                return Outcome.NOTHING if entry.folder else Outcome.LOST
            _clear(entry)
            outcome = _put_back(entry) if entry.before else _remove(entry)
            sync_folder(folder)
            if outcome in (Outcome.RESTORED, Outcome.NOTHING):
                _remove_folders(entry)
    return outcome


def _folders(entry: Entry) -> list[str]:
    """Return the folder of a file, after those above it that were made for it and the one that these were made in."""
    found = [os.path.dirname(entry.path)]
    while entry.folder and found[0] != os.path.dirname(entry.folder):
        found.insert(0, os.path.dirname(found[0]))
    return found


def unfinished(entry: Entry) -> bool:
    """Whether a change was begun and not made, or is taken back already; names for a moment are cleared.

    Raises:
        ApplyError: it cannot be found out.
    """
    with naming(entry.path):
        folder = os.path.dirname(entry.path)
        if os.path.isdir(folder):
            with locked(folder, PATIENCE):
                _clear(entry)
        return digest_of(entry.path) == entry.before


def _clear(entry: Entry) -> None:
    """Remove what a killed run left under names for a moment, unless it is somebody else's content that it caught."""
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


def _put_back(entry: Entry) -> Outcome:
    original, path = kept(entry), entry.path
    now, then = digest_of(path), digest_of(original)
    if not then:
        return Outcome.NOTHING if now == entry.before else Outcome.LOST
    if then == entry.after or (os.path.lexists(path) and os.path.samefile(path, original)):
        os.unlink(original)  # put back already, or never taken away
        return Outcome.NOTHING
    if then != entry.before or now not in (entry.before, entry.after):
        return Outcome.CHANGED
    if not renames.exchange(original, path):
        return Outcome.RESTORED if _instead(entry, original, (entry.before, entry.after)) else Outcome.CHANGED
    if digest_of(original) not in (entry.before, entry.after):  # changed between the look at it and the exchange
        renames.exchange(original, path)
        return Outcome.CHANGED
    os.unlink(original)
    return Outcome.RESTORED


def _remove(entry: Entry) -> Outcome:
    now = digest_of(entry.path)
    if not now:
        return Outcome.NOTHING
    old = _aside(entry, (entry.after,)) if now == entry.after else ""
    if not old:
        return Outcome.CHANGED
    os.unlink(old)
    return Outcome.RESTORED


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
    """Return originals in *folders* that are none of the *known* ones, as (original, file), the oldest first.

    A file that merely has such a name, but not the content that the name speaks of, is none.
    """
    found = []
    for folder in dict.fromkeys(folders):
        with contextlib.suppress(OSError):
            for name in sorted(os.listdir(folder)):
                match, path = _KEPT.fullmatch(name), os.path.join(folder, name)
                if match and path not in known and digest_of(path).startswith(match["sha"]):
                    found.append((os.lstat(path).st_ctime_ns, path, os.path.join(folder, match["name"])))
    return [(path, name) for _, path, name in sorted(found)]
