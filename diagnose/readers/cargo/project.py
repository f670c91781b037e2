"""The Cargo project of a folder, and the system libraries that it needs.

Sources: The Cargo Book (workspaces, features, ``Cargo.lock``); cargo's and Rust's changelogs.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers.cargo import build_tools, feature_names, lock_fit, manifest_values, workspace
from diagnose.readers.cargo.build_scripts import compiles_c, compiles_protos, named_modules
from diagnose.readers.cargo.cfg import fits
from diagnose.readers.cargo.config import Config
from diagnose.readers.cargo.features import Features, closure, words
from diagnose.readers.cargo.files import base_folder, parsed, place_of, present, upwards
from diagnose.readers.cargo.lock import LOCK_LIMIT, Crate, Lock, lock_file
from diagnose.readers.cargo.needs import (
    crate_needs,
    is_optional,
    manifest_of,
    no_library,
    source_folders,
    source_of,
    sys_crates,
    system_deps,
)
from diagnose.readers.cargo.project_facts import Floor, Project, configured, located
from diagnose.readers.pkgconfig.sys_crate_overrides import never_asking
from diagnose.readers.system.root import Root
from diagnose.tables import own_copies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from diagnose.model.targets import Target

#: The most modules of pkg-config that a project may need: each is looked for.
NEEDS_LIMIT = 500
#: The crates that call pkg-config for a build script.
_ASKING = frozenset({"pkg-config", "system-deps", "metadeps"})


def project(root: Root, cwd: str, config: Config, cargo_home: str, target: Target) -> Project:
    """Read the project of *cwd* and find the system libraries that it needs.

    Raises:
        InputError: its manifest or lock file is broken.
    """
    here = root if root.live else Root("/")
    manifest = located(here, cwd)
    bare = configured(config, target)
    if not manifest:
        return bare
    text = present(here, manifest) or ""
    content = parsed(manifest, text)
    whole = workspace.read(here, manifest, lambda path: parsed(path, present(here, path) or ""))
    read = tuple(whole.manifests.items())
    more = (f"the manifests of {whole.top}'s workspace beyond the first {workspace.LIMIT}",)
    lock = os.path.join(os.path.dirname(whole.top), "Cargo.lock")
    if not here.exists(lock):
        lock = ""
    locked = lock_file(lock, present(here, lock, LOCK_LIMIT) or "") if lock else Lock()
    crates = locked.crates
    floors = tuple(_floors(lock, locked.version, manifest, content, text))
    needs = list(system_deps(manifest, content, ""))
    idle: list[Crate] = []
    unknown: list[str] = []
    scripts: list[tuple[str, tuple[str, ...]]] = []
    others = {}
    found: tuple[tuple[str, dict[str, Any]], ...] = ()
    if crates:
        found = read
        others = {workspace.name(other): other for path, other in found if path != manifest}
    reached = _reached(content, others, crates, target)
    sources = source_folders(root, cargo_home, config) if crates else ()
    table = sys_crates() if crates else {}
    quiet = never_asking()
    named = _features((content, *others.values()), crates)
    turned_on = _turned_on(root, (content, *others.values()), [one for one in crates if one.name in reached], sources)
    declared = {workspace.name(content) for _ in needs[:1]}
    for path, other in found:
        if path != manifest and workspace.name(other) in reached and (own := list(system_deps(path, other, ""))):
            needs += own
            declared.add(workspace.name(other))
    for crate in crates:
        asking = _ASKING & set(crate.dependencies) or crate.name in quiet
        if crate.name in _ASKING or crate.name in declared or not asking:
            continue
        if crate.name not in reached:
            idle.append(crate)
            continue
        rows = table.get(crate.name, ())
        optional = {row: is_optional(row, crate, turned_on, named) for row in rows}
        asked = list(crate_needs(root, crate, sources, optional, lock))
        needs += asked
        if not asked and not any(row.module == "" for row in rows):
            unknown.append(f"{crate.name} {crate.version}")
            own_path = next((path for path, other in found if workspace.name(other) == crate.name), "")
            place = here if own_path else root
            folder = os.path.dirname(own_path or (source_of(root, crate, sources) or ("", {}))[0])
            if folder and (modules := named_modules(place, folder)):
                scripts.append((unknown[-1], modules))
    unique = tuple(dict.fromkeys(needs))
    if len(unique) > NEEDS_LIMIT:
        raise InputError(f"{lock or manifest}: more than {NEEDS_LIMIT} modules for pkg-config")
    crates = tuple(crate for crate in crates if crate.name in reached)
    protos = any(compiles_protos(root, folder) for folder in _of_proto_crates(root, crates, sources))
    abi3 = _abi3(content)
    wheel = abi3 is not None or any(crate.name == "pyo3-ffi" for crate in crates) or _cdylib(content)
    wheel = wheel or _names_maturin(here, os.path.realpath(cwd), os.path.dirname(manifest))
    return Project(
        manifest,
        lock,
        crates,
        unique,
        bare.config,
        bare.overrides,
        tuple(idle),
        tuple(unknown),
        abi3,
        wheel,
        floors,
        build_tools.needs(crates, lock, turned_on.of, _compiles_protos(here, manifest, found) or protos),
        not lock and any(_has_dependencies(one, whole.content) for _, one in read),
        tuple(scripts),
        tuple(f"{crate.name} {crate.version}" for crate in crates if _is_unlisted(root, crate, sources)),
        locked.version if locked.version not in (None, *_LOCK_VERSIONS) else None,
        (
            *workspace.absent(here, whole),
            *workspace.absent_sources(here, whole, wheel=wheel),
            *_absent_registry(root, here, config, crates),
        ),
        (
            *manifest_values.unsure(content, locked.crates),
            *(more if whole.partial else ()),
        ),
        read,
        whole.top,
        whole.listed,
        whole.stranger,
        tuple(
            workspace.name(one)
            for path, one in read
            if workspace.name(one) in reached and compiles_c(here, os.path.dirname(path))
        )
        + tuple(crate.name for crate in crates if not crate.local and _bundles(crate, turned_on)),
        tuple(lock_fit.differences([one for one in read if one[0] in whole.members], whole.content, locked.crates)),
        *feature_names.absent(root, whole, locked.crates, sources, config),
    )


def _bundles(crate: Crate, turned_on: Features) -> bool:
    """Whether a feature makes *crate* compile its own copy of the library that it links."""
    row = own_copies.table().get(crate.name) if COMPILING & set(crate.dependencies) else None
    active = turned_on.of(crate.name) if row is not None and row.features else None
    return row is not None and active is not None and not row.features.isdisjoint(active)


def manifest(root: Root, path: str) -> dict[str, Any]:
    """Return the content of the project's manifest, which was read before."""
    return parsed(path, present(root if root.live else Root("/"), path) or "")


