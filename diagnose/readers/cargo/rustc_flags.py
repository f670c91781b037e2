"""The options of rustc in the flags that cargo passes to it: those that it has, and the input of the linker among them.

Sources: ``rustc --help -v`` and ``rustc -C help`` of 1.85 and 1.95; The rustc book, command-line arguments.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.versions import newer
from diagnose.readers.system.root import Root

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.cargo.variables import Setting

#: The releases whose options were read; those of older and newer ones are not known here.
OLDEST, NEWEST = "1.85", "1.95"
# fmt: off
#: ``-C`` options of both.
CODEGEN = frozenset(
    [
        "ar", "code-model", "codegen-units", "collapse-macro-debuginfo", "control-flow-guard", "debug-assertions",
        "debuginfo", "default-linker-libraries", "dlltool", "embed-bitcode", "extra-filename", "force-frame-pointers",
        "force-unwind-tables", "incremental", "inline-threshold", "instrument-coverage", "link-arg", "link-args",
        "link-dead-code", "link-self-contained", "linker", "linker-flavor", "linker-plugin-lto", "llvm-args", "lto",
        "metadata", "no-prepopulate-passes", "no-redzone", "no-stack-check", "no-vectorize-loops", "no-vectorize-slp",
        "opt-level", "overflow-checks", "panic", "passes", "prefer-dynamic", "profile-generate", "profile-use",
        "relocation-model", "relro-level", "remark", "rpath", "save-temps", "soft-float", "split-debuginfo", "strip",
        "symbol-mangling-version", "target-cpu", "target-feature",
    ]
)
# fmt: on
#: ``-C`` options of the newest one only: it is not known here with which release they came.
LATER = frozenset(["dwarf-version", "help", "jump-tables", "linker-features", "unsafe-allow-abi-mismatch"])
_BOOLEAN = frozenset(["y", "yes", "on", "true", "n", "no", "off", "false"])
# fmt: off
# fmt: off
#: The values of options that have few of them, in both; ``panic=immediate-abort`` is one of the newest only.
_VALUES = {
    "opt-level": frozenset(["0", "1", "2", "3", "s", "z"]),
    "strip": frozenset(["none", "debuginfo", "symbols"]),
    "debuginfo": frozenset(["0", "1", "2", "none", "line-directives-only", "line-tables-only", "limited", "full"]),
    "code-model": frozenset(["tiny", "small", "kernel", "medium", "large"]),
    "relocation-model": frozenset(["static", "pic", "pie", "dynamic-no-pic", "ropi", "rwpi", "ropi-rwpi", "default"]),
    "panic": frozenset(["unwind", "abort", "immediate-abort"]),
    "symbol-mangling-version": frozenset(["legacy", "v0", "hashed"]),
    "lto": _BOOLEAN | {"thin", "fat"},
    "split-debuginfo": frozenset(["off", "packed", "unpacked"]),
    "relro-level": frozenset(["full", "partial", "off"]),
    "collapse-macro-debuginfo": frozenset(["no", "external", "yes"]),
    "linker-flavor": frozenset(
        [
            "gnu", "gnu-lld", "gnu-cc", "gnu-lld-cc", "darwin", "darwin-lld", "darwin-cc", "darwin-lld-cc", "wasm-lld",
            "wasm-lld-cc", "unix", "unix-cc", "msvc-lld", "msvc", "em-cc", "bpf", "llbc", "ptx", "gcc", "ld", "ld.lld",
            "ld64.lld", "lld-link", "wasm-ld", "em",
        ]
    ),
    **dict.fromkeys(["debug-assertions", "embed-bitcode", "prefer-dynamic"], _BOOLEAN),
}
# fmt: on
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
#: Options that the oldest does not have or that only a nightly has, and those that decide by more than their value.
_UNSURE = frozenset({"remap-path-scope", "env-set", "sysroot", "crate-type", "json"})


#: Those that cargo itself passes, and that rustc takes once.
_CARGOS = frozenset({"edition", "crate-name", "out-dir", "error-format", "color"})
#: Those after which rustc does something else than to compile what cargo gives it.
_ASIDE = frozenset({"--test", "--explain", "--version", "--help", "-o", "-V", "-h"})
_LEVELS = frozenset({"allow", "warn", "deny", "forbid"})
_LIBRARIES = frozenset({"static", "dylib", "framework", "link-arg"})
_EMITTED = frozenset(["asm", "llvm-bc", "dep-info", "link", "llvm-ir", "metadata", "mir", "obj", "thin-link-bitcode"])


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
            yield _judged(RustcOption(_ALIASES.get(f"--{name}", f"--{name}"), value, setting, unsure=name in _UNSURE))
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
            yield _judged(RustcOption(f"-{letter}", "", setting))
            continue
        value = letters[place + 1 :] or next(pending, ("", setting))[0]
        yield _judged(RustcOption(f"-{letter}", value, setting))
        return


def _judged(option: RustcOption) -> RustcOption:
    if option.name == "-Z":
        return option._replace(refused="the option `Z` is only accepted on the nightly compiler")
    if option.name in _ASIDE:
        return option._replace(refused="output of --print=file-names missing")
    if option.name.startswith("--"):
        return _judged_long(option, option.name[2:])
    kind, equals, _ = option.value.partition("=")
    if option.name == "-l" and equals and kind.partition(":")[0] not in _LIBRARIES:
        return option._replace(refused=f"unknown library kind `{kind}`")
    if option.name != "-C":
        return option
    name, equals, value = option.value.partition("=")
    name = name.replace("_", "-")
    if name in LATER:
        return option._replace(unsure=True)
    if name not in CODEGEN:
        return option._replace(refused=f"unknown codegen option: `{name}`")
    if (name, value) == ("panic", "immediate-abort"):
        return option._replace(unsure=True)
    if (name, value) == ("codegen-units", "0"):
        return option._replace(refused="value for codegen units must be a positive non-zero integer")
    if name in _VALUES and equals and value not in _VALUES[name]:
        return option._replace(refused=f"incorrect value `{value}` for codegen option `{name}`")
    return option


def _judged_long(option: RustcOption, name: str) -> RustcOption:
    if name in _CARGOS:
        return option._replace(refused=f"Option '{name}' given more than once")
    if name == "cap-lints" and option.value not in _LEVELS:
        return option._replace(refused=f"unknown lint level: `{option.value}`")
    wrong = [one for one in option.value.split(",") if one.partition("=")[0] not in _EMITTED]
    if name == "emit" and wrong:
        return option._replace(refused=f"unknown emission type: `{wrong[0]}`")
    return option


def processors(found: Iterable[RustcOption], triple: str) -> list[RustcOption]:
    """Return the option that names the processor, the last one, if rustc does not compile for that, or may not."""
    named = [option for option in found if option.name == "-C" and option.value.replace("_", "-", 1).startswith(_CPU)]
    name = named[-1].value[len(_CPU) :] if named else ""
    if name in ("", "native"):
        return []
    from diagnose.tables import rustc_processors  # only with such an option

    known = rustc_processors.names(_architecture(triple))
    if not known or known.get(name) == OLDEST:
        return []
    if name in known:
        return [named[-1]._replace(unsure=True)]
    reason = f"LLVM knows no 64-bit processor `{name}` of {_architecture(triple)}"
    return [named[-1]._replace(refused=reason)]


def _architecture(triple: str) -> str:
    return triple.partition("-")[0].replace("riscv64gc", "riscv64")


_CPU = "target-cpu="


def is_known(version: str) -> bool:
    """Whether the options of that release of rustc are known here."""
    return bool(version) and not newer(OLDEST, version) and not newer(version, f"{NEWEST}.99")


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
