"""The other manifests that determine a target's dependencies: workspace members and path crates.

Source: The Cargo Book, workspaces (``members``, ``exclude``), and specifying dependencies (``path``, platform tables).
"""

from __future__ import annotations

import os

from diagnose.model import globs
from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from diagnose.readers.system.root import Root

#: The most manifests that are read for one project.
LIMIT = 200
#: The most names of files that are compared with patterns of members.
COMPARED_LIMIT = 100_000


def manifests(
    place: Root, first: str, top: str, load: Callable[[str], dict[str, Any]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (path, content) of *first*, of the workspace's manifest *top*, and of those that they refer to.

    *load* reads one. Members that a pattern names are found unless it has ``**``.

    Raises:
        InputError: one of them is broken.
    """
    seen: set[str] = set()
    matcher = _Matcher(place)
    pending = [os.path.dirname(first), os.path.dirname(top)]
    for named in pending:  # which grows
        if len(seen) == LIMIT:
            return
        folder = os.path.normpath(named)
        path = os.path.join(folder, "Cargo.toml")
        if folder in seen or not place.is_file(path):
            continue
        seen.add(folder)
        content = load(path)
        yield path, content
        workspace = content.get("workspace")
        members = workspace.get("members") if isinstance(workspace, dict) else None
        for member in members if isinstance(members, list) else ():
            pending += matcher.matching(folder, str(member))
        for section in (*sections(content), ("", workspace if isinstance(workspace, dict) else {})):
            for _, _, options in dependencies(section[1]):
                if isinstance(options.get("path"), str):
                    pending.append(os.path.join(folder, options["path"]))


def absent(place: Root, first: str, top: str, found: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield (file, what names it) of the files without which cargo does not load the manifest *first*.

    *found* are the manifests of :func:`manifests` by path, *top* is the workspace's. Cargo loads path dependencies of
    every kind and platform, optional ones too, but no dev-dependencies of packages outside the workspace.
    """
    members = {first}
    for path in listed(place, top, found.get(top, {})):
        members.add(path)
        if not place.is_file(path):
            yield path, f"workspace.members in {top}"
    for path, content in found.items():
        kinds = [*sections(content), *(("patch", table) for table in _patches(content) if path == top)]
        for _, section in kinds:
            for kind, key, options in dependencies(section):
                named = options.get("path")
                if not isinstance(named, str) or (kind == "dev-dependencies" and path not in members):
                    continue
                if not place.is_file(other := manifest_in(path, named)):
                    yield other, f"{key} in {path}"


def absent_sources(
    place: Root, first: str, top: str, found: dict[str, dict[str, Any]], *, wheel: bool
) -> Iterator[tuple[str, str]]:
    """Yield (file, what names or implies it) of the sources of Rust code that cargo misses when it builds *first*.

    Cargo looks for the source of every library and program when it loads a package, here each that it surely loads; a
    source with a path of its own, and a build script, is missed when it is compiled, here for *first* only. Of a
    package for a *wheel* with a library, only that is compiled.
    """
    members = {first, *listed(place, top, found.get(top, {}))}
    loaded: set[str] = set()
    pending = list(members)
    while pending:
        path = pending.pop()
        if path not in loaded:
            loaded.add(path)
            pending += {manifest_in(path, one) for one in _path_dependencies(found.get(path, {}), path in members)}
    for path, content in found.items():
        if path in loaded and isinstance(content.get("package"), dict):
            yield from _unsourced(place, path, content, own=path == first, wheel=wheel)


def listed(place: Root, top: str, content: dict[str, Any]) -> Iterator[str]:
    """Yield the manifests that cargo loads as members of a workspace.

    A pattern stands for every folder that fits it, with a manifest or without, but not for those that are excluded; one
    that nothing fits is taken as it is. ``**`` is not followed.
    """
    workspace = content.get("workspace")
    listed = workspace.get("members") if isinstance(workspace, dict) else None
    left_out = workspace.get("exclude") if isinstance(workspace, dict) else None
    folder = os.path.dirname(top)
    excluded = [
        os.path.normpath(os.path.join(folder, one))
        for one in (left_out if isinstance(left_out, list) else ())
        if isinstance(one, str)
    ]
    matcher = _Matcher(place)
    for member in listed if isinstance(listed, list) else ():
        if not isinstance(member, str) or "**" in member:
            continue
        fitting = [one for one in matcher.matching(folder, member) if place.exists(one)]
        if not fitting or not _is_pattern(member):
            yield manifest_in(top, member)
            continue
        for one in map(os.path.normpath, fitting):
            inside = any(one == other or one.startswith(f"{other}/") for other in excluded)
            if place.is_dir(one) and not inside:
                yield os.path.join(one, "Cargo.toml")


def _path_dependencies(content: dict[str, Any], member: bool) -> Iterator[str]:
    for _, section in sections(content):
        for kind, _, options in dependencies(section):
            if (member or kind != "dev-dependencies") and isinstance(options.get("path"), str):
                yield options["path"]


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

    def matching(self, folder: str, pattern: str) -> list[str]:
        """Return the folders below *folder* that *pattern* may stand for."""
        folders = [folder]
        for part in pattern.split("/"):
            if _is_pattern(part):
                folders = [os.path.join(one, name) for one in folders for name in self._fitting(one, part)]
            else:
                folders = [os.path.join(one, part) for one in folders]
            folders = folders[:LIMIT]
        return folders

    def _fitting(self, folder: str, part: str) -> list[str]:
        if (folder, part) not in self._known:
            names = sorted(self._place.names(folder)) if self._left > 0 else []
            self._left -= len(names) + 1
            if part.strip("*"):
                names = [name for name in names if globs.fits(name, part)]
            self._known[folder, part] = names[:LIMIT]
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


def folder(first: str, found: dict[str, dict[str, Any]], place: Root) -> str:
    """Return the folder of the workspace of the manifest *first*, where its Cargo.lock and ``target`` are to be.

    *found* are manifests that were read, by path. It is that of *first* itself if no manifest above has a workspace.
    """
    own = found.get(first, {})
    package = own.get("package")
    named = package.get("workspace") if isinstance(package, dict) else None
    here = os.path.dirname(first)
    if isinstance(named, str):
        return os.path.normpath(os.path.join(here, named))
    if "workspace" in own:
        return here
    above = here
    while (above := os.path.dirname(above)) != os.path.dirname(above):
        path = os.path.join(above, "Cargo.toml")
        text = (place.text(path) or "") if place.is_file(path) else ""
        if "[workspace" in text:
            return above
    return here
