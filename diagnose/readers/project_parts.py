"""The parts of an environment that only a Cargo project has: most of what reads them is imported where there is one."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.cargo import project_facts
from diagnose.readers.system.root import Root

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.crate_sources import Lacking
    from diagnose.readers.cargo.needs import Need
    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.cargo.target_folder import Obstacle
    from diagnose.readers.cargo.variables import Variables
    from diagnose.readers.python_project import Refusal
    from diagnose.readers.toolchain.toolchain_facts import Finder, Toolchain


def refuse_settings(config: Config, variables: Variables) -> None:
    """See that cargo accepts the values of its settings.

    Raises:
        InputError: it does not.
    """
    if config.files or any(name.startswith(_SETTINGS) for name in variables.process):
        from diagnose.readers.cargo import value_types

        value_types.refuse(config, variables)


#: How the variables begin whose values cargo refuses.
_SETTINGS = ("CARGO_BUILD_", "CARGO_TERM_", "CARGO_TARGET_DIR", "CARGO_PROFILE_", "CARGO_HTTP_")


def project(place: Root, cwd: str, config: Config, variables: Variables, home: str, row: Target) -> Project:
    """Return the Cargo project of *cwd*; without a manifest, what cargo's configuration alone says.

    Raises:
        InputError: cargo refuses its manifest.
    """
    here = place if place.live else Root("/")
    path = project_facts.located(here, cwd)[0]
    if not path:
        return project_facts.configured(config, row)
    from diagnose.readers.cargo import manifest_syntax
    from diagnose.readers.cargo import project as cargo

    found = cargo.project(place, cwd, config, home, row)
    manifest_syntax.refuse(here, path, here.text(path) or "", cargo.manifest(place, path), config, variables)
    return found


def wanted(libs: Sequence[str], project: Project, variables: Variables, row: Target) -> list[Need]:
    """Return the modules that are needed: *libs*, or else those of *project*."""
    if not (libs or project.needs):
        return []
    from diagnose.readers import library_answers

    return library_answers.wanted(libs, project, variables, row)


def sourceless(
    place: Root, here: Root, home: str, project: Project, config: Config, variables: Variables, row: Target
) -> Lacking | None:
    """Return what cargo lacks of the sources of *project*."""
    if not project.crates:
        return None
    from diagnose.readers.cargo import crate_sources

    return crate_sources.lacking(place, here, home, project, config, variables, row)


def refusals(finder: Finder, cwd: str, project: Project, tools: Toolchain, *, cross: bool) -> tuple[Refusal, ...]:
    """Return what maturin or PyO3 refuses of the settings of *project*."""
    if not project.path or not project.wheel:
        return ()
    from diagnose.readers import python_project
    from diagnose.readers.cargo import project as cargo

    here = finder.root if finder.root.live else Root("/")
    content = cargo.manifest(finder.root, project.path)
    return tuple(python_project.refusals(finder, here, cwd, project, content, tools.python, cross=cross))


def obstacle(
    place: Root, project: Project, config: Config, variables: Variables, cwd: str, triple: str
) -> Obstacle | None:
    """Return what keeps cargo from writing to its target folder."""
    if not project.path:
        return None
    from diagnose.readers.cargo import target_folder

    here = place if place.live else Root("/")
    top = os.path.dirname(project.lock or project.path)
    return target_folder.obstacle(place, here, cwd, top, config, variables, triple)
