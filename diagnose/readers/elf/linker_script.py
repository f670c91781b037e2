"""Reads linker scripts that stand for a library: ``GROUP ( /lib/libc.so.6 /usr/lib/libc_nonshared.a )``.

Source: the manual of GNU ld (``INPUT``, ``GROUP``, and how it prepends the sysroot).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.readers.system.root import Root

#: The most bytes and the most members of a script that are read.
SCRIPT_LIMIT = 1 << 16
MEMBER_LIMIT = 64


def members(root: Root, path: str) -> tuple[str, ...]:
    """Return the files that the implicit linker script *path* names, as written; none if it is not a script."""
    data = root.head(path, SCRIPT_LIMIT)
    if b"\0" in data or not any(word in data for word in (b"GROUP", b"INPUT")):
        return ()
    text = data.decode("utf-8", "replace")
    while (start := text.find("/*")) >= 0:
        end = text.find("*/", start)
        text = text[:start] + (text[end + 2 :] if end >= 0 else "")
    for sign in "(),;":
        text = text.replace(sign, f" {sign} ")
    members = [word for word in text.split() if word.startswith(("/", "-l")) or ".so" in word or word.endswith(".a")]
    return tuple(members[:MEMBER_LIMIT])


def absent(root: Root, script: str, members: Iterable[str]) -> tuple[str, ...]:
    """Return those of its *members* with an absolute path that the linker does not find."""
    return tuple(member for member in members if member.startswith("/") and not _exists(root, script, member))


def _exists(root: Root, script: str, member: str) -> bool:
    """Whether a linker finds *member* of *script*: it prepends its sysroot, one of the folders above the script."""
    above = script.rpartition("/")[0]
    while above and not root.exists(above + member):
        above = above.rpartition("/")[0]
    return root.exists(above + member)
