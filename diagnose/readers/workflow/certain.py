"""Which of a project's needs are certain, whatever features a build takes.

Cargo.lock holds the crates of all features of all members, and of their tests: that it names a crate does not say that
a wheel contains it. Sources: The Cargo Book, "Dependency resolution"; the manifests of the crates in ``_ALWAYS``, 2026.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.cargo import workspace
from diagnose.readers.cargo.cfg import fits
from diagnose.readers.cargo.features import words
from diagnose.readers.cargo.files import parsed

if TYPE_CHECKING:
    from typing import Any

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.system.root import Root

_ALWAYS = {
    "openssl": "openssl-sys", "native-tls": "openssl-sys", "alsa": "alsa-sys", "cpal": "alsa-sys",
    "dbus": "libdbus-sys", "udev": "libudev-sys", "libpulse-binding": "libpulse-sys",
}  # fmt: skip
"""Crates that depend on another one on Linux with any features."""


def only(project: Project, root: Root, target: Target) -> Project:
    """Return *project* with the needs of which every build of its default features has certainly the crate."""
    manifest = parsed(project.path, root.text(project.path) or "")
    if _is_plain(manifest) and _is_alone(root.text(project.lock) or "" if project.lock else ""):
        return project
    direct = _direct(manifest, target)
    sure = direct | {_ALWAYS[name] for name in direct if name in _ALWAYS}
    return project._replace(
        needs=tuple(need for need in project.needs if not need.crate or need.crate.split()[0] in sure)
    )


def _is_plain(manifest: dict[str, Any]) -> bool:
    """Whether a build has no choice: neither features beside the default ones, nor dependencies of tests."""
    features = manifest.get("features")
    names = set(features) if isinstance(features, dict) else set()
    tables = [
        (kind, options) for _, one in workspace.sections(manifest) for kind, _, options in workspace.dependencies(one)
    ]
    chosen = any(kind == "dev-dependencies" or options.get("optional") for kind, options in tables)
    return not chosen and names <= {"default", *words(manifest, ("default",))}


def _is_alone(lock: str) -> bool:
    """Whether *lock* has one package of the project only: all others have a source."""
    return lock.count("[[package]]\n") - lock.count("\nsource = ") == 1


def _direct(manifest: dict[str, Any], target: Target) -> set[str]:
    """Return the packages that the manifest itself depends on, for *target*, in every build."""
    found = set()
    for platform, section in workspace.sections(manifest):
        for kind, key, options in workspace.dependencies(section):
            needed = not platform or fits(platform, target, build=kind == "build-dependencies")
            if needed and kind != "dev-dependencies" and not options.get("optional"):
                found.add(str(options.get("package", key)))
    return found
