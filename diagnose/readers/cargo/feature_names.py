"""The features that manifests ask for and the locked crate, or the one in a folder, does not have.

Cargo resolves the dependencies of every platform and kind, optional ones too, with all features of the workspace's
members; of other packages those that are not optional. It takes no newer release than the locked one for a feature.

Source: The Cargo Book, features (``dep:``, implicit features, ``crate/feature``); cargo 1.95, asked for each.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, cache
from diagnose.model.finding import InputError
from diagnose.readers import toml
from diagnose.readers.cargo import requirement, workspace
from diagnose.readers.cargo.needs import source_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.lock import Crate
    from diagnose.readers.cargo.workspace import Workspace
    from diagnose.readers.system.root import Root

#: The most locked crates whose features are looked up.
LIMIT = 2000
#: The most features that the table of one manifest turns on in dependencies, each counted for every platform.
TURNED_ON_LIMIT = 20_000
#: The most releases of a crate in Cargo.lock, and folders that a workspace excludes, among which one is looked for.
ALIKE_LIMIT = 50
#: The most features that are named.
_SHOWN = 20
#: The keys of a dependency that does not come from the usual registry.
_ELSEWHERE = frozenset({"git", "registry", "registry-index"})


class Featureless(NamedTuple):
    """What asks for absent features: the ``keys`` of a value in the manifest ``path``, and ``why`` cargo stops."""

    path: str
    keys: tuple[str, ...]
    why: str


class _Asked(NamedTuple):
    """A dependency of the manifest ``path``, and (feature, manifest, keys) that it is asked for."""

    path: str
    package: str
    options: dict[str, Any]
    base: str
    """The manifest that a folder in ``options`` is relative to."""
    features: tuple[tuple[str, str, tuple[str, ...]], ...]


def absent(
    root: Root, whole: Workspace, crates: tuple[Crate, ...], sources: tuple[str, ...], config: Config
) -> tuple[tuple[Featureless, ...], bool]:
    """Return what asks for absent features, and whether there is a crate whose features could not be read.

    *crates* are all of Cargo.lock, *sources* the folders of unpacked crates.
    """
    found: dict[Featureless, None] = {}
    unread = False
    dependencies = list(_asked(whole))
    locked = _Locked(root, whole, dependencies, crates, sources, config)
    own = cache(lambda path: names(whole.manifests[path]))
    for asked in dependencies:
        if not asked.features:
            continue
        folder = asked.options.get("path")
        if isinstance(folder, str):
            path = workspace.manifest_in(asked.base, folder)
            sure = workspace.name(whole.manifests.get(path, {})) == asked.package
            known = [(str(_package(whole, path).get("version", "")), own(path))] if sure else []
        else:
            known = locked.features(asked)
            unread = unread or not known
        for feature, path, keys in asked.features:
            if len(found) < _SHOWN and known and all(feature not in has for _, has in known):
                release, has = known[0]
                release = release if release[:1].isdigit() else ""
                title = f"{asked.package[:60]} {release[:30]}".rstrip()
                why = f"{title} does not have the feature {feature[:40]!r}{_instead(has)}"
                found.setdefault(Featureless(path, keys, why))
    return tuple(found), unread


def names(manifest: dict[str, Any]) -> frozenset[str]:
    """Return the features of a crate: those of its table, and the optional dependencies that no ``dep:`` names."""
    table = toml.table(manifest, "features")
    hidden = {item for items in table.values() if isinstance(items, list) for item in items if isinstance(item, str)}
    optional = {
        key
        for _, section in workspace.sections(manifest)
        for _, key, options in workspace.dependencies(section)
        if options.get("optional") is True and f"dep:{key}" not in hidden
    }
    return frozenset((*table, *optional))


def _instead(has: frozenset[str]) -> str:
    shown = ", ".join(sorted(has)[:3])[:60]
    return f": it has {shown}{' and others' if len(has) > 3 else ''}" if has else ": it has none"


def _asked(whole: Workspace) -> Iterator[_Asked]:
    """Yield the dependencies of all manifests that cargo resolves."""
    members = _members(whole)
    seen: set[str] = set()
    pending = sorted(members)
    while pending:
        path = pending.pop()
        content = whole.manifests.get(path)
        if path in seen or content is None:
            continue
        seen.add(path)
        for one in _of_manifest(path, content, whole, member=path in members):
            if isinstance(folder := one.options.get("path"), str):
                pending.append(workspace.manifest_in(one.base, folder))
            yield one


def _members(whole: Workspace) -> set[str]:
    """Return the manifests of the workspace's members: also of packages in its folder that members depend on."""
    found: set[str] = set()
    pending = list(whole.members)
    folder = os.path.dirname(whole.top)
    excluded = toml.table(whole.content, "workspace").get("exclude")
    listed = [one for one in excluded if isinstance(one, str)] if isinstance(excluded, list) else []
    outside = [f"{os.path.dirname(workspace.manifest_in(whole.top, one))}/" for one in listed]
    while pending:
        path = pending.pop()
        content = whole.manifests.get(path)
        if path in found or content is None:
            continue
        found.add(path)
        if "workspace" not in whole.content or len(outside) > ALIKE_LIMIT:
            continue
        for one in _of_manifest(path, content, whole, member=True):
            named = one.options.get("path")
            other = workspace.manifest_in(one.base, named) if isinstance(named, str) else ""
            inside = other.startswith(f"{folder}/") and not any(other.startswith(one) for one in outside)
            if inside and "workspace" not in {**whole.manifests.get(other, {}), **_package(whole, other)}:
                pending.append(other)
    return found


