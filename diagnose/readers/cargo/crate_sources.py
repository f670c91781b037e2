"""The locked crates whose source cargo needs and cannot get: it is offline, or a folder stands for the registry.

Sources: The Cargo Book, configuration (``net.offline``), source replacement (directory sources), the cargo home.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers.cargo import workspace
from diagnose.readers.cargo.cfg import fits
from diagnose.readers.cargo.files import base_folder, parsed
from diagnose.readers.project_refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.lock import Crate
    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.cargo.variables import Setting, Variables
    from diagnose.readers.system.root import Root


class Lacking(NamedTuple):
    """The crates whose source is in none of the ``folders``, though this build surely needs it.

    ``setting`` makes cargo look nowhere else; ``replaced``: a folder stands for the registry. ``unsure`` are crates
    that are not there either, and that this build may not need.
    """

    setting: Setting
    folders: tuple[str, ...]
    replaced: bool
    crates: tuple[Crate, ...] = ()
    """In the order of the lock file."""
    unsure: tuple[Crate, ...] = ()


def lacking(
    root: Root, here: Root, home: str, project: Project, config: Config, variables: Variables, target: Target
) -> Lacking | None:
    """Return what cargo lacks of the sources of *project*; None if it may download them, or lacks nothing."""
    wanted = [crate for crate in project.crates if crate.registry]
    name = config.find("source", "crates-io", "replace-with")
    if not wanted or not project.path:
        return None
    if name is not None:
        folder = config.find("source", name.value, "directory")
        if folder is None or _registries(config):
            return None  # another registry, or crates of several
        file = folder.path.rpartition(":")[0] or folder.path
        place = root if file in config.shared else here
        path = os.path.join(base_folder(file), folder.value)
        if not place.is_dir(path):
            return None  # project-file-missing
        found = Lacking(folder, (path,), True)

        def source(crate: Crate) -> str | None:
            for one in (f"{path}/{crate.name}-{crate.version}", f"{path}/{crate.name}"):
                text = place.text(f"{one}/Cargo.toml") if place.is_file(f"{one}/Cargo.toml") else None
                if text is not None and _version(parsed(f"{one}/Cargo.toml", text)) in ("", crate.version):
                    return text
            return None
    else:
        setting = config.switch(variables, "net", "offline")
        if setting is None:
            return None
        base = os.path.join(home, "registry")
        unpacked = [f"{base}/src/{one}" for one in root.names(f"{base}/src")]
        packed = [f"{base}/cache/{one}" for one in root.names(f"{base}/cache")]
        found = Lacking(setting, (f"{base}/cache",), False)

        def source(crate: Crate) -> str | None:
            for one in unpacked:
                path = f"{one}/{crate.name}-{crate.version}/Cargo.toml"
                text = root.text(path) if root.is_file(path) else None
                if text is not None:
                    return text
            names = (f"{one}/{crate.name}-{crate.version}.crate" for one in packed)
            return "" if any(root.is_file(one) for one in names) else None

    absent = [crate for crate in wanted if source(crate) is None]
    if not absent:
        return None
    own = parsed(project.path, here.text(project.path) or "")
    sure = _sure(own, wanted, source, target)
    return found._replace(
        crates=tuple(crate for crate in absent if crate.name in sure),
        unsure=tuple(crate for crate in absent if crate.name not in sure),
    )


#: What a source is defined by.
_PLACES = ("registry", "local-registry", "directory", "git")


def refused(project: Project, config: Config, variables: Variables) -> Iterator[Refusal]:
    """Yield that what stands for the registry, which *project* takes crates from, is not defined."""
    if not any(crate.registry for crate in project.crates):
        return
    seen: list[str] = ["crates-io"]
    while (setting := config.find("source", seen[-1], "replace-with")) is not None and setting.value != "crates-io":
        name, wrong = setting.value, ""
        registry = config.find("registries", name, "index")
        variable = variables.own(f"CARGO_REGISTRIES_{name.upper().replace('-', '_')}_INDEX")
        defined = any(config.find("source", name, key) is not None for key in (*_PLACES, "replace-with"))
        if name in seen:
            wrong = f"cargo stops at replace-with: {name[:60]} is replaced by itself"
        elif not defined and registry is None and variable is None:
            wrong = f"cargo stops at replace-with: there is no source {name[:60]!r}"
        if wrong:
            yield Refusal("cargo-config-refused", wrong, f"replace-with = {name!r}"[:120], setting.path)
            return
        seen.append(name)


def _origin(config: Config) -> str | None:
    """Return how cargo's folders of the registry begin that stands for crates.io; None for the usual one."""
    name = config.find("source", "crates-io", "replace-with")
    index = None
    if name is not None:
        index = config.find("source", name.value, "registry") or config.find("registries", name.value, "index")
    if index is None:
        return None
    host = index.value.removeprefix("sparse+").partition("://")[2].partition("/")[0]
    return host.rpartition("@")[2].partition(":")[0] + "-"


