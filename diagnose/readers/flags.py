"""The options in the flags for rustc, judged by the Rust, the linker and the libraries of one environment."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers import toml
from diagnose.readers.cargo import rustc_flags
from diagnose.readers.toolchain import rustup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.cargo.rustc_flags import RustcOption
    from diagnose.readers.cargo.variables import Setting, Variables
    from diagnose.readers.elf.library import LinkFile
    from diagnose.readers.system.root import Root
    from diagnose.readers.toolchain.toolchain_facts import Rust, Toolchain


def refused(
    place: Root,
    options: tuple[RustcOption, ...],
    rust: Rust,
    variables: Variables,
    target: Target,
    config: Config,
    project: Project,
) -> tuple[tuple[RustcOption, ...], Rust]:
    """Return the options that *rust* does not have, and *rust* with its release if that had to be known for it."""
    if not options or not rust.rustc.found:
        return (), rust
    from diagnose.readers.cargo import rustc_judgement  # only with flags

    if not rust.version:
        rust = rust._replace(version=rustup.cargo_version(place, rust))
        rust = rust._replace(compiler=rustup.compiler_version(place, rust))
    release = rust.compiler or rust.version
    nightly = rust.toolchain.startswith(("nightly", "dev")) or variables.own("RUSTC_BOOTSTRAP") is not None
    known = rustc_judgement.is_known(release) and not nightly
    judge_by = release if rustc_judgement.is_known(release) else rustc_judgement.LATEST
    lto = _may_turn_on_lto(config, variables, project)
    odd = [
        *rustc_judgement.judged(options, judge_by, target.triple, profile_lto=lto),
        *rustc_judgement.processors(options, judge_by, target.triple),
        *_absent_files(place, options, rust, target),
    ]
    odd = [option for option in odd if (option.refused or option.unsure) and (option.name != "-Z" or not nightly)]
    place.unseen += [
        f"whether this rustc accepts {' '.join(filter(None, option[:2]))}: {option.setting.where}"
        for option in odd
        if option.unsure or not known
    ]
    odd = [option for option in odd if not option.unsure]
    return tuple(odd) if known else (), rust


def _absent_files(place: Root, options: tuple[RustcOption, ...], rust: Rust, target: Target) -> Iterator[RustcOption]:
    """Yield the options that need a file which is not there: a profile, or the library that profiles a program."""
    folder = f"{rust.sysroot}/lib/rustlib/{target.triple}/lib"
    for option in options:
        name, _, value = option.value.partition("=")
        name = name.replace("_", "-")
        if option.name != "-C" or name not in ("profile-use", "profile-generate", "instrument-coverage"):
            continue
        if name == "profile-use" and os.path.isabs(value) and not place.exists(value):
            yield option._replace(refused=f"file `{value}` passed to `-C profile-use` does not exist")
        profiled = name != "profile-use" and value not in _OFF and target.triple in rust.std
        if profiled and not any(one.startswith("libprofiler_builtins-") for one in place.names(folder)):
            yield option._replace(refused="can't find crate for `profiler_builtins`")


_OFF = frozenset({"off", "no", "n", "0", "false"})


def _may_turn_on_lto(config: Config, variables: Variables, project: Project) -> bool:
    """Whether a profile turns link-time optimization on: off, its absence and false make no difference here."""
    tables = [content for _, content in project.manifests] + [content for _, content, _ in config.files]
    profiles = [one for table in tables for one in toml.table(table, "profile").values() if isinstance(one, dict)]
    values = [profile.get("lto", False) for profile in profiles]
    values += [
        value
        for name, value in variables.process.items()
        if name.startswith("CARGO_PROFILE_") and name.endswith("_LTO")
    ]
    return any(value is not False and value not in _OFF for value in values)


def flagged(
    place: Root,
    options: tuple[RustcOption, ...],
    variables: Variables,
    tools: Toolchain,
    target: Target,
    project: Project,
    cwd: str,
) -> tuple[tuple[tuple[Setting, LinkFile], ...], dict[str, list[str]]]:
    """Return the files that the linker finds for the libraries in *options*, and the words not known, by their source.

    A library that it does not find may be in a folder that a build script names, or one that cannot be seen from here.
    """
    given = rustc_flags.link_input(options)
    passed: dict[str, list[str]] = {}
    for word, setting in given.others:
        passed.setdefault(setting.name, []).append(word)
    if not given.libs:
        return (), passed
    from diagnose.readers.elf import library as linkfile

    linkfile.refuse_many(given.libs[0][1].where, given.libs, given.folders)
    folders = [os.path.join(cwd, folder) for folder in given.folders]
    path = variables.get("LIBRARY_PATH")
    own = (*(path.value.split(":") if path else ()), *tools.link_dirs)
    aside = any(not os.path.isabs(folder) for folder in given.folders) and not place.live
    found = []
    for name, setting in given.libs:
        file = linkfile.find(place, name, folders, own, target)
        usable = file.kind != "missing" and (file.accepted is not False or file.saved_by)
        if not usable and (aside or not tools.link_dirs or rustc_flags.may_add_folders(place, project)):
            passed.setdefault(setting.name, []).append(f"-l{name}")
        else:
            found.append((setting, file))
    return tuple(found), passed
