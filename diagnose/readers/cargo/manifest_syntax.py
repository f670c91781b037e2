"""What cargo refuses in the manifest that it builds: names, versions, and values of the wrong type.

Source: The Cargo Book, manifest; cargo 1.85 and 1.95, asked for each.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import InputError
from diagnose.readers import toml
from diagnose.readers.cargo import profiles, workspace
from diagnose.readers.cargo.files import place_of, upwards

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.variables import Variables
    from diagnose.readers.system.root import Root

_CRATE_TYPES = ("bin", "lib", "rlib", "dylib", "cdylib", "staticlib", "proc-macro")
_VERSION = re.compile(r"\d{1,20}\.\d{1,20}\.\d{1,20}(?:[-+][0-9A-Za-z.+-]{1,200})?")
_RUST_VERSION = re.compile(r"\d{1,20}(?:\.\d{1,20}){0,2}")
_REQUIREMENT = re.compile(
    r"(?:\*|(?:[=<>^~]|>=|<=)?\s{0,20}\d{1,20}(?:\.(?:\d{1,20}|[*xX])){0,2}(?:[-+][0-9A-Za-z.+-]{1,200})?)"
)
#: The types of a package's keys that are not of a workspace.
_TYPES: tuple[tuple[type, str, tuple[str, ...]], ...] = (
    (str, "a string", ("edition", "rust-version", "description", "license", "license-file", "links", "default-run")),
    (list, "a list of strings", ("authors", "keywords", "categories", "include", "exclude")),
)


def refuse(place: Root, path: str, text: str, content: dict[str, Any], config: Config, variables: Variables) -> None:
    """See that cargo accepts the names, versions and types in the manifest at *path*.

    Raises:
        InputError: it does not.
    """
    for keys, why in (
        *_package(place, path, content),
        *_targets(content),
        *_dependencies(content),
        *_features(content),
    ):
        raise InputError(f"{place_of(path, text, keys)}: cargo stops at {why}")
    profiles.refuse_manifest(path, text, content, config, variables)


def _package(place: Root, path: str, content: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    package = toml.table(content, "package")
    if "package" not in content:
        return
    name, version = package.get("name"), package.get("version", "0.0.0")
    if not isinstance(name, str) or not _is_name(name):
        yield ("package", "name"), f"the package name {_shown(name)}: it takes letters, digits, - and _, no digit first"
    if isinstance(version, str) and not _VERSION.fullmatch(version.strip()):
        yield ("package", "version"), f"the version {_shown(version)}: it takes three numbers, as 0.1.0"
    for kind, words, keys in _TYPES:
        for key in keys:
            value = package.get(key)
            if value is not None and not isinstance(value, (kind, dict)):
                yield ("package", key), f"{key} = {_shown(value)}: it takes {words}"
    rust = package.get("rust-version")
    if isinstance(rust, str) and not _RUST_VERSION.fullmatch(rust):
        yield ("package", "rust-version"), f"rust-version = {_shown(rust)}: it takes a version, as 1.85"
    inherited = next((key for key, value in package.items() if _is_inherited(value)), "")
    if inherited and "workspace" not in content and "workspace" not in package and not _has_workspace(place, path):
        yield ("package", inherited), f"{inherited}.workspace = true: no folder above has a workspace"


def _is_name(name: str) -> bool:
    first = name[:1]
    return first.isidentifier() and all(char == "-" or f"a{char}".isidentifier() for char in name)


def _is_inherited(value: object) -> bool:
    return isinstance(value, dict) and value.get("workspace") is True


def _has_workspace(place: Root, path: str) -> bool:
    """Whether a manifest above the one at *path* may be that of a workspace."""
    folders = list(upwards(os.path.dirname(path)))[1:]
    manifests = (os.path.join(folder, "Cargo.toml") for folder in folders)
    return any(place.is_file(one) and "workspace" in (place.text(one) or "") for one in manifests)


def _targets(content: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    library, programs = toml.table(content, "lib"), content.get("bin")
    name = library.get("name")
    if isinstance(name, str) and "-" in name:
        yield ("lib", "name"), f"the library name {_shown(name)}: it takes no hyphen"
    kinds = library.get("crate-type", [])
    for kind in kinds if isinstance(kinds, list) else ():
        if kind not in _CRATE_TYPES:
            yield ("lib", "crate-type"), f"crate-type {_shown(kind)}: it takes {', '.join(_CRATE_TYPES[1:])}"
    seen: set[object] = set()
    for program in programs if isinstance(programs, list) else ():
        title = program.get("name") if isinstance(program, dict) else None
        if isinstance(title, str) and title in seen:
            yield ("bin", "name"), f"two programs of the name {_shown(title)}"
        seen.add(title if isinstance(title, str) else None)


def _dependencies(content: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    shared = toml.table(content, "workspace", "dependencies") if "workspace" in content else None
    for platform, section in workspace.sections(content):
        if platform.startswith("cfg(") and (platform.count("(") != platform.count(")") or not platform.endswith(")")):
            yield ("target", platform), f"the platform {_shown(platform)}: its parentheses do not match"
        for kind in ("dependencies", "build-dependencies", "dev-dependencies"):
            for key, entry in toml.table(section, kind).items():
                options = entry if isinstance(entry, dict) else {"version": entry}
                yield from (((kind, key), why) for why in _dependency(key, options))
                if shared is not None and _is_inherited(entry) and key not in shared:
                    yield (kind, key), f"{_shown(key)}.workspace = true: [workspace.dependencies] has no such entry"


def _dependency(key: str, options: dict[str, Any]) -> Iterator[str]:
    version = options.get("version", "*")
    if not isinstance(version, str):
        yield f"the version of {_shown(key)}: it takes a string"
    elif not all(_REQUIREMENT.fullmatch(part.strip()) for part in version.split(",")):
        yield f"the version {_shown(version)} of {_shown(key)}: it is not a requirement, as 1.2 or >=1, <3"
    for name in ("optional", "default-features"):
        if not isinstance(options.get(name, True), bool):
            yield f"{name} of {_shown(key)}: it takes true or false"
    if not isinstance(options.get("features", []), list):
        yield f"features of {_shown(key)}: it takes a list of strings"
    for name in ("path", "git", "branch", "tag", "rev", "package", "registry"):
        if not isinstance(options.get(name, ""), str):
            yield f"{name} of {_shown(key)}: it takes a string"


def _features(content: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, items in toml.table(content, "features").items():
        if "/" in name or name.startswith("dep:") or not name:
            yield ("features", name), f"the feature name {_shown(name)}"
        elif not isinstance(items, list):
            yield ("features", name), f"the feature {_shown(name)}: it takes a list of strings"


def _shown(value: object) -> str:
    return repr(value)[:80]
