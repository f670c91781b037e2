"""The enabled features of a locked crate, from the manifests of its dependents.

Source: The Cargo Book, features (``default``, ``dep:``, ``crate/feature``, ``crate?/feature``, ``default-features``).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.cargo import workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

#: The longest path from the project to a crate that is followed.
DEPTH = 64


def closure(edges: Mapping[str, Iterable[str]], start: Iterable[str]) -> set[str]:
    """Return *start* and everything that is reachable from it by *edges*."""
    reached: set[str] = set()
    pending = list(start)
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending += edges.get(name, ())
    return reached


def words(manifest: dict[str, Any], start: Iterable[str]) -> set[str]:
    """Return the features *start* of a crate and everything that they enable, in its manifest's notation."""
    features = manifest.get("features")
    table = features if isinstance(features, dict) else {}
    return closure({word: map(str, entry) for word, entry in table.items() if isinstance(entry, list)}, start)


class Features:
    """The features of a project's locked crates.

    *users* are {crate: its dependents}. *load* returns a crate's manifest; None if its source is not available.
    *shared* is the workspace's table of dependencies, from which its members inherit.
    """

    def __init__(
        self,
        users: Mapping[str, set[str]],
        load: Callable[[str], dict[str, Any] | None],
        shared: Mapping[str, Any],
    ) -> None:
        self._users = users
        self._load = load
        self._shared = shared
        self._known: dict[str, set[str] | None] = {}

    def of(self, crate: str, depth: int = 0) -> set[str] | None:
        """Return the enabled features of *crate*; None if unknown.

        Features that these enable are included if the crate's own manifest is available.
        """
        if crate not in self._known:
            self._known[crate] = None  # for a crate whose tests depend on it
            self._known[crate] = self._of(crate, depth)
        return self._known[crate]

    def _of(self, crate: str, depth: int) -> set[str] | None:
        users = self._users.get(crate)
        found = set() if users else {"default"}  # the built crates are those without dependents
        for user in users or ():
            manifest = self._load(user) if depth < DEPTH else None
            active = self.of(user, depth + 1) if manifest is not None else None
            if manifest is None or active is None:
                return None
            found |= self._asked(manifest, active, crate)
        return words(self._load(crate) or {}, found)

    def _asked(self, manifest: dict[str, Any], active: set[str], crate: str) -> set[str]:
        """Return the features of *crate* that a dependent enables, if *active* are its own enabled features."""
        found: set[str] = set()
        for _, section in workspace.sections(manifest):
            for kind, key, options in workspace.dependencies(section):
                inherited = self._shared.get(key) if options.get("workspace") is True else None
                tables = [options, inherited] if isinstance(inherited, dict) else [options]
                package = next((table["package"] for table in tables if "package" in table), key)
                if kind == "dev-dependencies" or package != crate:
                    continue
                for named in (table.get("features") for table in tables):
                    found.update(map(str, named) if isinstance(named, list) else ())
                if not any(table.get("default-features", table.get("default_features")) is False for table in tables):
                    found.add("default")
                parts = (word.partition("/") for word in active)
                found |= {feature for name, _, feature in parts if feature and name.removesuffix("?") == key}
        return found
