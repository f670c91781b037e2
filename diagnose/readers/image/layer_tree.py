"""The files of an image as a tree: one layer's, and all layers laid over one another.

Sources: the OCI image specification, "Image Layer Filesystem Changeset" (whiteouts); Docker 20.10 as tried by
``docker load`` and ``docker export`` (names with ``..``, links to folders, hard links).
"""

from __future__ import annotations

import posixpath
import stat

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError
from diagnose.readers.image import tar_reader

if TYPE_CHECKING:
    from diagnose.readers.image.regions import Region

#: The most files and folders of all layers together.
ENTRY_LIMIT = 1_000_000
#: The most characters of all names together, and the most components that are looked up: far above any image's.
NAMES_LIMIT, STEP_LIMIT = 400_000_000, 50_000_000
#: The most files that are listed one by one because they cannot be read.
UNREAD_LIMIT = 100
#: The kernel's limit (``MAXSYMLINKS``).
LINK_LIMIT = 40

WHITEOUT, OPAQUE, META = ".wh.", ".wh..wh..opq", ".wh..wh."


class ImageFile(NamedTuple):
    """Anything but a folder: its type and permissions, a link's target, a regular file's bytes if they can be read."""

    mode: int
    link: str = ""
    contents: Region | None = None


class ImageFolder:
    """A folder: name → file or folder.

    Of one layer, ``removed`` are the names that it removes from the layers below, and ``opaque`` is set if it removes
    all. ``mode`` is 0 for a folder without an entry of its own.
    """

    __slots__ = ("children", "mode", "opaque", "removed")

    def __init__(self, mode: int = 0) -> None:
        self.mode = mode
        self.children: dict[str, ImageFile | ImageFolder] = {}
        self.removed: set[str] | None = None
        self.opaque = False


class LayerStack:
    """The tree of all layers that were added. ``unread`` lists in plain words what no reader can see of them."""

    def __init__(self) -> None:
        self.top = ImageFolder(stat.S_IFDIR | 0o755)
        self.unread: list[str] = []
        self._left = ENTRY_LIMIT
        self._characters = NAMES_LIMIT
        self._steps = STEP_LIMIT

    def add(self, region: Region, name: str) -> None:
        """Lay the tar archive in *region* over what is there; *name* is for messages.

        Raises:
            InputError: it is broken or beyond the limits, or no system could unpack it.
        """
        layer = ImageFolder()
        for entry in tar_reader.entries(region, name):
            self._left -= 1
            self._characters -= len(entry.name) + len(entry.link)
            self._bound(name)
            self._put(layer, entry, region, name)
        _merge(self.top, layer)

    def _put(self, layer: ImageFolder, entry: tar_reader.TarEntry, region: Region, name: str) -> None:
        parts = _parts(entry.name)
        if not parts:  # the root itself
            return
        last = parts.pop()
        if META in entry.name and last != OPAQUE and any(part.startswith(META) for part in (*parts, last)):
            return  # of aufs, which nothing else reads
        folder = self._folder(layer, parts, name)
        if last == OPAQUE:
            folder.opaque = True
        elif last[:4] == WHITEOUT:
            gone = last[len(WHITEOUT) :]
            if gone in ("", ".", ".."):
                raise InputError(f"{name}: {entry.name!r} removes nothing that has a name")
            folder.removed = folder.removed or set()
            folder.removed.add(gone)
        elif stat.S_ISDIR(entry.mode):
            here = folder.children.get(last)
            if isinstance(here, ImageFolder):
                here.mode = entry.mode
            else:
                folder.children[last] = ImageFolder(entry.mode)
        elif entry.mode:
            folder.children[last] = self._file(entry, region)
        else:
            self._link(layer, folder, last, entry)

    def _file(self, entry: tar_reader.TarEntry, region: Region) -> ImageFile:
        if not stat.S_ISREG(entry.mode):
            return ImageFile(entry.mode, entry.link)
        if entry.sparse:
            self._unread(_parts(entry.name), "its bytes (it is stored as a sparse file)")
            return ImageFile(entry.mode)
        return ImageFile(entry.mode, "", region.within(entry.offset, entry.size))

    def _link(self, layer: ImageFolder, folder: ImageFolder, last: str, entry: tar_reader.TarEntry) -> None:
        """Make *last* another name of the file that a hard link names: of this layer, or of the ones below."""
        target = _parts(entry.link)
        found = node(layer, target) or node(self.top, target)
        if isinstance(found, ImageFile):
            folder.children[last] = found
        else:
            self._unread(_parts(entry.name), "a hard link to a file that no layer has before it")

    def _folder(self, layer: ImageFolder, parts: list[str], name: str) -> ImageFolder:
        """Return the folder *parts* of *layer*, made if it is missing; links of the same layer are followed."""
        pending = parts[::-1]
        trail = [layer]
        links = 0
        while pending:
            part = pending.pop()
            self._steps -= 1
            if part == "..":
                trail = trail[:-1] or [layer]
                continue
            here = trail[-1].children.get(part)
            if here is None:
                self._left -= 1
                here = trail[-1].children[part] = ImageFolder()
            if isinstance(here, ImageFolder):
                trail.append(here)
            elif stat.S_ISLNK(here.mode):
                links += 1
                if links > LINK_LIMIT:
                    raise InputError(f"{name}: {'/'.join(parts)!r}: too many levels of symbolic links")
                if here.link.startswith("/"):
                    trail = [layer]
                pending += [one for one in here.link.split("/") if one not in ("", ".")][::-1]
            else:
                raise InputError(f"{name}: {'/'.join(parts)!r} is a folder and a file in one layer")
            self._bound(name)
        return trail[-1]

    def _bound(self, name: str) -> None:
        if self._left < 0:
            raise InputError(f"{name}: the layers hold more than {ENTRY_LIMIT:,} files and folders: not read")
        if self._characters < 0 or self._steps < 0:
            raise InputError(f"{name}: the names in the layers are too long together: not read")

    def _unread(self, parts: list[str], why: str) -> None:
        if len(self.unread) < UNREAD_LIMIT:
            self.unread.append(f"/{'/'.join(parts)}: {why}")
        elif len(self.unread) == UNREAD_LIMIT:
            self.unread.append(f"the bytes of more than {UNREAD_LIMIT} files of the layers")


def node(top: ImageFolder, parts: list[str]) -> ImageFile | ImageFolder | None:
    """Return what is at *parts* below *top*, no link followed; None if nothing is."""
    here: ImageFile | ImageFolder | None = top
    for part in parts:
        if not isinstance(here, ImageFolder):
            return None
        here = here.children.get(part)
    return here


def _parts(name: str) -> list[str]:
    """Return the components of an entry's name; it starts at the root, and ``..`` does not leave it."""
    return [part for part in posixpath.normpath(f"/{name}").split("/") if part]


def _merge(below: ImageFolder, above: ImageFolder) -> None:
    """Lay the tree *above* over the tree *below*."""
    pending = [(below, above)]
    while pending:
        old, new = pending.pop()
        old.mode = new.mode or old.mode
        if new.opaque:
            old.children.clear()
        for gone in new.removed or ():
            old.children.pop(gone, None)
        for name, child in new.children.items():
            here = old.children.get(name)
            if isinstance(here, ImageFolder) and isinstance(child, ImageFolder):
                pending.append((here, child))
            else:
                old.children[name] = child
