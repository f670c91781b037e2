"""The Rust that a project's crates require, and the releases of a crate that do not require it."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.cargo import needs, older_versions, project, rust_versions

if TYPE_CHECKING:
    from diagnose.model.targets import Target
    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.project_facts import Floor, Project
    from diagnose.readers.system.root import Root


def floors(
    place: Root, home: str, config: Config, asking: Project, target: Target, rust: str
) -> tuple[tuple[Floor, ...], bool]:
    """Return what the crates of *asking* require beyond *rust*, and whether a manifest that says it is absent."""
    sources = needs.source_folders(place, home, config)
    found, lacking = rust_versions.floors(place, asking, sources, target, rust)
    if found:
        found = older_versions.marked(place, home, project.manifest(place, asking.path), found, rust)
    return found, lacking
