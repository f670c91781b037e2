"""The Debian roots in which wheels are tried: made by mmdebstrap, kept in a folder of the user, never too many."""

from __future__ import annotations

import fcntl
import os
import shutil

from diagnose.model import user_folders
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.trial import helpers

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

_PACKAGES = {"glibc": "base-files,python3,libgcc-s1,libstdc++6", "musl": "base-files,musl"}
"""C library → Debian packages of a root with it. Debian's Python is linked with glibc."""
_SECONDS = 1800  # to make a root
LIMIT = 2 << 30
"""Bytes that all roots together may take on disk; those that were not used for longest make room for a new one."""

_locks: dict[str, int] = {}  # folder → a descriptor that holds its lock until this process ends


def made(release: str, architecture: str, libc: str, mirror: str | None, say: Callable[[str], None]) -> str:
    """Return the folder with a Debian root of *release* for *architecture*, made by mmdebstrap if it is not cached.

    *libc* is ``glibc`` or ``musl``. Nothing in the root is configured: no maintainer script runs, so that a foreign
    architecture needs no emulator here. No other process removes the root while this one runs.

    Raises:
        InputError: mmdebstrap is not installed, or failed; or the root cannot be kept.
    """
    folder = os.path.join(cache(), f"{release}-{architecture}" + ("-musl" if libc == "musl" else ""))
    try:
        os.makedirs(cache(), mode=0o700, exist_ok=True)
        if _lock(folder, fcntl.LOCK_EX) and not os.path.isdir(folder):
            _make(folder, release, architecture, _PACKAGES[libc], mirror, say)
            _make_room()
        os.utime(folder)  # when it was used, for _make_room
        _lock(folder, fcntl.LOCK_SH)
    except OSError as error:
        raise InputError(f"{error.filename or cache()}: {error.strerror}") from None
    return folder


def _lock(folder: str, kind: int) -> bool:
    """Lock *folder* for this process; return False if another one has it and *kind* does not wait for that."""
    if folder not in _locks:
        _locks[folder] = os.open(f"{folder}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(_locks[folder], kind)
    except BlockingIOError:
        return False
    return True


def _make(
    folder: str, release: str, architecture: str, packages: str, mirror: str | None, say: Callable[[str], None]
) -> None:
    program = shutil.which("mmdebstrap")
    if not program:
        raise InputError("--release needs mmdebstrap: apt-get install mmdebstrap (or use --root DIR)")
    say(f"making a Debian {release} root for {architecture}: once, in {cache()}")
    scratch = _scratch(folder)
    shutil.rmtree(scratch, ignore_errors=True)  # of a process that was killed: this one has the lock
    try:
        os.mkdir(scratch, 0o700)
        new = os.path.join(scratch, "root")
        archive = os.path.join(scratch, "root.tar")
        options = ["--variant=extract", f"--include={packages}", f"--architectures={architecture}", "--format=tar"]
        # mmdebstrap adds the security suite, which an old release has no more for most architectures.
        if not mirror:
            options.append(f'--setup-hook=sed -i "/ {release} /!d" "$1/etc/apt/sources.list"')
        # Into standard output: without root, mmdebstrap works as another user of its own namespace.
        with open(archive, "wb") as file:
            command = [program, *options, release, "-", *([mirror] if mirror else [])]
            _run(command, f"mmdebstrap cannot make {release} for {architecture}", file)
        os.mkdir(new)
        # All files become the user's own, who can then remove them; devices cannot, and are not needed.
        names = ["--no-same-owner", "--exclude=./dev/*", "--exclude=./var/cache/*", "--exclude=./var/lib/apt/lists/*"]
        _run(["tar", "-x", "-C", new, "-f", archive, *names], "tar cannot unpack the root")
        os.unlink(archive)
        for name in ("proc", "tmp", "dev"):
            os.makedirs(os.path.join(new, name), exist_ok=True)
        os.chmod(new, 0o755)
        os.rename(new, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _scratch(folder: str) -> str:
    """Return where the root *folder* is made."""
    return os.path.join(cache(), f".making-{os.path.basename(folder)}")


def _run(command: list[str], fault: str, output: IO[bytes] | None = None) -> None:
    """Run *command*, whose standard output goes to *output*; *fault* says what it means if it fails."""
    done = helpers.run(command, _SECONDS, output, "/")
    if done.status is None:
        raise InputError(f"{os.path.basename(command[0])} took more than {_SECONDS} seconds")
    if done.status:
        lines = done.errors.splitlines()
        # The first error is apt's own; what follows it is that apt failed.
        said = next((line for line in lines if line.startswith("E: ")), (lines or [f"exit code {done.status}"])[-1])
        if "unable to pick chroot mode" in said:  # not root, and no namespace with more than one user
            said = "without root it needs the package uidmap, and your ranges in /etc/subuid and /etc/subgid"
        raise InputError(f"{fault}: {said}")


def _make_room() -> None:
    """Remove the roots that were not used for longest, until all together keep to :data:`LIMIT`."""
    roots = sorted(filter(os.path.isdir, _roots()), key=lambda root: os.stat(root).st_mtime)
    sizes = {root: _size(root) for root in roots}
    while sum(sizes.values()) > LIMIT and roots:
        root = roots.pop(0)
        if root not in _locks and _remove(root):
            del sizes[root]


def _remove(root: str) -> bool:
    """Remove *root* unless a process uses it; return whether it is gone."""
    used = root in _locks
    if not _lock(root, fcntl.LOCK_EX | fcntl.LOCK_NB):
        os.close(_locks.pop(root))
        return False
    shutil.rmtree(_scratch(root), ignore_errors=True)
    shutil.rmtree(root, ignore_errors=True)
    gone = not os.path.exists(root)
    if gone:
        os.unlink(f"{root}.lock")
    if gone or not used:
        os.close(_locks.pop(root))
    return gone


def _size(folder: str) -> int:
    """Return the bytes on disk below *folder*."""
    size = 0
    for place, _, names in os.walk(folder):
        size += sum(os.lstat(os.path.join(place, name)).st_blocks * 512 for name in names)
    return size


def _roots() -> list[str]:
    """Return the folders of all roots, in the order of their names, also where only a lock or a half is left."""
    try:
        names = sorted(os.listdir(cache()))
    except OSError:
        return []
    return sorted({os.path.join(cache(), name.removeprefix(".making-").removesuffix(".lock")) for name in names})


def cache() -> str:
    """Return the folder in which roots are kept.

    Raises:
        InputError: the user has no home folder.
    """
    folder = user_folders.cache()
    if not folder:
        raise InputError("no home folder to keep roots in: set XDG_CACHE_HOME to an absolute path")
    return os.path.join(folder, "roots")


def clean() -> tuple[list[str], list[str]]:
    """Remove all roots; return the folders that are gone, and those that are in use or cannot be removed."""
    gone: list[str] = []
    kept: list[str] = []
    for root in _roots():
        was = os.path.isdir(root) or os.path.isdir(_scratch(root))
        removed = _remove(root)
        if was or not removed:
            (gone if removed else kept).append(root)
    return gone, kept
