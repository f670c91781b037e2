"""The folder that cargo writes to, and the obstacles on the way there.

Source: The Cargo Book, configuration (``build.target-dir``), and the build cache (its folders).
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers.cargo.files import base_folder, upwards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.variables import Setting, Variables
    from diagnose.readers.system.root import Root


class Obstacle(NamedTuple):
    """Why cargo cannot write to its folder: ``path`` is ``why``.

    That is ``a file``, ``a link to what does not exist``, ``not writable``, ``read-only``, ``full`` or ``without
    inodes``. ``folder`` is cargo's; ``setting`` names it; None for ``target`` beside the project's lock file. Without
    ``folder`` it is the one for temporary files, which may also be ``absent``.
    """

    path: str
    why: str
    folder: str
    setting: Setting | None = None


def obstacle(
    root: Root, here: Root, cwd: str, top: str, config: Config, variables: Variables, triple: str
) -> Obstacle | None:
    """Return the first obstacle on the way to the folder of a build for *triple*, empty for the host, if there is one.

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
        existing = next((one for one in upwards(folder) if place.exists(one) or place.link_target(one)), "/")
        if not place.exists(existing):
            return Obstacle(existing, "a link to what does not exist", path, setting)
        if not place.is_dir(existing):
            return Obstacle(existing, "a file", path, setting)
        if root.live and not _may(existing, os.W_OK | os.X_OK):
            return Obstacle(existing, "read-only" if _read_only(existing) else "not writable", path, setting)
        lock = f"{existing}/.cargo-lock"
        if root.live and os.path.exists(lock) and not _may(lock, os.W_OK):
            return Obstacle(lock, "not writable", path, setting)
        if root.live and (full := _full(existing)):
            return Obstacle(existing, full, path, setting)
    return _temporary(variables) if root.live else None


def _temporary(variables: Variables) -> Obstacle | None:
    """Return why rustc, which links in a folder for temporary files, cannot do so."""
    setting = variables.get("TMPDIR")
    path = setting.value if setting is not None and setting.value else "/tmp"
    if not os.path.lexists(path):
        return Obstacle(path, "absent", "", setting)
    if not os.path.isdir(path):
        return Obstacle(path, "a file", "", setting)
    if not _may(path, os.W_OK | os.X_OK):
        return Obstacle(path, "read-only" if _read_only(path) else "not writable", "", setting)
    return Obstacle(path, full, "", setting) if (full := _full(path)) else None


#: Fewer bytes hold no program, not even a small one.
_LEAST = 1 << 20
#: cargo makes more files and folders for the smallest program.
_FEWEST = 8


def _full(path: str) -> str:
    """Return ``full`` or ``without inodes`` if nothing more can be written there; else an empty text."""
    try:
        disk = os.statvfs(path)
    except (OSError, AttributeError):
        return ""
    if disk.f_blocks > 0 and disk.f_bavail * disk.f_frsize < _LEAST:
        return "full"
    return "without inodes" if disk.f_files > 0 and disk.f_favail < _FEWEST else ""


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