def _absent_registry(root: Root, here: Root, config: Config, crates: tuple[Crate, ...]) -> Iterator[tuple[str, str]]:
    """Yield the folder that is configured in place of the registry, if crates are needed and it is not there."""
    if all(crate.local for crate in crates):
        return
    name = config.find("source", "crates-io", "replace-with")
    for kind in ("directory", "local-registry"):
        folder = config.find("source", name.value, kind) if name is not None else None
        if folder is not None:
            file = folder.path.rpartition(":")[0] or folder.path
            path = os.path.join(base_folder(file), folder.value)
            place = root if file in config.shared else here
            if not place.is_dir(path):
                yield path, folder.where
            elif kind == "directory":
                for crate in crates:
                    beside, source = manifest_of(place, crate, (path,))
                    checksum = f"{os.path.dirname(beside)}/.cargo-checksum.json"
                    if source and crate.registry and not place.exists(checksum):
                        yield checksum, folder.where


#: Crates that build scripts compile C or C++ with, mostly a copy of the library.
COMPILING = frozenset({"cc", "cmake", "meson-next", "autotools"})


def _is_unlisted(root: Root, crate: Crate, sources: tuple[str, ...]) -> bool:
    """Whether *crate* is named like one that links a library of the system, and nothing is known about how."""
    if crate.local or not crate.name.endswith(("-sys", "_sys")) or crate.name in no_library():
        return False
    if (
        crate.name in sys_crates()
        or crate.name in build_tools.listed()
        or (_ASKING | COMPILING) & set(crate.dependencies)
    ):
        return False
    path, manifest = source_of(root, crate, sources) or ("", {})
    package = manifest.get("package")
    if not isinstance(package, dict):
        return True
    scripted = package.get("build") is not False and root.is_file(f"{os.path.dirname(path)}/build.rs")
    return "links" in package or scripted


