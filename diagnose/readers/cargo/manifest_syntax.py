"""What cargo refuses in the manifest that it builds: names, versions, and values of the wrong type.

Source: The Cargo Book, manifest; cargo 1.85 and 1.95, asked for each.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.readers import toml
from diagnose.readers.cargo import manifest_parts, profiles, requirement, workspace
from diagnose.readers.cargo.files import parsed, place_of
from diagnose.readers.project_refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.project_facts import Project
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


def refused(place: Root, project: Project, config: Config, variables: Variables) -> Iterator[Refusal]:
    """Yield what cargo does not accept in the manifests that it loads to build *project*."""
    path, manifests = project.path, dict(project.manifests)
    for file, content in manifests.items():
        found = (
            *manifest_parts.sections(content),
            *_package(place, file, content),
            *_targets(place, file, content),
            *_dependencies(content),
            *_features(content),
            *manifest_parts.features(content),
            *manifest_parts.lints(content),
            *(profiles.refused_in_manifest(content, config, variables) if file == path else ()),
            *(manifest_parts.profiles(content, config) if file == path else ()),
        )
        text = (place.text(file) or "") if found else ""
        yield from (_refusal(file, text, content, keys, why) for keys, why in found)
        for keys, why in (
            *manifest_parts.inherited(place, file, content),
            *(manifest_parts.membership(project) if file == path else ()),
            *(_nested(project, manifests) if file == project.top else ()),
        ):
            yield _refusal(file, place.text(file) or "", content, keys, why, "cargo-workspace-refused")
        for keys, why in (
            *_folders(place, file, content, manifests),
            *_linked_twice(file, content, manifests),
            *(_in_a_circle(file, manifests) if file == path else ()),
            *((one.keys, one.why) for one in project.featureless if one.path == file),
        ):
            yield _refusal(file, place.text(file) or "", content, keys, why, "cargo-versions-unresolved")


def _refusal(
    path: str,
    text: str,
    content: dict[str, Any],
    keys: tuple[str, ...],
    why: str,
    cause: str = "cargo-manifest-refused",
) -> Refusal:
    value: Any = content
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    quoted = f"{keys[-1]} = {value!r}" if value is not None else f"[{keys[0]}]"
    place = place_of(path, text, keys)
    return Refusal(cause, why[:160], quoted[:120], place if place != path else place_of(path, text, keys[:1]))


def _nested(project: Project, manifests: dict[str, dict[str, Any]]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield that a member of the workspace has a workspace of its own."""
    for member in project.members:
        if member != project.top and "workspace" in manifests.get(member, {}):
            yield ("workspace",), f"cargo stops: {member}, a member of the workspace, has a workspace of its own"[:150]