def _package(whole: Workspace, path: str) -> dict[str, Any]:
    return toml.table(whole.manifests.get(path, {}), "package")


def _of_manifest(path: str, content: dict[str, Any], whole: Workspace, *, member: bool) -> Iterator[_Asked]:
    shared = workspace.shared(whole.content)
    turned_on = _turned_on(content) if member else {}
    left = TURNED_ON_LIMIT
    for platform, section in workspace.sections(content):
        for kind, key, options in workspace.dependencies(section):
            if not member and (kind == "dev-dependencies" or options.get("optional") is True):
                continue
            keys = (*(("target", platform) if platform else ()), kind, key)
            features = [(one, path, keys) for one in _features(options)]
            through = turned_on.get(key, [])[: max(0, left)]
            left -= len(through)
            features += [(one, path, ("features", name)) for one, name in through]
            entry, base = section[kind][key], path
            if options.get("workspace") is True:
                entry, base = shared.get(key), whole.top
                features += [(one, base, ("workspace", "dependencies", key)) for one in _features(entry)]
                if entry is None or not member:
                    continue  # the workspace of a package elsewhere is not read
            table = entry if isinstance(entry, dict) else {"version": entry}
            package = table.get("package", key)
            if isinstance(package, str):
                yield _Asked(path, package, table, base, tuple(features))


def _features(entry: object) -> list[str]:
    """Return the features that a dependency's *entry* lists, without those that no manifest may have."""
    listed = entry.get("features") if isinstance(entry, dict) else None
    named = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    return [one for one in named if "/" not in one and not one.startswith("dep:")]


def _turned_on(content: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Return {key of a dependency: (its feature, the own feature that turns it on)}."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, items in toml.table(content, "features").items():
        for item in items if isinstance(items, list) else ():
            if isinstance(item, str) and item.count("/") == 1 and not item.startswith("dep:"):
                key, _, feature = item.partition("/")
                found.setdefault(key.removesuffix("?"), []).append((feature, name))
    return found


class _Locked:
    """The features of the locked crates, as far as their sources are there."""

    def __init__(
        self,
        root: Root,
        whole: Workspace,
        dependencies: list[_Asked],
        crates: tuple[Crate, ...],
        sources: tuple[str, ...],
        config: Config,
    ) -> None:
        self._root, self._sources = root, sources
        self._by_name: dict[str, list[Crate]] = {}
        for crate in crates:
            self._by_name.setdefault(crate.name, []).append(crate)
        contents = [whole.content, *(content for _, content, _ in config.files)]
        self._replaced = any("paths" in one or "replace" in one for one in contents)
        tables = [table for one in contents for table in toml.table(one, "patch").values() if isinstance(table, dict)]
        self._patched = {
            name
            for table in tables
            for key, entry in table.items()
            for name in (key, entry.get("package", key) if isinstance(entry, dict) else key)
            if isinstance(name, str)
        }
        self._listed = {path: self._of_package(workspace.name(content)) for path, content in whole.manifests.items()}
        self._known: dict[Crate, tuple[frozenset[str], ...]] = {}
        # cargo selects again what Cargo.lock has for another requirement
        self._stale = any(not self._fitting(one) for one in dependencies if "path" not in one.options)

    def features(self, asked: _Asked) -> list[tuple[str, frozenset[str]]]:
        """Return (release, features) of the locked crates that may be the one that is *asked* for; none if unsure."""
        wanted = str(asked.options.get("version", ""))
        if self._replaced or self._stale or asked.package in self._patched or _ELSEWHERE & asked.options.keys():
            return []
        fitting = self._fitting(asked)
        if not all(one.registry and requirement.fits(one.version, wanted) for one in fitting):
            return []
        found: list[tuple[str, frozenset[str]]] = []
        for crate in fitting:
            if crate not in self._known:
                self._known[crate] = self._of(crate) if len(self._known) < LIMIT else ()
            if not self._known[crate]:
                return []
            found += [(crate.version, has) for has in self._known[crate]]
        return found

    def _fitting(self, asked: _Asked) -> list[Crate]:
        """Return the locked crates that may be the one that is *asked* for."""
        wanted = str(asked.options.get("version", ""))
        alike = self._by_name.get(asked.package, ()) if asked.package in self._listed[asked.path] else ()
        if len(alike) > ALIKE_LIMIT:
            return []
        return [one for one in alike if requirement.fits(one.version, wanted) is not False]

    def _of_package(self, name: str) -> frozenset[str]:
        """Return what Cargo.lock lists for the package *name* in a folder."""
        own = [one for one in self._by_name.get(name, ()) if one.local]
        return frozenset(own[0].dependencies if len(own) == 1 else ())

    def _of(self, crate: Crate) -> tuple[frozenset[str], ...]:
        """Return the features of *crate* by each of its sources: registries may differ."""
        try:
            read = [source_of(self._root, crate, (folder,)) for folder in self._sources]
        except InputError:
            return ()  # cargo stops at it only where it compiles it
        return tuple(names(one[1]) for one in read if one is not None)
