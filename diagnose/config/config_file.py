"""Finds the configuration file: the nearest ``diagnose.toml``, or ``pyproject.toml`` with a ``[tool.diagnose]`` table.

Every command looks, so this module imports nothing and parses nothing: a project file that never names the tool is
only searched for its name.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("diagnose.toml", "pyproject.toml")
"""In one folder, the first of them counts, as for ruff."""
CHOOSING = ("select", "ignore", "extend-select", "extend-ignore")
"""The keys that choose checks, as they are on the command line, too."""
SIZE_LIMIT = 1 << 20
"""Bytes of a configuration file."""
FOLDERS_LIMIT = 10
"""Folders that are searched: the working directory and those above it."""


class SettingsFile(NamedTuple):
    """A configuration file: its path, relative to the working directory where it is near, and its content."""

    path: str
    content: bytes


def nearest(folder: str, outside: str = "") -> Iterator[SettingsFile]:
    """Yield the files that may have settings for *folder*: its own, then those of the folders above it.

    A file inside the folder *outside*, which is judged, is not read.

    Raises:
        InputError: a file is there and cannot be read, or is too large.
    """
    real = os.path.realpath(outside) if outside else ""
    place = folder
    for _ in range(FOLDERS_LIMIT):
        if not (real and (place == real or place.startswith(real.rstrip(os.sep) + os.sep))):
            for name in NAMES:
                path = os.path.join(place, name)
                content = _content(path)
                if content is not None and (name != "pyproject.toml" or b"diagnose" in content):
                    yield SettingsFile(os.path.relpath(path, folder), content)
        parent = os.path.dirname(place)
        if parent == place:
            return
        place = parent


def named(path: str) -> SettingsFile:
    """Return the file that the user names.

    Raises:
        InputError: it does not exist, is not a file, is too large or cannot be read.
    """
    content = _content(path)
    if content is None:
        reason = "not a regular file" if os.path.lexists(path) else "no such file"
        raise InputError(f"{path}: {reason}")
    return SettingsFile(path, content)


def _content(path: str) -> bytes | None:
    """Return what is in the file, or None where there is no regular file that can be looked for."""
    try:  # a pipe of this name has no reader or writer to wait for
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        if not os.path.isfile(path):
            return None
        raise InputError(f"{path}: {error.strerror or error}") from None
    except ValueError:  # a null character
        return None
    try:
        mode = os.fstat(handle).st_mode
        if mode & 0o170000 != 0o100000:
            return None
        content = b""
        while len(content) <= SIZE_LIMIT and (part := os.read(handle, SIZE_LIMIT + 1)):
            content += part
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    finally:
        os.close(handle)
    if len(content) > SIZE_LIMIT:
        raise InputError(f"{path}: larger than {SIZE_LIMIT >> 20} MiB")
    return content
