"""What cargo refuses in the parts of a manifest that refer to each other: features, profiles, lints, inherited keys.

Source: The Cargo Book, manifest, features, profiles and workspaces; cargo 1.75, 1.85 and 1.95, asked for each.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers import toml
from diagnose.readers.cargo import workspace
from diagnose.readers.cargo.files import upwards

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.system.root import Root

    Refused = Iterator[tuple[tuple[str, ...], str]]
    """(the keys of a value, why cargo stops at it)"""

_LEVELS = ("allow", "warn", "deny", "forbid")
_PROFILES = ("dev", "release", "test", "bench")
#: What a manifest without a package may not have.
_OF_PACKAGES = ("dependencies", "dev-dependencies", "build-dependencies", "features", "lib", "bin")


def sections(content: dict[str, Any]) -> Refused:
    """Yield what a manifest without a package lacks, or has and may not have."""
    if "package" in content or "project" in content:
        return
    if "workspace" not in content:
        yield ("package",), "cargo stops at a manifest without [package] and [workspace]"
        return
    for name in _OF_PACKAGES:
        if name in content:
            yield (name,), f"cargo stops at [{name}] in a manifest without [package]"


def features(content: dict[str, Any]) -> Refused:
    """Yield the features that name what the manifest does not have."""
    table = toml.table(content, "features")
    optional: dict[str, bool] = {}
    for _, section in workspace.sections(content):
        for _, key, options in workspace.dependencies(section):
            optional[key] = optional.get(key, False) or options.get("optional") is True
    for name, items in table.items():
        for item in items if isinstance(items, list) else ():
            if not isinstance(item, str):
                yield ("features", name), f"cargo stops at the feature {name[:60]!r}: it takes a list of strings"
                continue
            dependency = item.removeprefix("dep:") if item.startswith("dep:") else item.partition("/")[0].rstrip("?")
            needed = item.startswith("dep:") or "/" in item
            if dependency not in optional and (needed or item not in table):
                what = "a dependency" if needed else "a feature or dependency"
                yield ("features", name), f"cargo stops at the feature {name[:60]!r}: {item[:60]} is not {what}"
            elif item.count("/") > 1:
                yield ("features", name), f"cargo stops at the feature {name[:60]!r}: {item[:60]} has more than one /"
            elif not needed and item not in table and not optional[item]:
                yield ("features", name), f"cargo stops at the feature {name[:60]!r}: {item[:60]} is not optional"


def lints(content: dict[str, Any]) -> Refused:
    """Yield the lints whose level does not exist."""
    for tool, table in toml.table(content, "lints").items():
        for name, value in table.items() if isinstance(table, dict) else ():
            level = value.get("level") if isinstance(value, dict) else value
            if isinstance(level, str) and level not in _LEVELS:
                why = f"cargo stops at the lint level {level[:60]!r}: it takes {', '.join(_LEVELS)}"
                yield ("lints", tool, name), why


def profiles(content: dict[str, Any], config: Config) -> Refused:
    """Yield the profiles that inherit from one that does not exist."""
    own = toml.table(content, "profile")
    known = {*_PROFILES, *own, *(name for _, one, _ in config.files for name in toml.table(one, "profile"))}
    for name, table in own.items():
        inherits = table.get("inherits") if isinstance(table, dict) else None
        if inherits is None and name not in _PROFILES and not _in_config(config, name):
            yield ("profile", name), f"cargo stops at the profile {name[:60]!r}: it needs `inherits`"
        elif isinstance(inherits, str) and inherits not in known:
            why = f"cargo stops at the profile {name[:60]!r}: there is no {inherits[:60]!r}"
            yield ("profile", name, "inherits"), why


def _in_config(config: Config, name: str) -> bool:
    return any("inherits" in toml.table(one, "profile", name) for _, one, _ in config.files)


def inherited(place: Root, path: str, content: dict[str, Any]) -> Refused:
    """Yield what a package inherits from a workspace that is not there, or that does not have it."""
    package = toml.table(content, "package")
    keys = [("package", key) for key, value in package.items() if _inherits(value)][:1]
    if _inherits(content.get("lints")):
        keys.append(("lints", "workspace"))
    if keys and "workspace" not in content and "workspace" not in package and not _has_workspace(place, path):
        for first, key in keys:
            what = key if first == "package" else first
            yield (first, key), f"cargo stops at {what}.workspace = true: no folder above has a workspace"
    shared = workspace.shared(content)
    for _, section in workspace.sections(content) if "workspace" in content else ():
        for kind, name, options in workspace.dependencies(section):
            if _inherits(options) and name not in shared:
                why = f"cargo stops at {name[:60]!r}.workspace = true: [workspace.dependencies] has no such entry"
                yield (kind, name), why


def membership(project: Project) -> Refused:
    """Yield that the package is in the folder of a workspace that has it neither as a member nor excluded."""
    if project.stranger:
        yield ("package",), f"cargo stops: {project.top} has a workspace, and the package is not a member of it"


def _inherits(value: object) -> bool:
    return isinstance(value, dict) and value.get("workspace") is True


def _has_workspace(place: Root, path: str) -> bool:
    """Whether a manifest above the one at *path* may be that of a workspace."""
    folders = list(upwards(os.path.dirname(path)))[1:]
    manifests = (os.path.join(folder, "Cargo.toml") for folder in folders)
    return any(place.is_file(one) and "workspace" in (place.text(one) or "") for one in manifests)