def to_download(root: Root, home: str, project: Project, config: Config, variables: Variables) -> int:
    """Return how many locked crates cargo has to download: from a registry or repository, and not in its caches."""
    name = config.find("source", "crates-io", "replace-with")
    folder = config.find("source", name.value, "directory") if name is not None else None
    local = config.find("source", name.value, "local-registry") if name is not None else None
    if config.switch(variables, "net", "offline") is not None:
        return 0  # it may not
    base = os.path.join(home, "registry")
    origin = _origin(config) or ""
    unpacked = [f"{base}/src/{one}" for one in root.names(f"{base}/src") if one.startswith(origin)]
    packed = [f"{base}/cache/{one}" for one in root.names(f"{base}/cache") if one.startswith(origin)]
    cloned = bool(root.names(os.path.join(home, "git", "db")))

    def is_there(crate: Crate) -> bool:
        if not crate.registry:
            return cloned or folder is not None
        if folder is not None or local is not None:
            return True
        title = f"{crate.name}-{crate.version}"
        return any(root.exists(f"{one}/{title}/Cargo.toml") for one in unpacked) or any(
            root.exists(f"{one}/{title}.crate") for one in packed
        )

    return sum(not is_there(crate) for crate in project.crates if not crate.local)


def packed_only(root: Root, home: str, project: Project) -> int:
    """Return how many crates cargo has downloaded, but not unpacked: a file that was cut off is noticed then."""
    base = os.path.join(home, "registry")
    unpacked = {name for one in root.names(f"{base}/src") for name in root.names(f"{base}/src/{one}")}
    packed = {name for one in root.names(f"{base}/cache") for name in root.names(f"{base}/cache/{one}")}
    titles = (f"{crate.name}-{crate.version}" for crate in project.crates if crate.registry)
    return sum(title not in unpacked and f"{title}.crate" in packed for title in titles)


def _registries(config: Config) -> list[str]:
    return [path for path, content, _ in config.files if content.get("registries")]


def _version(manifest: dict[str, Any]) -> str:
    package = manifest.get("package")
    version = package.get("version") if isinstance(package, dict) else None
    return version if isinstance(version, str) else ""


def _sure(own: dict[str, Any], crates: list[Crate], source: Callable[[Crate], str | None], target: Target) -> set[str]:
    """Return the names that manifests show to be needed: from the project's own on, as far as there are sources."""
    by_name: dict[str, list[Crate]] = {}
    for crate in crates:
        by_name.setdefault(crate.name, []).append(crate)
    found: set[str] = set()
    pending = list(_required(own, target))
    while pending:
        name = pending.pop()
        versions = by_name.get(name, [])
        if name in found or len(versions) != 1:  # of two versions, either may be the right one
            continue
        found.add(name)
        text = source(versions[0])
        if text:
            pending += _required(parsed(name, text), target)
    return found


def _required(manifest: dict[str, Any], target: Target) -> set[str]:
    """Return the packages that every build for *target* needs, by the *manifest* of one that it compiles."""
    named = set()
    for platform, section in workspace.sections(manifest):
        for kind, key, options in workspace.dependencies(section):
            if kind == "dev-dependencies" or options.get("optional") is True:
                continue
            if not platform or fits(platform, target, build=kind == "build-dependencies"):
                named.add(str(options.get("package", key)))
    return named