def _compiles_protos(here: Root, manifest: str, others: Iterable[tuple[str, dict[str, Any]]]) -> bool:
    """Whether a build script of the project, or of its workspace, compiles ``.proto`` files."""
    folders = dict.fromkeys(os.path.dirname(path) for path in (manifest, *(path for path, _ in others)))
    scripts = (here.text(path) or "" for path in (f"{folder}/build.rs" for folder in folders) if here.is_file(path))
    return any("compile_protos" in script for script in scripts)


#: Crates by which build scripts compile ``.proto`` files with protoc.
_PROTOS = frozenset({"prost-build", "tonic-build", "tonic-prost-build", "prost-wkt-build", "pbjson-build"})


def _of_proto_crates(root: Root, crates: Iterable[Crate], sources: tuple[str, ...]) -> Iterator[str]:
    """Yield the folders of the crates, other than the project's own, whose build scripts may compile such files."""
    for crate in crates:
        if crate.name not in _PROTOS and _PROTOS & set(crate.dependencies):
            path, _ = source_of(root, crate, sources) or ("", {})
            if path:
                yield os.path.dirname(path)


def _has_dependencies(manifest: dict[str, Any], top: dict[str, Any]) -> bool:
    """Whether *manifest* names dependencies other than in folders, also through the workspace's manifest *top*."""
    shared = workspace.shared(top)
    for _, section in workspace.sections(manifest):
        for kind, key, options in workspace.dependencies(section):
            entry = shared.get(key, options) if options.get("workspace") is True else options
            if kind != "dev-dependencies" and not (isinstance(entry, dict) and isinstance(entry.get("path"), str)):
                return True
    return False


# The first cargo that accepts a format of lock files. Source: the changelog.
_LOCK_VERSIONS = {3: "1.53", 4: "1.78"}
#: The newest cargo that was seen to refuse every other version, also 1 and 2, which old ones never wrote into the file.
LOCK_SEEN = "1.95"
#: {edition: the first cargo that knows it}. Source: the changelog.
EDITIONS = {"2021": "1.56", "2024": "1.85"}


def _floors(lock: str, version: int | None, manifest: str, content: dict[str, Any], text: str) -> Iterator[Floor]:
    if version in _LOCK_VERSIONS:
        yield Floor(_LOCK_VERSIONS[version], f"version = {version}", lock)
    package = content.get("package")
    edition = package.get("edition") if isinstance(package, dict) else None
    if isinstance(edition, str) and edition in EDITIONS:
        place = place_of(manifest, text, ("edition",))
        yield Floor(EDITIONS[edition], f'edition = "{edition}"', place)
    own = package.get("rust-version") if isinstance(package, dict) else None
    if isinstance(own, str) and own.replace(".", "").isdigit():
        yield Floor(own, f'rust-version = "{own}"', place_of(manifest, text, ("package", "rust-version")))


def _cdylib(manifest: dict[str, Any]) -> bool:
    library = manifest.get("lib")
    kinds = library.get("crate-type", library.get("crate_type")) if isinstance(library, dict) else None
    return isinstance(kinds, list) and "cdylib" in kinds


def _names_maturin(here: Root, cwd: str, crate: str) -> bool:
    """Whether a ``pyproject.toml`` in *cwd*, or above it up to the folder of the *crate*, names maturin."""
    for folder in upwards(cwd):
        path = os.path.join(folder, "pyproject.toml")
        if here.is_file(path) and "maturin" in (here.text(path) or ""):
            return True
        if folder == crate:
            break
    return False


def _edges(crates: tuple[Crate, ...]) -> dict[str, set[str]]:
    edges: dict[str, set[str]] = {}
    for crate in crates:
        edges.setdefault(crate.name, set()).update(crate.dependencies)
    return edges


