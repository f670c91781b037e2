"""Whether a build compiles code for the machine that builds: build scripts and procedural macros.

Source: The Cargo Book, build scripts (``package.build``) and cargo targets (``proc-macro``).
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.cargo import workspace
from diagnose.readers.cargo.needs import source_folders, source_of

if TYPE_CHECKING:
    from typing import Any

    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.system.root import Root

#: Crates that have a build script, or are a procedural macro, in every release of the last years.
_KNOWN = frozenset(
    [
        "anyhow", "libc", "proc-macro2", "pyo3-build-config", "pyo3-ffi", "pyo3-macros", "quote", "serde",
        "serde_derive", "thiserror-impl", "tokio-macros",
    ]
)  # fmt: skip

#: Crates that only build scripts depend on: who needs one of them has such a script.
_OF_SCRIPTS = frozenset({"autocfg", "autotools", "bindgen", "cc", "cmake", "pkg-config", "vcpkg", "version_check"})


def needed(root: Root, here: Root, home: str, project: Project, config: Config) -> bool | None:
    """Return whether the build of *project* runs code of its own on the build machine; None if that is not known."""
    own = {workspace.name(content): (path, content) for path, content in project.manifests}
    compiled = {crate.name for crate in project.crates}
    answers: list[bool | None] = []
    for name, (path, content) in own.items():
        if path == project.path or name in compiled:
            answers.append(_of_manifest(here, path, content))
    sources = source_folders(root, home, config) if project.crates else ()
    for crate in project.crates:
        if crate.name in own:
            continue
        if crate.name in _KNOWN or crate.name.endswith("-sys") or not _OF_SCRIPTS.isdisjoint(crate.dependencies):
            answers.append(True)
            continue
        path, content = source_of(root, crate, sources) or ("", {})
        answers.append(_of_manifest(root, path, content) if path else None)
    if True in answers:
        return True
    return None if None in answers or project.unlocked else False


def _of_manifest(place: Root, path: str, content: dict[str, Any]) -> bool:
    package, library = content.get("package"), content.get("lib")
    script = package.get("build") if isinstance(package, dict) else None
    if isinstance(library, dict) and (library.get("proc-macro") is True or library.get("proc_macro") is True):
        return True
    return script is not False and (bool(script) or place.exists(os.path.join(os.path.dirname(path), "build.rs")))