def _in_a_circle(path: str, manifests: dict[str, dict[str, Any]]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield that a package in a folder depends on the package that depends on it."""
    edges = {file: _folders_of(file, content) for file, content in manifests.items()}
    reached: set[str] = set()
    pending = list(edges.get(path, ()))
    while pending:
        file = pending.pop()
        if file == path:
            yield ("dependencies",), f"{workspace.name(manifests[path])} depends on itself, by crates in folders"
            return
        if file not in reached:
            reached.add(file)
            pending += edges.get(file, ())


def _folders_of(path: str, content: dict[str, Any]) -> list[str]:
    return [
        workspace.manifest_in(path, options["path"])
        for _, section in workspace.sections(content)
        for kind, _, options in workspace.dependencies(section)
        if kind != "dev-dependencies" and isinstance(options.get("path"), str) and not options.get("optional")
    ]


def _linked_twice(
    path: str, content: dict[str, Any], manifests: dict[str, dict[str, Any]]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield that another manifest is for the same C library, where *path* is the later one."""
    links = toml.table(content, "package").get("links")
    if not isinstance(links, str):
        return
    others = [one for one in sorted(manifests) if toml.table(manifests[one], "package").get("links") == links]
    if others[0] != path:
        other = workspace.name(manifests[others[0]])
        yield ("package", "links"), f"{workspace.name(content)} and {other} both have links = {_shown(links)}"[:150]


def _folders(
    place: Root, path: str, content: dict[str, Any], manifests: dict[str, dict[str, Any]]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the dependencies and patches whose folder holds another package than they name, or another release."""
    tables = [(platform and ("target", platform), section) for platform, section in workspace.sections(content)]
    for source, table in toml.table(content, "patch").items():
        tables.append((("patch", source), {"dependencies": table}))
    for above, section in tables:
        for kind, key, options in workspace.dependencies(section):
            folder, version = options.get("path"), options.get("version", "")
            file = workspace.manifest_in(path, folder) if isinstance(folder, str) else ""
            other = manifests.get(file) or (parsed(file, place.text(file) or "") if place.is_file(file) else {})
            name, wanted = workspace.name(other), options.get("package", key)
            keys = (*above, key) if above[:1] == ("patch",) else (*above, kind, key)
            if name and name != wanted:
                yield keys, f"{key} names the folder {folder}, whose package is {name}"[:150]
                continue
            release = toml.table(other, "package").get("version", "0.0.0")
            texts = isinstance(release, str) and isinstance(version, str)
            if name and texts and requirement.fits(release, version) is False:
                yield keys, f"{key} asks for {version[:40]}, and the package in {folder} is {release[:40]}"[:150]


def _package(place: Root, path: str, content: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    package = toml.table(content, "package")
    if "package" not in content:
        return
    name, version = package.get("name"), package.get("version", "0.0.0")
    if name is None:
        yield ("package", "name"), "cargo stops at [package]: it has no name"
    elif not isinstance(name, str) or not _is_name(name):
        yield (
            ("package", "name"),
            f"cargo stops at the package name {_shown(name)}: it takes letters, digits, - and _, no digit first",
        )
    if isinstance(version, str) and not _VERSION.fullmatch(version.strip()):
        yield ("package", "version"), f"cargo stops at the version {_shown(version)}: it takes three numbers, as 0.1.0"
    for kind, words, keys in _TYPES:
        for key in keys:
            value = package.get(key)
            if value is not None and not isinstance(value, (kind, dict)):
                yield ("package", key), f"cargo stops at {key} = {_shown(value)}: it takes {words}"
    rust = package.get("rust-version")
    if isinstance(rust, str) and not _RUST_VERSION.fullmatch(rust):
        yield ("package", "rust-version"), f"cargo stops at rust-version = {_shown(rust)}: it takes a version, as 1.85"
    script = package.get("build", place.exists(os.path.join(os.path.dirname(path), "build.rs")))
    if isinstance(package.get("links"), str) and not script:
        yield ("package", "links"), f"cargo stops at links = {_shown(package['links'])}: there is no build script"


def _is_name(name: str) -> bool:
    first = name[:1]
    return first.isidentifier() and all(char == "-" or f"a{char}".isidentifier() for char in name)


def _targets(place: Root, path: str, content: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    library, programs = toml.table(content, "lib"), content.get("bin")
    name = library.get("name")
    if isinstance(name, str) and "-" in name:
        yield ("lib", "name"), f"cargo stops at the library name {_shown(name)}: it takes no hyphen"
    kinds = library.get("crate-type", [])
    for kind in kinds if isinstance(kinds, list) else ():
        if kind not in _CRATE_TYPES:
            yield (
                ("lib", "crate-type"),
                f"cargo stops at crate-type {_shown(kind)}: it takes {', '.join(_CRATE_TYPES[1:])}",
            )
    seen: set[object] = set()
    for program in programs if isinstance(programs, list) else ():
        title = program.get("name") if isinstance(program, dict) else None
        if isinstance(title, str) and title in seen:
            yield ("bin", "name"), f"cargo stops at two programs of the name {_shown(title)}"
        seen.add(title if isinstance(title, str) else None)
    default = toml.table(content, "package").get("default-run")
    if isinstance(default, str) and default not in seen and not _is_program(place, path, content, default):
        yield ("package", "default-run"), f"cargo stops at default-run = {_shown(default)}: there is no such program"


def _is_program(place: Root, path: str, content: dict[str, Any], name: str) -> bool:
    """Whether cargo finds a program *name* by itself; also where that is unsure, in old editions."""
    package = toml.table(content, "package")
    if package.get("autobins") is False:
        return False
    folder = os.path.dirname(path)
    names = (f"src/bin/{name}.rs", f"src/bin/{name}/main.rs")
    main = ("src/main.rs",) if name == package.get("name") else ()
    return any(place.exists(os.path.join(folder, one)) for one in (*names, *main))


def _dependencies(content: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    for platform, section in workspace.sections(content):
        if platform.startswith("cfg(") and (platform.count("(") != platform.count(")") or not platform.endswith(")")):
            yield ("target", platform), f"cargo stops at the platform {_shown(platform)}: its parentheses do not match"
        for kind in ("dependencies", "build-dependencies", "dev-dependencies"):
            for key, entry in toml.table(section, kind).items():
                options = entry if isinstance(entry, dict) else {"version": entry}
                yield from (((kind, key), f"cargo stops at {why}") for why in _dependency(key, options))
                if kind == "dev-dependencies" and options.get("optional") is True:
                    yield (kind, key), f"cargo stops at {_shown(key)}: a dev-dependency cannot be optional"


#: Where a dependency may come from.
_SOURCES = frozenset({"version", "path", "git", "workspace"})


def _dependency(key: str, options: dict[str, Any]) -> Iterator[str]:
    version = options.get("version", "*")
    if not _SOURCES & options.keys():
        yield f"{_shown(key)}: it takes a version, path, git or workspace"
    for names in (("git", "path"), ("branch", "tag"), ("branch", "rev"), ("tag", "rev")):
        if all(name in options for name in names):
            yield f"{_shown(key)}: it takes {names[0]} or {names[1]}, not both"
    if not isinstance(version, str):
        yield f"the version of {_shown(key)}: it takes a string"
    elif not all(_REQUIREMENT.fullmatch(part.strip()) for part in version.split(",")):
        yield f"the version {_shown(version)} of {_shown(key)}: it is not a requirement, as 1.2 or >=1, <3"
    for name in ("optional", "default-features"):
        if not isinstance(options.get(name, True), bool):
            yield f"{name} of {_shown(key)}: it takes true or false"
    if not isinstance(options.get("features", []), list):
        yield f"features of {_shown(key)}: it takes a list of strings"
    for feature in options["features"] if isinstance(options.get("features"), list) else ():
        if isinstance(feature, str) and ("/" in feature or feature.startswith("dep:")):
            yield f"the feature {_shown(feature)} of {_shown(key)}: it takes no / and no dep:"
    for name in ("path", "git", "branch", "tag", "rev", "package", "registry"):
        if not isinstance(options.get(name, ""), str):
            yield f"{name} of {_shown(key)}: it takes a string"


def _features(content: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, items in toml.table(content, "features").items():
        if "/" in name or name.startswith("dep:") or not name:
            yield ("features", name), f"cargo stops at the feature name {_shown(name)}"
        elif not isinstance(items, list):
            yield ("features", name), f"cargo stops at the feature {_shown(name)}: it takes a list of strings"


def _shown(value: object) -> str:
    return repr(value)[:80]
