"""A root file system: the live ``/``, or a folder that contains another system's root.

Every path is a path *inside* the root. Absolute and relative links are followed like on that system, and never out of
the root. No file of a root is executed. All reads are bounded.
"""

from __future__ import annotations

import errno
import os
import stat

from diagnose.model.finding import InputError
from diagnose.readers.system.file_bytes import FileBytes

#: The longest text file that is read, in bytes: far above any real one.
TEXT_LIMIT = 4 << 20
#: The most entries of one folder that are read.
FOLDER_LIMIT = 100_000
#: The most bytes, from the end, of a program or library that are searched for a text.
FIND_LIMIT = 64 << 20
#: The kernel's limit (``MAXSYMLINKS``).
LINK_LIMIT = 40


class Root:
    """One root folder.

    ``live``: it is this machine's own ``/``; only then may programs run. ``unseen`` collects, in plain words, the files
    that could not be inspected for lack of permission.

    Raises:
        InputError: *path* is not a folder, or cannot be entered.
    """

    def __init__(self, path: str = "/") -> None:
        try:
            real = os.path.realpath(path, strict=True) if path else ""
            if not os.path.isdir(real):
                raise InputError(f"{path}: not a folder")
            if not os.access(real, os.R_OK | os.X_OK):
                raise InputError(f"{path}: permission denied")
        except OSError as error:
            raise InputError(f"{path}: {_reason(error)}") from None
        except ValueError:
            raise InputError(f"{path!r}: not a path") from None
        self.path = real
        self.live = real == "/"
        self.unseen: list[str] = []
        self._links: dict[str, str | None] = {}
        self._present: dict[tuple[str, ...], tuple[str, ...]] = {}

    def locate(self, path: str, *, follow: bool = True) -> str | None:
        """Return the location of *path* on this machine, links followed inside the root; None if it does not exist.

        With ``follow=False`` the last component is not followed if it is a link.

        Raises:
            InputError: the links form a loop.
        """
        inside = self.resolve(path, follow=follow)
        return None if inside is None else self._outside(inside)

    def resolve(self, path: str, *, follow: bool = True) -> str | None:
        """Return *path* with every link followed, as a path inside the root; None if it does not exist.

        Raises:
            InputError: the links form a loop.
        """
        pending = path.split("/")[::-1]
        done: list[str] = []
        links = 0
        while pending:
            part = pending.pop()
            if part in ("", "."):
                continue
            if part == "..":
                del done[-1:]
                continue
            done.append(part)
            if not follow and not any(pending):
                break
            target = self._link_at("/" + "/".join(done))
            if target is None:
                return None
            if not target:
                continue
            links += 1
            if links > LINK_LIMIT:
                raise InputError(f"{path}: too many levels of symbolic links")
            if target.startswith("/"):
                done = []
            else:
                done.pop()
            pending += target.split("/")[::-1]
        inside = "/" + "/".join(done)
        return inside if self._lexists(inside) else None

    def link_target(self, path: str) -> str:
        """Return the target of the link at *path*, as it is written there; empty if it is not a link."""
        inside = self.resolve(path, follow=False)
        return (self._link_at(inside) or "") if inside is not None else ""

    def link_folder(self, path: str) -> str:
        """Return the folder of the file that the links at *path* lead to, computed from their targets."""
        for _ in range(LINK_LIMIT):
            target = self.link_target(path)
            if not target:
                break
            path = target if target.startswith("/") else f"{path.rpartition('/')[0]}/{target}"
        return path.rpartition("/")[0]

    def _outside(self, inside: str) -> str:
        return inside if self.live else self.path + inside

    def _link_at(self, inside: str) -> str | None:
        """Return the target of the link at *inside*, below no other link; "" if it is not a link, None if missing."""
        if inside not in self._links:
            try:
                self._links[inside] = os.readlink(self._outside(inside))
            except OSError as error:
                self._links[inside] = "" if error.errno == errno.EINVAL else None
            except ValueError:
                self._links[inside] = None
        return self._links[inside]

    def _lexists(self, inside: str) -> bool:
        return os.path.lexists(self._outside(inside))

    def _mode(self, path: str) -> int:
        """Return the type and the permissions of the file that *path* leads to, as stat(2) has them; 0 without one."""
        try:
            if self.live:
                return os.stat(path).st_mode
            real = self.locate(path)
            return os.lstat(real).st_mode if real is not None else 0
        except (OSError, ValueError, InputError):
            return 0

    def _regular(self, path: str) -> str | None:
        """Return where the regular file that *path* leads to can be opened on this machine; None without one."""
        if not self.is_file(path):
            return None
        return path if self.live else self.locate(path)

    def is_file(self, path: str) -> bool:
        """Whether *path* leads to a regular file."""
        return stat.S_ISREG(self._mode(path))

    def is_empty(self, path: str) -> bool:
        """Whether *path* leads to a regular file without content."""
        real = self._regular(path)
        try:
            return real is not None and os.stat(real).st_size == 0
        except OSError:
            return False

    def is_dir(self, path: str) -> bool:
        """Whether *path* leads to a folder."""
        return stat.S_ISDIR(self._mode(path))

    def present(self, folders: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of *folders* that exist; they are looked for once."""
        if folders not in self._present:
            self._present[folders] = tuple(filter(self.is_dir, folders))
        return self._present[folders]

    def is_executable(self, path: str) -> bool:
        """Whether *path* leads to a regular file with an execute bit."""
        mode = self._mode(path)
        return stat.S_ISREG(mode) and bool(mode & 0o111)

    def exists(self, path: str) -> bool:
        """Whether *path* leads to anything."""
        return bool(self._mode(path))

    def names(self, path: str) -> list[str]:
        """Return the sorted names in the folder *path*; empty if it is missing or not a folder."""
        try:
            real = path if self.live else self.locate(path)
            if real is None:
                return []
            found = []
            with os.scandir(real) as entries:
                for entry in entries:
                    found.append(entry.name)
                    if len(found) >= FOLDER_LIMIT:
                        self.unseen.append(f"{path}: only the first {FOLDER_LIMIT} entries were read")
                        break
        except PermissionError:
            self.unseen.append(f"{path}: permission denied")
            return []
        except (OSError, ValueError):
            return []
        return sorted(found)

    def read(self, path: str, limit: int = TEXT_LIMIT) -> bytes | None:
        """Return the bytes of the regular file *path*; None if it is missing or may not be read (see ``unseen``).

        Raises:
            InputError: it is longer than *limit* bytes, not a regular file, or a loop of links.
        """
        try:
            real = path if self.live else self.locate(path)
            if real is None:
                return None
            found = os.stat(real) if self.live else os.lstat(real)
            if not stat.S_ISREG(found.st_mode):
                if stat.S_ISDIR(found.st_mode):
                    return None
                raise InputError(f"{path}: not a regular file")
            with open(real, "rb", buffering=0) as file:
                parts, length = [], 0
                while part := file.read(min(1 << 20, limit + 1 - length)):  # that many bytes are allocated
                    parts.append(part)
                    length += len(part)
        except PermissionError:
            self.unseen.append(f"{path}: permission denied")
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise InputError(f"{path}: {_reason(error)}") from None
            return None
        except ValueError:
            return None
        if length > limit:
            raise too_large(path, limit)
        return b"".join(parts)

    def read_allowed(self, path: str) -> bool:
        """Whether the user who asks may read *path*."""
        real = self._regular(path)
        return real is not None and os.access(real, os.R_OK)

    def head(self, path: str, length: int) -> bytes:
        """Return the first *length* bytes of a regular file; empty if it is missing or may not be read."""
        real = self._regular(path)
        if real is None:
            return b""
        try:
            with open(real, "rb", buffering=0) as file:
                return file.read(length)
        except OSError:
            return b""

    def whole(self, path: str) -> FileBytes:
        """Return all bytes of a regular file, to be read one by one; none if it is missing. Use it as a context.

        Raises:
            OSError: it may not be read.
        """
        real = self._regular(path)
        if real is None:
            return FileBytes()
        file = open(real, "rb", buffering=0)  # noqa: SIM115  (closed by the context)
        return FileBytes(file, 0, os.fstat(file.fileno()).st_size)

    def find(self, path: str, needle: bytes, length: int) -> bytes:
        """Return *length* bytes of a regular file from the last occurrence of *needle*; empty without one.

        The search starts at the end, which contains the strings of a program; the code is not read.
        """
        try:
            with self.whole(path) as data:
                start = data.last(needle, FIND_LIMIT)
                return data[start : start + length] if start >= 0 else b""
        except OSError:
            return b""

    def text(self, path: str, limit: int = TEXT_LIMIT) -> str | None:
        """Return the text of *path*; None if it is missing or may not be read.

        Raises:
            InputError: as :meth:`read`, or it is not text (it contains a NUL byte).
        """
        data = self.read(path, limit)
        if data is None:
            return None
        if b"\0" in data:
            raise InputError(f"{path}: not a text file (NUL byte at offset {data.index(0)})")
        return data.decode("utf-8", "surrogateescape")

    def which(self, name: str, path: str) -> str:
        """Return the path of the program *name* in the folders of the ``PATH`` value *path*; "" if not found."""
        if "/" in name:
            return name if self.is_executable(name) else ""
        for folder in path.split(":"):
            candidate = os.path.join(folder or ".", name)
            if self.is_executable(candidate):
                return candidate
        return ""


def too_large(path: str, limit: int) -> InputError:
    """Return the error about a file with more than *limit* bytes."""
    return InputError(f"{path}: larger than {f'{limit >> 20} MiB' if limit >> 20 else f'{limit >> 10} KiB'}")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
