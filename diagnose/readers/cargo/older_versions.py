"""Whether an older release of a crate, which an older Rust builds, fits the project's requirement.

Sources: The Cargo Book, specifying dependencies (caret requirements) and the index format (``rust_version``); the cache
of the index in cargo's home, which has the entries of every crate that cargo has resolved.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.model.versions import newer, version_key
from diagnose.readers.cargo import workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from diagnose.readers.cargo.project_facts import Floor
    from diagnose.readers.system.root import Root

#: The largest entry of the index's cache that is read, in bytes.
INDEX_LIMIT = 16 << 20


def marked(root: Root, home: str, manifest: dict[str, Any], floors: tuple[Floor, ...], rust: str) -> tuple[Floor, ...]:
    """Return *floors*; those of crates of which the *manifest* accepts no release for *rust* name its requirement."""
    found = []
    for floor in floors:
        wanted = _requirement(manifest, floor.crate) if floor.crate else ""
        lowest, above = _bounds(wanted)
        releases = list(_releases(root, home, floor.crate)) if lowest else []
        fitting = [version for version, needs in releases if not (needs and newer(needs, rust))]
        if releases and not any(_within(version, lowest, above) for version in fitting):
            direct = isinstance(manifest.get("dependencies"), dict) and floor.crate in manifest["dependencies"]
            newest = max(fitting, key=version_key, default="") if direct else ""
            floor = floor._replace(stuck=wanted, newest=newest)
        found.append(floor)
    return tuple(found)


def _requirement(manifest: dict[str, Any], crate: str) -> str:
    """Return the version that *manifest* asks of *crate*; empty if it names none, or not in one way only."""
    found = set()
    for _, section in workspace.sections(manifest):
        for kind in ("dependencies", "build-dependencies"):
            table = section.get(kind)
            for key, entry in table.items() if isinstance(table, dict) else ():
                package = entry.get("package", key) if isinstance(entry, dict) else key
                version = entry.get("version") if isinstance(entry, dict) else entry
                if package == crate:
                    found.add(version if isinstance(version, str) else "")
    return found.pop() if len(found) == 1 else ""


def _bounds(wanted: str) -> tuple[str, tuple[int, ...]]:
    """Return the lowest version of a caret requirement, and the first beyond it; empty for all others."""
    lowest = wanted.strip().removeprefix("^")
    parts = lowest.split(".")
    numbers = _numbers(".".join((*parts, *["0"] * (3 - len(parts)))))[: len(parts)]
    if not numbers:
        return "", ()
    place = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
    return lowest, (*numbers[:place], numbers[place] + 1)


def _within(version: str, lowest: str, above: tuple[int, ...]) -> bool:
    return not newer(lowest, version) and _numbers(version)[: len(above)] < above


def _numbers(version: str) -> tuple[int, ...]:
    """Return the parts of a release; none of a pre-release, which no such requirement takes."""
    parts = version.split(".")
    plain = all(part.isascii() and part.isdecimal() and len(part) < 10 for part in parts)
    return tuple(map(int, parts)) if plain and len(parts) == 3 else ()


def _releases(root: Root, home: str, crate: str) -> Iterator[tuple[str, str]]:
    """Yield (version, its ``rust_version`` or "") of the releases of *crate* in the index's cache."""
    import json

    name = crate.lower()
    folder = f"{len(name)}" if len(name) < 3 else f"3/{name[0]}" if len(name) == 3 else f"{name[:2]}/{name[2:4]}"
    for index in root.names(f"{home}/registry/index"):
        path = f"{home}/registry/index/{index}/.cache/{folder}/{name}"
        try:
            data = (root.read(path, INDEX_LIMIT) if root.is_file(path) else None) or b""
        except InputError:
            continue
        for part in data.split(b"\0"):
            try:
                entry = json.loads(part) if part.startswith(b"{") else None
            except (ValueError, RecursionError):
                continue
            if not isinstance(entry, dict) or entry.get("yanked") is not False:
                continue
            version, needs = entry.get("vers"), entry.get("rust_version")
            if isinstance(version, str) and _numbers(version):
                yield version, needs if isinstance(needs, str) else ""
