"""The folders and files that a build writes to, and the obstacles on the way there.

Sources: The Cargo Book, configuration (``build.target-dir``), the build cache (its folders), and Cargo.lock, which is
beside the workspace's manifest; maturin's guide (``target/wheels``).
"""

from __future__ import annotations

import os
import stat

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers.cargo.files import base_folder, upwards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.cargo.variables import Setting, Variables
    from diagnose.readers.system.root import Root


class Obstacle(NamedTuple):
    """Why a build cannot write: ``path`` is ``why``.

    That is ``a file``, ``a link to what does not exist``, ``a file system of the kernel``, ``not writable``,
    ``read-only``, ``full``, ``without inodes``, ``absent`` or ``no device``. ``folder`` is what is written: cargo's
    for its ``kind`` ``target``. The other kinds are ``temporary`` (rustc's files), ``lock`` (Cargo.lock), ``wheels``
    (maturin's), ``home`` (downloaded crates) and ``null`` (``/dev/null``).
    ``setting`` names the place; None for the usual one.
    """

    path: str
    why: str
    folder: str
    setting: Setting | None = None
    kind: str = "target"


class LittleRoom(NamedTuple):
    """How many bytes are left at ``path``: enough for a program, maybe not for all that it depends on."""

    path: str
    left: int


def obstacles(
    root: Root, here: Root, cwd: str, top: str, config: Config, variables: Variables, triple: str, project: Project
) -> Iterator[Obstacle]:
    """Yield the first obstacle of each kind for a build of *project* for *triple*, empty for the host.

    *top* is the folder of the workspace, on the system *here*. Permissions are those of the user who asks, so they are
    examined in a live root only.
    """
    path, setting = _named(cwd, config, variables)
    place = here
    if not path:
        path = os.path.join(top, "target")
    elif not root.live and setting is not None and not setting.path and os.path.isabs(setting.value):
        place = root  # a variable of the root's own processes
    for folder in dict.fromkeys((path, *_inner(path, triple))):
        if found := _on_the_way(place, folder, live=root.live):
            yield Obstacle(*found, path, setting)
            break
        lock = f"{folder}/.cargo-lock"
        if root.live and os.path.exists(lock) and not _may(lock, os.W_OK):
            yield Obstacle(lock, "not writable", path, setting)
            break
    else:
        for name in ("wheels", "maturin") if project.wheel else ():
            if found := _on_the_way(place, f"{path}/{name}", live=root.live):
                yield Obstacle(*found, f"{path}/{name}", setting, "wheels")
    if not root.live:
        return
    if not project.lock and (found := _on_the_way(here, top, live=True)):
        yield Obstacle(*found, f"{top}/Cargo.lock", None, "lock")
    yield from _temporary(variables)
    yield from _null()


def home(root: Root, folder: str, variables: Variables) -> Iterator[Obstacle]:
    """Yield what keeps cargo from writing downloaded crates to its home *folder*, in a live root."""
    if root.live and (found := _on_the_way(root, os.path.join(folder, "registry/cache"), live=True)):
        yield Obstacle(*found, folder, variables.own("CARGO_HOME"), "home")


def little_room(
    root: Root, cwd: str, top: str, config: Config, variables: Variables, crates: int
) -> Iterator[LittleRoom]:
    """Yield the places of a live root where there may be too little room for a build of so many *crates*."""
    if not root.live:
        return
    path = _named(cwd, config, variables)[0] or os.path.join(top, "target")
    setting = variables.get("TMPDIR")
    temporary = setting.value if setting is not None and setting.value else "/tmp"
    for place, wanted in ((path, _USUAL + crates * _OF_A_CRATE), (temporary, _USUAL)):
        existing = next((one for one in upwards(place) if root.is_dir(one)), "/")
        left = _left(existing)
        if left is not None and left < wanted:
            yield LittleRoom(existing, left)


