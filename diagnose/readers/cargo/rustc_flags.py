"""The options of rustc in the flags that cargo passes to it, and the input of the linker among them.

Which of them a release accepts is in :mod:`~.rustc_judgement`.

Sources: ``rustc --help -v`` of 1.48 to 1.97; The rustc book, command-line arguments.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers.system.root import Root

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.cargo.variables import Setting

# fmt: off
#: Options by name: whether a value follows.
_LONG = {
    **dict.fromkeys(
        [
            "cfg", "check-cfg", "crate-type", "crate-name", "edition", "emit", "print", "out-dir", "explain", "target",
            "allow", "warn", "force-warn", "deny", "forbid", "cap-lints", "codegen", "extern", "sysroot",
            "error-format", "json", "color", "diagnostic-width", "remap-path-prefix", "remap-path-scope", "env-set",
        ],
        True,
    ),
    **dict.fromkeys(["help", "test", "version", "verbose"], False),
}
# fmt: on
_SHORT = {**dict.fromkeys("LloAWDFCZ", True), **dict.fromkeys("hgOVv", False)}
_ALIASES = {"--codegen": "-C", "--allow": "-A", "--warn": "-W", "--deny": "-D", "--forbid": "-F"}


class RustcOption(NamedTuple):
    """One option of rustc. Other words have no name.

    ``refused`` is rustc's reason to stop, if it does not have such an option; ``unsure``: it depends on its release.
    """

    name: str
    """As ``-C`` or ``--cfg``."""
    value: str
    """As ``opt-level=3``."""
    setting: Setting
    """What names it."""
    refused: str = ""
    unsure: bool = False


def options(words: Iterable[tuple[str, Setting]]) -> Iterator[RustcOption]:
    """Split *words* like rustc's command line."""
    pending = iter(words)
    for word, setting in pending:
        if word.startswith("--") and len(word) > 2:
            name, equals, value = word[2:].partition("=")
            if name not in _LONG:
                yield RustcOption(word, "", setting, f"Unrecognized option: '{name}'")
                continue
            if _LONG[name] and not equals:
                value = next(pending, ("", setting))[0]
                if not value:
                    yield RustcOption(word, "", setting, f"Argument to option '{name}' missing")
                    continue
            yield RustcOption(_ALIASES.get(f"--{name}", f"--{name}"), value, setting)
        elif word.startswith("-") and len(word) > 1:
            yield from _short(word[1:], setting, pending)
        elif word.startswith("@"):
            yield RustcOption("", word, setting, unsure=True)
        else:
            yield RustcOption(
                "", word, setting, f"multiple input filenames provided (first two filenames are `-` and `{word}`)"
            )


def _short(letters: str, setting: Setting, pending: Iterator[tuple[str, Setting]]) -> Iterator[RustcOption]:
    for place, letter in enumerate(letters):
        if letter not in _SHORT:
            yield RustcOption(f"-{letters}", "", setting, f"Unrecognized option: '{letter}'")
            return
        if not _SHORT[letter]:
            yield RustcOption(f"-{letter}", "", setting)
            continue
        value = letters[place + 1 :] or next(pending, ("", setting))[0]
        if not value:
            yield RustcOption(f"-{letter}", "", setting, f"Argument to option '{letter}' missing")
            return
        yield RustcOption(f"-{letter}", value, setting)
        return


#: Words for the compiler that links which decide on no file.
_HARMLESS = frozenset(
    {"-s", "-Wl,--as-needed", "-Wl,--gc-sections", "-Wl,-z,now", "-Wl,-z,relro", "-Wl,-z,noexecstack"}
)


#: Options after which the link is another one, with another linker, other libraries or other objects.
_OTHER_LINK = frozenset(
    [
        "instrument-coverage", "link-self-contained", "linker-features", "linker-flavor", "linker-plugin-lto",
        "profile-generate", "profile-use", "relocation-model", "code-model",
    ]
)  # fmt: skip


class LinkInput(NamedTuple):
    """What flags give the linker: the names after ``-l``, the folders after ``-L``, and all other words."""

    libs: tuple[tuple[str, Setting], ...] = ()
    folders: tuple[str, ...] = ()
    others: tuple[tuple[str, Setting], ...] = ()


def link_input(found: Iterable[RustcOption]) -> LinkInput:
    """Return what the options give the linker, with shared or either kind of libraries apart from all else."""
    libs: list[tuple[str, Setting]] = []
    folders: list[str] = []
    others: list[tuple[str, Setting]] = []
    for option in found:
        if option.name == "-L":
            kind, equals, folder = option.value.partition("=")
            if kind not in ("dependency", "crate", "framework"):
                folders.append(folder if equals else kind)
        elif option.name == "-l":
            kind, _, name = option.value.rpartition("=")
            name = name.partition(":")[0]
            if kind in ("", "dylib") and name:
                libs.append((name, option.setting))
            else:
                others.append((f"-l {option.value}", option.setting))
        elif option.name == "-C" and option.value.startswith(("link-arg=", "link-args=")):
            several = option.value.startswith("link-args=")
            text = option.value.partition("=")[2]
            for word in text.split() if several else [text]:
                if word.startswith("-l") and len(word) > 2:
                    libs.append((word[2:], option.setting))
                elif word.startswith("-L") and len(word) > 2:
                    folders.append(word[2:])
                elif not word.startswith(("-fuse-ld=", "-Wl,-rpath,", "-Wl,-soname,")) and word not in _HARMLESS:
                    others.append((f"-C link-arg={word}", option.setting))
        elif option.name == "-C" and option.value.partition("=")[0].replace("_", "-") in _OTHER_LINK:
            others.append((f"-C {option.value}", option.setting))
    return LinkInput(tuple(libs), tuple(dict.fromkeys(folders)), tuple(others))


#: Crates with which build scripts find or make libraries, whose folders they then name.
_NAMING = frozenset(
    {"autotools", "cc", "cmake", "meson-next", "pkg-config", "system-deps", "vcpkg", "pyo3-build-config"}
)


def may_add_folders(place: Root, project: Project) -> bool:
    """Whether a build script of *project* may name folders of libraries, which are then searched for all."""
    if any(crate.name.endswith("-sys") or _NAMING & set(crate.dependencies) for crate in project.crates):
        return True
    here = place if place.live else Root("/")
    script = os.path.join(os.path.dirname(project.path), "build.rs")
    return bool(project.path) and here.exists(script)
