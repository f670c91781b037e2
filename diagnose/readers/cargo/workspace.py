"""The manifests that determine a target's dependencies: workspace members and path crates.

Source: The Cargo Book, workspaces (``members``, ``exclude``), and specifying dependencies (``path``, platform tables).
"""

from __future__ import annotations

import os

from diagnose.model import globs
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers.cargo.files import upwards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from diagnose.readers.system.root import Root

#: The most manifests that are read for one project.
LIMIT = 200
#: The most names of files that are compared with patterns of members.
COMPARED_LIMIT = 200_000
#: As many comparisons as one look at a folder that a pattern may stand for takes the time of.
_LOOK = 10


class Workspace(NamedTuple):
    """What cargo loads to build the manifest ``first``.

    ``top`` is the manifest of its workspace, which Cargo.lock and ``target`` are beside: ``first`` itself without one.
    """

    first: str
    top: str
    listed: tuple[str, ...]
    """The manifests, there or not, of the members that ``top`` names, without those of patterns with ``**``."""
    manifests: dict[str, dict[str, Any]]
    """Manifests by path: ``first``, ``top`` and what ``first`` refers to before other members."""
    partial: bool
    """Whether there are more than are read."""

    @property
    def content(self) -> dict[str, Any]:
        """The content of ``top``."""
        return self.manifests.get(self.top, {})

    @property
    def members(self) -> frozenset[str]:
        """The manifests of the members that ``top`` names, and ``first``."""
        return frozenset((self.first, *self.listed))

    @property
    def stranger(self) -> bool:
        """Whether ``first`` is in the folder of a workspace that does not have it as a member."""
        patterns = _strings(self.content, "members")
        if self.first == self.top or self.partial or any("**" in one for one in patterns):
            return False
        return self.first not in self._reached((self.top, *self.listed), lambda path, kind: True)

    def loaded(self) -> set[str]:
        """Return the manifests that cargo surely loads: of members, and of the folders that they depend on."""
        members = self.members
        return self._reached(members, lambda path, kind: path in members or kind != "dev-dependencies")

    def _reached(self, start: Iterable[str], counts: Callable[[str, str], bool]) -> set[str]:
        found: set[str] = set()
        pending = list(start)
        while pending:
            path = pending.pop()
            if path not in found:
                found.add(path)
                named = _in_folders(path, self.manifests.get(path, {}), self.top, self.content)
                pending += [other for kind, _, other in named if counts(path, kind)]
        return found


def read(place: Root, first: str, load: Callable[[str], dict[str, Any]]) -> Workspace:
    """Read the manifest *first*, that of its workspace, and those that they refer to; *load* reads one.

    Raises:
        InputError: one of them is broken.
    """
    top = _top(place, first, load)
    content = load(top)
    matcher = _Matcher(place)
    listed = tuple(dict.fromkeys(_listed(place, matcher, top, content)))
    found: dict[str, dict[str, Any]] = {}
    for start in ((first, top), listed):
        pending = list(start)
        for path in pending:  # which grows
            if path in found or not place.is_file(path):
                continue
            if len(found) == LIMIT:
                return Workspace(first, top, listed, found, True)
            found[path] = load(path)
            pending += [other for _, _, other in _in_folders(path, found[path], top, content)]
    return Workspace(first, top, listed, found, matcher.tired)


def _top(place: Root, first: str, load: Callable[[str], dict[str, Any]]) -> str:
    """Return the manifest of the workspace of *first*."""
    own = load(first)
    package = own.get("package")
    named = package.get("workspace") if isinstance(package, dict) else None
    if isinstance(named, str) and place.is_file(path := manifest_in(first, named)):
        return path
    if "workspace" in own:
        return first
    for folder in list(upwards(os.path.dirname(first)))[1:]:
        path = os.path.join(folder, "Cargo.toml")
        if place.is_file(path) and "workspace" in (place.text(path) or ""):
            content = load(path)
            if "workspace" in content and not _leaves_out(path, content, first):
                return path
    return first


def _leaves_out(top: str, content: dict[str, Any], path: str) -> bool:
    """Whether the workspace of the manifest *top* excludes the manifest at *path*, and does not name it as a member."""

    def has(key: str) -> bool:
        return any(path.startswith(f"{os.path.dirname(manifest_in(top, one))}/") for one in _strings(content, key))

    return has("exclude") and not has("members")