def _reached(
    manifest: dict[str, Any], others: Mapping[str, dict[str, Any]], crates: tuple[Crate, ...], target: Target
) -> set[str]:
    """Return the names of the locked crates that a build for *target* with the default features compiles.

    Cargo.lock also lists crates for other features, other platforms, tests and other members of a workspace.
    *others* are manifests of the workspace's other packages and those in folders, by their names.
    """
    edges = _edges(crates)
    own = workspace.name(manifest)
    start = {own} if own in edges else edges.keys() - set().union(*edges.values()) | edges.keys() & others.keys()
    if not start:
        return set(edges)
    for name, other in others.items():
        if name in edges:
            edges[name] -= _left_out(other, target)
    if own in edges:
        edges[own] -= _left_out(manifest, target, _default_features(manifest))
    return closure(edges, start)


def _features(manifests: tuple[dict[str, Any], ...], crates: tuple[Crate, ...]) -> Callable[[str], set[str]]:
    """Return a function: crate → features that the manifests request, of it or of a crate that depends on it.

    A crate that wraps another has its features under the same names (``zstd/pkg-config`` is ``zstd-sys/pkg-config``).
    """
    requested: dict[str, set[str]] = {}
    for manifest in manifests:
        for _, section in workspace.sections(manifest):
            for kind, key, options in workspace.dependencies(section):
                named = options.get("features")
                if kind != "dev-dependencies" and isinstance(named, list) and named:
                    requested.setdefault(str(options.get("package", key)), set()).update(map(str, named))
    users: dict[str, set[str]] = {}

    def of(crate: str) -> set[str]:
        if not users and requested:
            for user, names in _edges(crates).items():
                for name in names:
                    users.setdefault(name, set()).add(user)
        return {feature for name in closure(users, (crate,)) for feature in requested.get(name, ())}

    return of


def _left_out(manifest: dict[str, Any], target: Target, active: set[str] | None = None) -> set[str]:
    """Return the packages among the direct dependencies that a build for *target* does not compile.

    *active* are the enabled features; None if dependents decide.
    """
    taken: set[str] = set()
    named: set[str] = set()
    for platform, section in workspace.sections(manifest):
        for kind, key, options in workspace.dependencies(section):
            package = str(options.get("package", key))
            named.add(package)
            needed = not platform or fits(platform, target, build=kind == "build-dependencies")
            optional = options.get("optional") is True and active is not None and key not in active
            if needed and not optional and kind != "dev-dependencies":
                taken.add(package)
    return named - taken


def _default_features(manifest: dict[str, Any]) -> set[str]:
    """Return the features, and the optional dependencies, that the feature ``default`` enables."""
    parts = (word.removeprefix("dep:").partition("/") for word in words(manifest, ("default",)))
    return {name for name, _, rest in parts if not (rest and name.endswith("?"))}


def _abi3(manifest: dict[str, Any]) -> bool | None:
    """Return whether PyO3's ``abi3`` or ``abi3-py3X`` is enabled, in the dependency or by a feature of the crate."""
    dependencies, features = manifest.get("dependencies"), manifest.get("features")
    pyo3 = dependencies.get("pyo3") if isinstance(dependencies, dict) else None
    if pyo3 is None:
        return None
    named = pyo3.get("features") if isinstance(pyo3, dict) else None
    words = list(named) if isinstance(named, list) else []
    for entry in features.values() if isinstance(features, dict) else ():
        words += [word[5:] for word in entry if str(word).startswith("pyo3/")] if isinstance(entry, list) else []
    return any(str(word).startswith("abi3") for word in words)


def _turned_on(
    root: Root, manifests: tuple[dict[str, Any], ...], crates: list[Crate], sources: tuple[str, ...]
) -> Features:
    """Return the features of the compiled *crates*; *manifests* are the project's own."""
    own = {workspace.name(manifest): manifest for manifest in manifests}
    tables = (manifest.get("workspace") for manifest in manifests)
    shared = next((table.get("dependencies") for table in tables if isinstance(table, dict)), None)
    users: dict[str, set[str]] = {}
    by_name: dict[str, list[Crate]] = {}
    for crate in crates:
        by_name.setdefault(crate.name, []).append(crate)
        for name in crate.dependencies:
            users.setdefault(name, set()).add(crate.name)

    def load(name: str) -> dict[str, Any] | None:
        if name in own:
            return own[name]
        found = [source_of(root, crate, sources) for crate in by_name.get(name, ())]
        return found[0][1] if len(found) == 1 and found[0] else None  # either of two versions may be the right one

    return Features(users, load, shared if isinstance(shared, dict) else {})
