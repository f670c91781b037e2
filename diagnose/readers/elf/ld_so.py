"""The default search path of the dynamic loader.

Sources: ld.so(8), ldconfig(8) for ``/etc/ld.so.conf`` and its ``include``, and glibc's ``elf/ldconfig.c``.
"""

from __future__ import annotations

import posixpath

from diagnose.model import globs
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError

if TYPE_CHECKING:
    from diagnose.model.targets import Target
    from diagnose.readers.system.root import Root

CONFIGURATION = "/etc/ld.so.conf"
#: Its last folders; Debian's loader searches those of its architecture before.
TRUSTED = ("/lib64", "/usr/lib64", "/lib", "/usr/lib")
#: The most configuration files that are read.
FILE_LIMIT = 200


def folders(root: Root, target: Target) -> tuple[str, ...]:
    """Return the folders in the configuration of *target*'s loader and its default folders, in order."""
    found: list[str] = []
    pending = [CONFIGURATION]
    read: set[str] = set()
    while pending and len(read) < FILE_LIMIT:
        path = pending.pop(0)
        if path in read or not root.is_file(path):
            continue
        read.add(path)
        try:
            text = root.text(path) or ""
        except InputError:
            root.unseen.append(f"{path}: not text")
            continue
        included: list[str] = []
        for line in text.splitlines():
            words = line.partition("#")[0].replace(",", " ").split()
            if words[:1] == ["include"]:
                for pattern in words[1:]:
                    included += _matching(root, posixpath.join(posixpath.dirname(path), pattern))
            elif words and words[0] != "hwcap":
                found += [word.partition("=")[0] for word in words if word.startswith("/")]
        pending = included + pending
    own = (f"/lib/{target.multiarch}", f"/usr/lib/{target.multiarch}") if target.multiarch else ()
    return tuple(dict.fromkeys((*found, *own, *TRUSTED)))


def _matching(root: Root, pattern: str) -> list[str]:
    folder, name = posixpath.split(pattern)
    return [f"{folder}/{one}" for one in sorted(root.names(folder)) if globs.fits(one, name)]