def _strings(content: dict[str, Any], key: str) -> list[str]:
    """Return the strings of a list in the table ``workspace``."""
    table = content.get("workspace")
    named = table.get(key) if isinstance(table, dict) else None
    return [one for one in named if isinstance(one, str)] if isinstance(named, list) else []


def _in_folders(
    path: str, content: dict[str, Any], top: str, top_content: dict[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, key, manifest) of the dependencies in folders that the manifest at *path* names or inherits."""
    inherited = shared(top_content)
    for _, section in sections(content):
        for kind, key, options in dependencies(section):
            entry = inherited.get(key) if options.get("workspace") is True else options
            folder = entry.get("path") if isinstance(entry, dict) else None
            if isinstance(folder, str):
                yield kind, key, manifest_in(path if entry is options else top, folder)


def absent(place: Root, workspace: Workspace) -> Iterator[tuple[str, str]]:
    """Yield (file, what names it) of the files without which cargo does not load the manifest that it builds.

    Cargo loads path dependencies of every kind and platform, optional ones too, but no dev-dependencies of packages
    outside the workspace.
    """
    members, top = workspace.members, workspace.top
    for path in workspace.listed:
        if not place.is_file(path):
            yield path, f"workspace.members in {top}"
    for path, content in workspace.manifests.items():
        for kind, key, other in _in_folders(path, content, top, workspace.content):
            if not place.is_file(other) and (kind != "dev-dependencies" or path in members):
                yield other, f"{key} in {path}"
    for table in _patches(workspace.content):
        for _, key, other in _in_folders(top, table, top, {}):
            if not place.is_file(other):
                yield other, f"{key} in {top}"


def absent_sources(place: Root, workspace: Workspace, *, wheel: bool) -> Iterator[tuple[str, str]]:
    """Yield (file, what names or implies it) of the sources of Rust code that cargo misses when it builds.

    Cargo looks for the source of every library and program when it loads a package, here each that it surely loads; a
    source with a path of its own, and a build script, is missed when it is compiled, here for the manifest that it
    builds only. Of a package for a *wheel* with a library, only that is compiled.
    """
    loaded = workspace.loaded()
    for path, content in workspace.manifests.items():
        if path in loaded and isinstance(content.get("package"), dict):
            yield from _unsourced(place, path, content, own=path == workspace.first, wheel=wheel)


def _listed(place: Root, matcher: _Matcher, top: str, content: dict[str, Any]) -> Iterator[str]:
    """Yield the manifests of the members that the manifest *top* names.

    A pattern stands for every folder that fits it, with a manifest or without, but not for those that are excluded; one
    that nothing fits is taken as it is. ``**`` is not followed.
    """
    folder = os.path.dirname(top)
    excluded = [os.path.normpath(os.path.join(folder, one)) for one in _strings(content, "exclude")]
    for member in dict.fromkeys(_strings(content, "members")):
        if "**" in member:
            continue
        fitting = [one for one in matcher.matching(folder, member) if place.exists(one)] if _is_pattern(member) else []
        if not fitting and not (_is_pattern(member) and matcher.tired):
            yield manifest_in(top, member)
        for one in map(os.path.normpath, fitting):
            inside = any(one == other or one.startswith(f"{other}/") for other in excluded)
            if place.is_dir(one) and not inside:
                yield os.path.join(one, "Cargo.toml")


#: The folders in which cargo finds programs, examples, tests and benchmarks that no manifest names.
_FOUND_IN = ("src/bin", "examples", "tests", "benches")
#: The tables that name them.
_TABLES = ("bin", "example", "test", "bench")


def _unsourced(place: Root, path: str, content: dict[str, Any], *, own: bool, wheel: bool) -> Iterator[tuple[str, str]]:
    folder, package = os.path.dirname(path), content["package"]
    library, programs = content.get("lib"), content.get("bin")
    old = package.get("edition", "2015") == "2015"

    def lacks(*names: str) -> bool:
        paths = [os.path.join(folder, name) for name in names]
        return not any(place.is_file(one) if one.endswith(".rs") else place.exists(one) for one in paths)

    if isinstance(library, dict):
        named = library.get("path")
        if isinstance(named, str):
            if own and lacks(named):
                yield os.path.join(folder, named), f"lib.path in {path}"
        else:
            title = library.get("name", package.get("name"))
            if lacks("src/lib.rs", *((f"src/{title}.rs",) if old else ())):
                yield os.path.join(folder, "src/lib.rs"), f"implied by [lib] in {path}"
    elif not any(content.get(kind) for kind in _TABLES) and lacks("src/lib.rs", "src/main.rs", *_FOUND_IN):
        yield os.path.join(folder, "src/lib.rs"), f"it or src/main.rs is implied by [package] in {path}"
    for program in programs if isinstance(programs, list) else ():
        title = program.get("name") if isinstance(program, dict) else None
        if not isinstance(title, str) or program.get("required-features"):
            continue
        named = program.get("path")
        if isinstance(named, str):
            alone = library is None and lacks("src/lib.rs")
            if own and lacks(named) and (alone or not wheel):
                yield os.path.join(folder, named), f"bin.path in {path}"
            continue
        usual = (f"src/bin/{title}.rs", f"src/bin/{title}/main.rs")
        others = (f"src/{title}.rs", "src/main.rs", "src/bin/main.rs") if old else ()
        if lacks(*usual, *others, *(("src/main.rs",) if title == package.get("name") else ())):
            yield os.path.join(folder, usual[0]), f"implied by [[bin]] in {path}"
    script = package.get("build")
    if own and isinstance(script, str) and lacks(script):
        yield os.path.join(folder, script), f"package.build in {path}"


def manifest_in(path: str, folder: str) -> str:
    """Return the manifest of *folder*, which the one at *path* names."""
    return os.path.join(os.path.normpath(os.path.join(os.path.dirname(path), folder)), "Cargo.toml")


def _patches(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the ``[patch.SOURCE]`` tables, each as the dependencies of a section."""
    tables = content.get("patch")
    for table in tables.values() if isinstance(tables, dict) else ():
        yield {"dependencies": table}


class _Matcher:
    """Finds the folders that patterns of members stand for, and compares no more names than any workspace needs."""

    def __init__(self, place: Root) -> None:
        self._place = place
        self._left = COMPARED_LIMIT
        self._known: dict[tuple[str, str], list[str]] = {}

    @property
    def tired(self) -> bool:
        """Whether there was more to compare."""
        return self._left < 0

    def matching(self, folder: str, pattern: str) -> list[str]:
        """Return the folders below *folder* that *pattern* may stand for."""
        folders = [] if self.tired else [folder]
        for part in pattern.split("/"):
            if _is_pattern(part):
                folders = [os.path.join(one, name) for one in folders for name in self._fitting(one, part)]
            else:
                folders = [os.path.join(one, part) for one in folders]
            self._left -= _LOOK * len(folders)
            if self.tired:
                return []
        return folders

    def _fitting(self, folder: str, part: str) -> list[str]:
        if (folder, part) not in self._known:
            names = sorted(self._place.names(folder)) if self._left > 0 else []
            self._left -= len(names) + 1
            if part.strip("*"):
                names = [name for name in names if globs.fits(name, part)]
            self._known[folder, part] = names
        return self._known[folder, part]


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[")


def sections(manifest: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the sections with dependencies: the manifest itself as "", and those for a platform by their name."""
    targets = manifest.get("target")
    tables = targets.items() if isinstance(targets, dict) else ()
    return [("", manifest), *((key, table) for key, table in tables if isinstance(table, dict))]


def dependencies(section: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (kind, key, options) of every dependency that *section* names."""
    for kind in ("dependencies", "build-dependencies", "dev-dependencies"):
        table = section.get(kind)
        for key, entry in table.items() if isinstance(table, dict) else ():
            yield kind, key, entry if isinstance(entry, dict) else {}


def name(manifest: dict[str, Any]) -> str:
    """Return the package's name; empty for a workspace without a package."""
    package = manifest.get("package")
    found = package.get("name") if isinstance(package, dict) else None
    return found if isinstance(found, str) else ""


def shared(top: dict[str, Any]) -> dict[str, Any]:
    """Return the dependencies that *top*, the workspace's manifest, has for its members to inherit."""
    table = top.get("workspace")
    found = table.get("dependencies") if isinstance(table, dict) else None
    return found if isinstance(found, dict) else {}
