"""The other manifests that determine a target's dependencies: workspace members and path crates.

Source: The Cargo Book, workspaces (``members``, ``exclude``), and specifying dependencies (``path``, platform tables).
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from diagnose.readers.system.root import Root

#: The most manifests that are read for one project.
LIMIT = 200


def manifests(
    place: Root, first: str, top: str, load: Callable[[str], dict[str, Any]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (path, content) of *first*, of the workspace's manifest *top*, and of those that they refer to.

    *load* reads one. Members that a pattern names are found if its ``*`` is a folder's whole name.

    Raises:
        InputError: one of them is broken.
    """
    seen: set[str] = set()
    pending = [os.path.dirname(first), os.path.dirname(top)]
    while pending and len(seen) < LIMIT:
        folder = os.path.normpath(pending.pop(0))
        path = os.path.join(folder, "Cargo.toml")
        if folder in seen or not place.is_file(path):
            continue
        seen.add(folder)
        content = load(path)
        yield path, content
        workspace = content.get("workspace")
        members = workspace.get("members") if isinstance(workspace, dict) else None
        for member in members if isinstance(members, list) else ():
            pending += _matching(place, folder, str(member))
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
    workspace = found.get(top, {}).get("workspace")
    listed = workspace.get("members") if isinstance(workspace, dict) else None
    for member in listed if isinstance(listed, list) else ():
        if isinstance(member, str) and not any(sign in member for sign in "*?["):
            members.add(path := _manifest(top, member))
            if not place.is_file(path):
                yield path, f"workspace.members in {top}"
    for path, content in found.items():
        kinds = [*sections(content), *(("patch", table) for table in _patches(content) if path == top)]
        for _, section in kinds:
            for kind, key, options in dependencies(section):
                named = options.get("path")
                if not isinstance(named, str) or (kind == "dev-dependencies" and path not in members):
                    continue
                if not place.is_file(other := _manifest(path, named)):
                    yield other, f"{key} in {path}"


def _manifest(path: str, folder: str) -> str:
    return os.path.join(os.path.normpath(os.path.join(os.path.dirname(path), folder)), "Cargo.toml")


def _patches(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the ``[patch.SOURCE]`` tables, each as the dependencies of a section."""
    tables = content.get("patch")
    for table in tables.values() if isinstance(tables, dict) else ():
        yield {"dependencies": table}


def _matching(place: Root, folder: str, pattern: str) -> list[str]:
    folders = [folder]
    for part in pattern.split("/"):
        if part == "*":
            folders = [os.path.join(one, name) for one in folders for name in sorted(place.names(one))[:LIMIT]]
        else:
            folders = [os.path.join(one, part) for one in folders]
    return folders[:LIMIT]


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
