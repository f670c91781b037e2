"""Whether ``Cargo.lock`` says what the manifests say: where it does not, cargo changes it, if it may.

Source: The Cargo Book, ``cargo build --locked``; cargo 1.85 and 1.95, asked for each difference.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.cargo import requirement, workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from diagnose.readers.cargo.lock import Crate


def differences(
    members: Iterable[tuple[str, dict[str, Any]]], top: dict[str, Any], crates: tuple[Crate, ...]
) -> Iterator[tuple[str, str]]:
    """Yield (manifest, difference) where a manifest of *members* and the locked *crates* do not agree.

    *top* is the workspace's manifest. Without a lock file there is nothing to compare.
    """
    shared = workspace.shared(top)
    if not crates:
        return
    for path, content in members:
        name = workspace.name(content)
        own = [crate for crate in crates if crate.name == name and crate.local]
        if not own and name and not any(crate.name == name for crate in crates):
            yield path, f"the package {name[:60]}, which Cargo.lock does not have"
        if len(own) != 1:
            continue
        package = content.get("package")
        version = package.get("version", "0.0.0") if isinstance(package, dict) else None
        if isinstance(version, str) and version.strip() != own[0].version:
            yield path, f"{name} is {version[:40]} in Cargo.toml, and {own[0].version} in Cargo.lock"
        yield from ((path, why) for why in _of_dependencies(content, shared, own[0], crates))


#: Releases of one crate in a lock file up to which each is compared with each requirement; cargo locks few.
_RELEASES = 50


def _of_dependencies(
    content: dict[str, Any], shared: dict[str, Any], own: Crate, crates: tuple[Crate, ...]
) -> Iterator[str]:
    named: dict[str, list[str]] = {}
    for _, section in workspace.sections(content):
        for kind, key, _ in workspace.dependencies(section):
            entry = section[kind][key]
            if isinstance(entry, dict) and entry.get("workspace") is True:
                entry = shared.get(key, entry)
            options = entry if isinstance(entry, dict) else {"version": entry}
            package, version = options.get("package", key), options.get("version", "")
            if isinstance(package, str) and isinstance(version, str):
                named.setdefault(package, []).append(version)
    locked_here = frozenset(own.dependencies)
    locked_of: dict[str, dict[str, None]] = {}
    for crate in crates:
        if crate.name in named:
            locked_of.setdefault(crate.name, {})[crate.version] = None
    for package, versions in named.items():
        if package not in locked_here and package != own.name:
            yield f"{package[:60]}, which Cargo.toml names and Cargo.lock does not"
            continue
        locked = list(locked_of.get(package, ()))
        if len(locked) > _RELEASES:
            continue
        for version in dict.fromkeys(versions):
            if locked and all(requirement.fits(one, version) is False for one in locked):
                yield f"Cargo.toml asks for {package[:60]} {version[:40]}, and Cargo.lock has {locked[0]}"
    for package in own.dependencies:
        if package not in named:
            yield f"Cargo.lock has {package[:60]} for {own.name}, and Cargo.toml does not depend on it"
