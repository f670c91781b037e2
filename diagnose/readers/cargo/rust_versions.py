"""The Rust that the locked crates require, from the manifests that cargo keeps.

Before it compiles anything, cargo compares the ``rust-version`` of every package of the build with rustc's, and refuses
manifests of an edition that it does not know. Source: ``src/cargo/ops/cargo_compile/mod.rs`` of cargo 1.85.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.versions import newer
from diagnose.readers.cargo import workspace
from diagnose.readers.cargo.cfg import fits
from diagnose.readers.cargo.features import closure
from diagnose.readers.cargo.files import parsed
from diagnose.readers.cargo.needs import manifest_of
from diagnose.readers.cargo.project import EDITIONS
from diagnose.readers.cargo.project_facts import Floor

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.lock import Crate
    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.system.root import Root

# Manifests of published crates are written by cargo: one key a line, in double quotes.
_RUST = r'(?m)^(?P<key>rust-version|edition) = "(?P<value>[0-9.]{1,20})"'


def floors(
    root: Root, project: Project, sources: Iterable[str], target: Target, rust: str
) -> tuple[tuple[Floor, ...], bool]:
    """Return what crates of *project* require beyond *rust*, and whether the manifest of one that is needed is absent.

    *sources* are folders of unpacked crates. A crate counts only if manifests show that a build for *target* compiles
    it: Cargo.lock also lists crates of other systems. Of two versions of a crate, only what both require counts.
    """
    return _Manifests(root, project.crates, tuple(sources), target).floors(rust)


class _Manifests:
    """The manifests of locked *crates* that are unpacked in *sources*."""

    def __init__(self, root: Root, crates: tuple[Crate, ...], sources: tuple[str, ...], target: Target) -> None:
        self._target = target
        self._local = {crate.name for crate in crates if crate.local}
        self._edges: dict[str, set[str]] = {}
        self._texts: dict[str, list[tuple[str, str]]] = {}
        self._labels: dict[str, str] = {}
        for crate in crates:
            self._edges.setdefault(crate.name, set()).update(crate.dependencies)
            if not crate.local:
                found = manifest_of(root, crate, sources)
                self._texts.setdefault(crate.name, []).append(found)
                self._labels[found[0]] = f"{crate.name} {crate.version}"
        self._known: dict[str, set[str]] = {}

    def floors(self, rust: str) -> tuple[tuple[Floor, ...], bool]:
        """Return the floors beyond *rust*, and whether a manifest is absent."""
        found = {name: self._required(name, rust) for name in self._texts}
        found = {name: floors for name, floors in found.items() if floors}
        compiled = closure({name: self._taken(name) for name in self._edges}, self._local) if found else set()
        absent = {name for name, texts in self._texts.items() if any(not text for _, text in texts)}
        users = (name for name, needed in self._edges.items() if needed & absent)
        lacking = any(self._taken(user) & absent for user in users)
        return tuple(floor for name, floors in found.items() if name in compiled for floor in floors), lacking

    def _required(self, name: str, rust: str) -> list[Floor]:
        """Return the floors beyond *rust* of the crate *name*; none if one of its versions accepts *rust*."""
        beyond: list[Floor] = []
        for path, text in self._texts[name]:
            of_version = []
            for match in re.finditer(_RUST, text):
                value = match["value"]
                version = value if match["key"] == "rust-version" else EDITIONS.get(value, "")
                if version and newer(version, rust):
                    of_version.append(Floor(version, f"{self._labels[path]}: {match[0]}", path, name))
            if not of_version:
                return []
            beyond += of_version
        return beyond

    def _taken(self, name: str) -> set[str]:
        """Return the crates that *name* surely needs on the target; optional ones too, for they are locked."""
        if name not in self._known:
            taken = self._edges.get(
                name, set()
            )  # of the project's own crates, platforms are taken into account already
            for path, text in self._texts.get(name, ()):
                taken = taken & _named(parsed(path, text), self._target)
            self._known[name] = taken
        return self._known[name]


def _named(manifest: dict[str, Any], target: Target) -> set[str]:
    """Return the packages that *manifest* names for *target*."""
    named = set()
    for platform, section in workspace.sections(manifest):
        for kind, key, options in workspace.dependencies(section):
            if kind != "dev-dependencies" and (not platform or fits(platform, target, build=kind[0] == "b")):
                named.add(str(options.get("package", key)))
    return named
