"""Lists of mirrors that entries of apt's sources name by ``mirror+file:``. Source: apt-transport-mirror(1)."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.readers.system.root import Root

#: The most bytes of one list.
LIST_LIMIT = 1 << 20
#: The most mirrors that all entries name; a list may have some hundreds.
MIRRORS_LIMIT = 100_000


class MirrorLists:
    """The lists in one root, each read once."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._known: dict[str, tuple[str, ...]] = {}
        self._left = MIRRORS_LIMIT

    def mirrors(self, uris: Iterable[str], where: str) -> tuple[str, ...]:
        """Return the URIs in the lists that *uris* name; *where* is the entry, for messages.

        Raises:
            InputError: the entries name too many together.
        """
        found: list[str] = []
        for uri in uris:
            scheme, _, rest = uri.partition(":")
            if scheme in ("mirror+file", "mirror+copy"):
                found += self._listed("/" + rest.strip("/"))
                if self._left < 0:
                    raise InputError(f"{where}: more than {MIRRORS_LIMIT} mirrors of all entries")
        return tuple(found)

    def _listed(self, path: str) -> tuple[str, ...]:
        """Return the URIs in a list: one per line, with optional notes after a tab."""
        if path not in self._known:
            lines = (self._root.text(path, LIST_LIMIT) or "").splitlines()
            self._known[path] = tuple(line.split()[0] for line in lines if line.strip() and not line.startswith("#"))
        self._left -= len(self._known[path])
        return self._known[path]
