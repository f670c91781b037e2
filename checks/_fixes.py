"""The fixes of an environment: commands of its own package manager, and the configuration that they end with."""

from __future__ import annotations

import os

from checks._configuration import NOTHING, Configuration, Variables, linker_configuration, pkgconfig_configuration
from checks._install import install, system
from diagnose.finding import Command, FileEdit, Fix, Stage
from diagnose.named import TYPE_CHECKING
from diagnose.readers.env import Environment
from diagnose.readers.pkgconfig import Library

if TYPE_CHECKING:
    from collections.abc import Iterable


def fix(
    env: Environment,
    title: str,
    packages: Iterable[str] = (),
    configuration: Configuration = NOTHING,
    commands: tuple[Command, ...] = (),
    files: tuple[FileEdit, ...] = (),
    notes: str = "",
    safe: bool = True,
) -> Fix:
    """Return one fix: *packages* and those of *configuration* installed, *configuration* exported and written down."""
    here = system(env)
    if configuration.variables:
        # One file, whichever finding it is read under: everything that the target's configuration still lacks.
        search = pkgconfig_configuration(env)
        named = {name for name, _ in configuration.variables}
        rest = [one for one in search.variables if one[0] not in named and not _same_purpose(one[0], named)]
        if rest:
            # The build asks pkg-config before it links, so what it then asks has to be there, and to be asked anew.
            packages = (*packages, *search.packages)
            answered = [library for library in env.libraries if library.outcome in ("found", "wrong-arch")]
            commands = (*commands, *(command for library in answered for command in ask_again(env, library)))
        rest += [one for one in linker_configuration(env).variables if one[0] not in named]
        both = sorted((*configuration.variables, *rest), key=lambda one: one[0].startswith("CARGO_TARGET_"))
        configuration = configuration._replace(variables=tuple(both))
    names = (*packages, *configuration.packages)
    foreign = env.target.debian if any(name.endswith(f":{env.target.debian}") for name in names) else ""
    installing = install(here, names, foreign)
    if installing and env.apt is not None:
        from checks.apt._sources import serving

        files = (*files, *serving(env, foreign))
    elif installing and env.rpm_repos:
        from checks.rpm._repos import mending

        installing = (*mending(env), *installing)
    if names and not installing:
        notes = f"No package manager is known here; Debian calls it {' and '.join(names)}. {notes}".strip()
    edits, remarks = _config_edit(env, configuration.variables)
    return Fix(
        title=title,
        commands=tuple(sorted((*installing, *commands), key=lambda command: command.stage.value)),
        env=configuration.variables,
        files=(*files, *edits),
        notes=" ".join(filter(None, (notes, remarks))),
        safe=safe,
    )


def _same_purpose(name: str, named: set[str]) -> bool:
    """Whether the variables *named* already say what *name* would: both choose where pkg-config looks."""
    return name.startswith("PKG_CONFIG") and any(other.startswith("PKG_CONFIG") for other in named)


def _config_edit(env: Environment, variables: Variables) -> tuple[tuple[FileEdit, ...], str]:
    """Return the edit of cargo's configuration that sets *variables* for good, and what has to be said about it."""
    if not variables:
        return (), ""
    from diagnose import cargo_config

    own = next((file for file in env.project.config if file.own), None)
    path = _relative(env, own.path if own else _new_config(env))
    try:
        after = cargo_config.edited(own.text if own else "", variables)
    except ValueError as error:
        return (), f"{path} has to be edited by hand: {error}."
    shadowing = [name for name, _ in variables if env.variables.own(name) is not None and not name.startswith("CARGO_")]
    remarks = f"The variable {shadowing[0]} of this shell wins over the file: unset it." if shadowing else ""
    if own and own.text == after:
        return (), remarks
    return (FileEdit(path, own.text if own else None, after),), remarks


def _new_config(env: Environment) -> str:
    return os.path.join(os.path.dirname(env.project.path) or env.cwd, ".cargo", "config.toml")


def _relative(env: Environment, path: str) -> str:
    """Return *path*, of the project, as seen from the working directory: absolute paths are those of the root."""
    return os.path.relpath(path, env.cwd)


def with_zig(env: Environment) -> tuple[Fix, ...]:
    """Return the linker for every target that needs no package of the distribution: zig's, through maturin."""
    return (
        Fix(
            "let zig link, which needs no package for the target",
            (
                Command("python3 -m pip install 'maturin[zig]'", Stage.TOOLCHAIN),
                Command(f"maturin build --release --zig --target {env.target.triple}", Stage.BUILD),
            ),
            notes="zig brings the compiler, and glibc's or musl's files, itself; cargo then needs no linker setting.",
        ),
    )


def ask_again(env: Environment, library: Library) -> tuple[Command, ...]:
    """Return what makes cargo run the build script again that got a wrong answer.

    Before 1.86 cargo did not do so when a variable of its configuration changed (rust-lang/cargo#10358).
    """
    if not library.crate or not env.project.lock:
        return ()
    crate = library.crate.partition(" ")[0]
    return (Command(f"cargo clean --release --target {env.target.triple} --package {crate}", Stage.BUILD),)
