"""The parts of an environment that only a Cargo project has: most of what reads them is imported where there is one."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers import pip_settings
from diagnose.readers.cargo import project_facts
from diagnose.readers.env_facts import Hazards
from diagnose.readers.system.root import Root
from diagnose.readers.toolchain.toolchain_facts import Finder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.crate_sources import Lacking
    from diagnose.readers.cargo.lock import Crate
    from diagnose.readers.cargo.needs import Need
    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.cargo.variables import Variables
    from diagnose.readers.project_refusal import Refusal
    from diagnose.readers.toolchain.toolchain_facts import Program, Toolchain


def refused_settings(config: Config, variables: Variables) -> tuple[Refusal, ...]:
    """Return the values of settings that cargo does not accept."""
    if not config.files and not any(name.startswith(_SETTINGS) for name in variables.process):
        return ()
    from diagnose.readers.cargo import value_types

    return tuple(value_types.refused(config, variables))


#: How the variables begin whose values cargo refuses.
_SETTINGS = ("CARGO_BUILD_", "CARGO_TERM_", "CARGO_TARGET_DIR", "CARGO_PROFILE_", "CARGO_HTTP_")


def project(place: Root, cwd: str, config: Config, home: str, row: Target) -> Project:
    """Return the Cargo project of *cwd*; without a manifest, what cargo's configuration alone says.

    Raises:
        InputError: its manifest or lock file is not TOML.
    """
    here = place if place.live else Root("/")
    if not project_facts.located(here, cwd):
        return project_facts.configured(config, row)
    from diagnose.readers.cargo import project as cargo

    return cargo.project(place, cwd, config, home, row)


def wanted(libs: Sequence[str], project: Project, variables: Variables, row: Target) -> list[Need]:
    """Return the modules that are needed: *libs*, or else those of *project*."""
    if not (libs or project.needs):
        return []
    from diagnose.readers import library_answers

    return library_answers.wanted(libs, project, variables, row)


def copying(project: Project) -> tuple[Crate, ...]:
    """Return the crates of *project* that may compile their own copy of the library that they link."""
    if not any("cc" in crate.dependencies for crate in project.crates):
        return ()
    from diagnose.readers import library_answers

    return library_answers.copying(project)


def sourceless(
    place: Root, here: Root, home: str, project: Project, config: Config, variables: Variables, row: Target
) -> Lacking | None:
    """Return what cargo lacks of the sources of *project*."""
    if not project.crates:
        return None
    from diagnose.readers.cargo import crate_sources

    return crate_sources.lacking(place, here, home, project, config, variables, row)


def refusals(
    finder: Finder,
    cwd: str,
    project: Project,
    tools: Toolchain,
    config: Config,
    variables: Variables,
    row: Target,
    *,
    cross: bool,
) -> tuple[Refusal, ...]:
    """Return what cargo, maturin or PyO3 refuses of the settings and manifests of *project* in a build for *row*."""
    here = finder.root if finder.root.live else Root("/")
    found = refused_settings(config, variables)
    if project.path:
        from diagnose.readers.cargo import crate_sources, manifest_syntax

        found += tuple(manifest_syntax.refused(here, project, config, variables))
        found += tuple(crate_sources.refused(project, config, variables))
    if not (project.wheel or project_facts.has_python_side(here, cwd)):
        return found
    from diagnose.readers import python_project

    return found + tuple(python_project.refusals(finder, here, cwd, project, tools.python, variables, row, cross=cross))


def hazards(
    finder: Finder,
    cwd: str,
    project: Project,
    config: Config,
    variables: Variables,
    home: str,
    tools: Toolchain,
    row: Target,
    host: Target,
) -> Hazards:
    """Return what else can stop a build of *project* for *row* on *host*, with the *tools* that it uses."""
    if not project.path:
        return Hazards()
    from diagnose.readers.cargo import crate_sources, host_code, target_folder
    from diagnose.readers.toolchain import c_compiling

    place = finder.root
    here = place if place.live else Root("/")
    cross = row != host
    top = os.path.dirname(project.top)
    found = Hazards(
        tuple(target_folder.obstacles(place, here, cwd, top, config, variables, row.triple if cross else "", project)),
        host_code=host_code.needed(place, here, home, project, config) if cross or _lacks_start(tools) else None,
        program=links_program(place, project),
    )
    rooms = target_folder.little_room(place, cwd, top, config, variables, len(project.crates))
    unseen = [f"whether {one.left >> 20} MiB in {one.path} are enough for the build" for one in rooms]
    if project.crate("cc") is not None or project.crate("cmake") is not None:
        flags = list(c_compiling.flags(place, tools, variables, row, host))
        unseen += [f"whether the C compiler takes {one.word}: {one.setting.where}" for one in flags if not one.refused]
        found = found._replace(
            libc_headers=tuple(c_compiling.absent_headers(place, tools, row)),
            c_flags=tuple(one for one in flags if one.refused),
        )
    if downloads := crate_sources.to_download(place, home, project, config, variables):
        obstacles = (*found.obstacles, *target_folder.home(place, home, variables))
        found = found._replace(obstacles=obstacles)
        unseen.append(f"whether cargo can download {downloads} crate{'' if downloads == 1 else 's'}")
    if packed := crate_sources.packed_only(place, home, project):
        unseen.append(f"whether {packed} downloaded crate{' is' if packed == 1 else 's are'} whole")
    if (downloads or packed) and project.unread_features:
        unseen.append("the features of the dependencies")
    name = config.find("source", "crates-io", "replace-with")
    folder = config.find("source", name.value, "directory") if name is not None else None
    if folder is not None and any(crate.registry for crate in project.crates):
        unseen.append(f"whether the crates in {folder.value} are unchanged: cargo compares their checksums")
    unseen += [
        why if "Cargo.lock does not" in why else f"whether cargo may change Cargo.lock: {why}"
        for _, why in project.outdated
    ]
    maturin, named = _maturin(finder, cwd, project)
    named = named and (place.live or variables.own("PATH") is not None)  # else it may be in a folder of theirs
    if maturin is not None and not maturin.found and not named:
        unseen.append("maturin, which is not on PATH" if place.live else "maturin, which is in no usual folder")
    no_index = pip_settings.no_index(place, variables) if named else None
    if no_index is not None:
        unseen.append(f"builds by pip in an environment of their own, for which it asks no index: {no_index.where}")
    return found._replace(maturin=maturin if named else None, no_index=no_index, unseen=tuple(unseen))


def links_program(place: Root, project: Project) -> bool:
    """Whether cargo links a program for the target: one of the package's own, where maturin does not build a wheel."""
    content = next((content for path, content in project.manifests if path == project.path), None)
    if content is None or project.wheel:
        return False
    here, folder = place if place.live else Root("/"), os.path.dirname(project.path)
    return "bin" in content or here.is_file(f"{folder}/src/main.rs") or here.is_dir(f"{folder}/src/bin")


def _lacks_start(tools: Toolchain) -> bool:
    """Whether the linker lacks what only a program needs, such as a build script."""
    return any(file.name == "Scrt1.o" and not file.path for file in tools.start_files)


def _maturin(finder: Finder, cwd: str, project: Project) -> tuple[Program | None, bool]:
    """Return the maturin that builds the wheel of *project*, and whether pyproject.toml names it.

    None where no wheel is built, or nothing shows that maturin builds it.
    """
    here = finder.root if finder.root.live else Root("/")
    named = project_facts.names_maturin(here, cwd)
    if not named and project.abi3 is None:
        return None, False
    found = finder.program("maturin")
    if not found.found and finder.root.live:
        beside = Finder(finder.root, os.path.join(os.path.abspath(cwd), ".venv/bin")).program("maturin")
        found = beside if beside.found else found
    return found, named