#: A build with a few crates takes so many bytes, and each more crate so many: far more than it needs is named.
_USUAL, _OF_A_CRATE = 64 << 20, 8 << 20


def _on_the_way(place: Root, folder: str, *, live: bool) -> tuple[str, str] | None:
    """Return (path, why) of what keeps a build from writing to *folder*."""
    existing = next((one for one in upwards(folder) if place.exists(one) or place.link_target(one)), "/")
    if not place.exists(existing):
        return existing, "a link to what does not exist"
    if not place.is_dir(existing):
        return existing, "a file"
    if not live:
        return None
    if _of_kernel(existing):
        return existing, "a file system of the kernel"
    if not _may(existing, os.W_OK | os.X_OK):
        return existing, "read-only" if _read_only(existing) else "not writable"
    full = _full(existing)
    return (existing, full) if full else None


def _of_kernel(path: str) -> bool:
    """Whether *path* is in ``/proc`` or ``/sys``, where no program makes a folder."""
    try:
        usual, here = os.stat("/").st_dev, os.stat(path).st_dev
        return here != usual and any(os.stat(one).st_dev == here for one in ("/proc", "/sys"))
    except OSError:
        return False


def _temporary(variables: Variables) -> Iterator[Obstacle]:
    """Yield why rustc, which links in a folder for temporary files, cannot do so."""
    setting = variables.get("TMPDIR")
    path = setting.value if setting is not None and setting.value else "/tmp"
    why = ""
    if not os.path.lexists(path):
        why = "absent"
    elif not os.path.isdir(path):
        why = "a file"
    elif not _may(path, os.W_OK | os.X_OK):
        why = "read-only" if _read_only(path) else "not writable"
    if why or (why := _full(path)):
        yield Obstacle(path, why, "", setting, "temporary")


_NULL = "/dev/null"


def _null() -> Iterator[Obstacle]:
    """Yield that there is no null device, to which cargo connects the programs that it starts."""
    try:
        mode = os.stat(_NULL).st_mode
    except OSError:
        yield Obstacle(_NULL, "absent", "", None, "null")
        return
    if not stat.S_ISCHR(mode):
        yield Obstacle(_NULL, "no device", "", None, "null")
    elif not os.access(_NULL, os.R_OK | os.W_OK):
        yield Obstacle(_NULL, "not writable", "", None, "null")


#: Fewer bytes hold no program, not even a small one.
_LEAST = 1 << 20
#: cargo makes more files and folders for the smallest program.
_FEWEST = 8


def _full(path: str) -> str:
    """Return ``full`` or ``without inodes`` if nothing more can be written there; else an empty text."""
    left = _left(path)
    if left is not None and left < _LEAST:
        return "full"
    try:
        disk = os.statvfs(path)
    except (OSError, AttributeError):
        return ""
    return "without inodes" if disk.f_files > 0 and disk.f_favail < _FEWEST else ""


def _left(path: str) -> int | None:
    """Return the bytes that are left for files in *path*; None if the system does not say."""
    try:
        disk = os.statvfs(path)
    except (OSError, AttributeError):
        return None
    return disk.f_bavail * disk.f_frsize if disk.f_blocks > 0 else None


def _may(path: str, mode: int) -> bool:
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _inner(path: str, triple: str) -> Iterator[str]:
    yield f"{path}/release"
    if triple:
        yield f"{path}/{triple}"
        yield f"{path}/{triple}/release"


def _named(cwd: str, config: Config, variables: Variables) -> tuple[str, Setting | None]:
    for name in ("CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"):
        setting = variables.own(name)
        if setting is not None and setting.value:
            return os.path.normpath(os.path.join(cwd, setting.value)), setting
    setting = config.find("build", "target-dir")
    if setting is None or not setting.value:
        return "", None
    return os.path.normpath(
        os.path.join(base_folder(setting.path.rpartition(":")[0] or setting.path), setting.value)
    ), setting


def _read_only(path: str) -> bool:
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except (OSError, AttributeError):
        return False
