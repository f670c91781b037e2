"""The options in the flags for rustc, judged by the Rust, the linker and the libraries of one environment."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.cargo import rustc_flags
from diagnose.readers.toolchain import rustup

if TYPE_CHECKING:
    from diagnose.model.targets import Target
    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.cargo.rustc_flags import RustcOption
    from diagnose.readers.cargo.variables import Setting, Variables
    from diagnose.readers.elf.library import LinkFile
    from diagnose.readers.system.root import Root
    from diagnose.readers.toolchain.toolchain_facts import Rust, Toolchain


def refused(
    place: Root, options: tuple[RustcOption, ...], rust: Rust, variables: Variables, target: Target
) -> tuple[tuple[RustcOption, ...], Rust]:
    """Return the options that *rust* does not have, and *rust* with its release if that had to be known for it."""
    odd = [option for option in options if option.refused or option.unsure]
    odd += rustc_flags.processors(options, target.triple)
    if not odd or not rust.rustc.found:
        return (), rust
    if not rust.version:
        rust = rust._replace(version=rustup.cargo_version(place, rust))
    nightly = rust.toolchain.startswith(("nightly", "dev")) or variables.own("RUSTC_BOOTSTRAP") is not None
    known = rustc_flags.is_known(rust.version) and not nightly
    odd = [option for option in odd if option.name != "-Z" or not nightly]
    place.unseen += [
        f"whether this rustc accepts {' '.join(filter(None, option[:2]))}: {option.setting.where}"
        for option in odd
        if option.unsure or not known
    ]
    odd = [option for option in odd if not option.unsure]
    return tuple(odd) if known else (), rust


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
