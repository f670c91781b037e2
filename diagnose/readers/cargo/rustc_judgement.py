"""Whether rustc accepts the options in the flags that cargo passes to it, by its release.

Sources: ``tables/rustc_options.txt``; cargo 1.65 to 1.97, which passes options of its own and reads what rustc prints.
"""

from __future__ import annotations

import itertools

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.versions import version_key
from diagnose.tables import rustc_options, rustc_processors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from diagnose.readers.cargo.rustc_flags import RustcOption

_SHORT_BOOLEAN = frozenset(["y", "yes", "on", "n", "no", "off"])
_LONG_BOOLEAN = frozenset(["true", "false"])
#: The first release that takes ``true`` and ``false`` for a boolean.
_LONG_SINCE = "1.69"
#: Those that cargo itself passes, and that rustc takes once.
_CARGOS = frozenset({"--edition", "--crate-name", "--out-dir", "--error-format"})
#: Those after which rustc does something else than to compile what cargo gives it.
_ASIDE = frozenset({"--test", "--explain", "--version", "--help", "-o", "-V", "-h"})
#: Requests that it answers and still compiles, and since when.
_PRINTED = {"link-args": "1.60", "native-static-libs": ""}
_LEVELS = frozenset({"allow", "warn", "deny", "forbid"})
_KINDS = frozenset({"static", "dylib", "framework"})
#: A modifier of a library's kind: the release that it came with. ``as-needed`` is for a nightly.
_MODIFIERS = {"bundle": "1.48..1.63", "whole-archive": "1.48..1.63", "verbatim": "1.67"}
_EMITTED = frozenset(["asm", "llvm-bc", "dep-info", "link", "llvm-ir", "metadata", "mir", "obj"])
#: Conditions that rustc sets itself, and the release from which on a lint refuses them.
_OWN_CFG, _OWN_CFG_SINCE = frozenset({"debug_assertions", "overflow_checks", "panic", "proc_macro"}), "1.82"
#: From this release on, rustc warns of an unknown lint; before that it is an error, where rustc shows warnings.
_LINTS_SINCE = "1.63..1.85"
#: From this release on, rustc ignores lints of a tool such as clippy.
_TOOL_LINTS_SINCE = "1.48..1.63"
#: Names that rustc has of old for lints, or groups of them.
_LINTS = frozenset(
    [
        "warnings", "unused", "unsafe_code", "missing_docs", "dead_code", "deprecated", "unused_imports",
        "unused_variables", "unused_mut", "unused_must_use", "unused_assignments", "non_snake_case",
        "nonstandard_style", "future_incompatible", "rust_2018_idioms", "unreachable_pub", "help",
    ]
)  # fmt: skip


#: The newest release that is known here.
LATEST = rustc_options.NEWEST


def is_known(version: str) -> bool:
    """Whether the options of that release of rustc are known here."""
    key = version_key(version)[:2]
    return version_key(rustc_options.OLDEST) <= key <= version_key(rustc_options.NEWEST)


def reached(since: str, version: str) -> bool | None:
    """Whether *version* is not older than *since*; None if it lies between the two releases that this names."""
    first, _, last = since.partition("..")
    key = version_key(version)[:2]
    if not last:
        return key >= version_key(first)
    return True if key >= version_key(last) else False if key <= version_key(first) else None


def judged(
    options: Sequence[RustcOption], version: str, triple: str, *, profile_lto: bool = False
) -> Iterator[RustcOption]:
    """Yield the *options*, each as rustc of *version* judges it in a build for *triple*.

    *profile_lto*: a profile of the project may turn link-time optimization on, and cargo then passes other options.
    """
    for option in options:
        if option.refused or option.unsure:
            yield option
        elif option.name == "-C":
            yield _of_codegen(option, version, triple)
        else:
            yield _of_others(option, version)
    yield from _of_lto(options, profile_lto=profile_lto)


def _since(option: RustcOption, since: str, version: str, refused: str) -> RustcOption:
    """Return *option* as it is, refused for *refused*, or unsure, by *since*."""
    there = reached(since, version) if since else True
    return option if there else option._replace(unsure=True) if there is None else option._replace(refused=refused)


def _of_codegen(option: RustcOption, version: str, triple: str) -> RustcOption:
    name, equals, value = option.value.partition("=")
    name = name.replace("_", "-")
    if name == "help":
        return option._replace(refused="output of --print=file-names missing")
    row = rustc_options.table().get(name)
    if row is None:
        return option._replace(refused=f"unknown codegen option: `{name}`")
    if row.since:
        here = _since(option, row.since, version, f"unknown codegen option: `{name}`")
        if here is not option:
            return here
    if row.gone and reached(row.gone, version) is not False:
        return _since(option._replace(refused=f"`-C {name}`: this option has been removed"), row.gone, version, "")
    if name == "link-self-contained" and (not equals or value in _SHORT_BOOLEAN) and triple.endswith("-gnu"):
        there = reached(_SELF_CONTAINED, version)
        why = "option `-C link-self-contained` is not supported on this target"
        return option._replace(unsure=True) if there is None else option._replace(refused=why) if there else option
    return _of_value(option, name, value if equals else None, row, version)


#: Between these, rustc began to refuse ``link-self-contained`` for targets with glibc.
_SELF_CONTAINED = "1.63..1.85"


def _of_value(
    option: RustcOption, name: str, value: str | None, row: rustc_options.OptionRow, version: str
) -> RustcOption:
    if value is None:
        needs = row.takes in ("number", "text", "words", "other")
        return option._replace(refused=f"codegen option `{name}` requires a value") if needs else option
    wrong = option._replace(refused=f"incorrect value `{value}` for codegen option `{name}`")
    words = dict(row.words)
    if value in words:
        return (
            option._replace(unsure=True)
            if words[value] == "other"
            else _since(option, words[value], version, wrong.refused)
        )
    if row.takes == "other":
        return option._replace(unsure=True)
    if row.takes == "switch" or "boolean" in words:
        if value in _LONG_BOOLEAN and name != "link-self-contained":
            return _since(option, _LONG_SINCE, version, wrong.refused)
        return option if value in _SHORT_BOOLEAN else wrong
    if row.takes == "number":
        if name == "codegen-units" and value == "0":
            return option._replace(refused="value for codegen units must be a positive non-zero integer")
        return option if value.isdecimal() else wrong
    if row.takes in ("words", "flag"):
        return wrong
    return option if value or name != "linker" else wrong


def _of_others(option: RustcOption, version: str) -> RustcOption:
    name, value = option.name, option.value
    if name == "-Z":
        return option._replace(refused="the option `Z` is only accepted on the nightly compiler")
    if name in _ASIDE:
        return option._replace(refused="output of --print=file-names missing")
    if name == "--print" and value.partition("=")[0] not in _PRINTED:
        return option._replace(refused=f"rustc prints {value}, and writes no file")
    if name == "--print":
        return _since(option, _PRINTED[value.partition("=")[0]], version, f"unknown print request `{value}`")
    if name == "--color":
        return option._replace(refused="cannot specify the `--color` option with `--json`")
    if name in _CARGOS:
        return option._replace(refused=f"Option '{name[2:]}' given more than once")
    row = rustc_options.table().get(name)
    if row is not None and row.since:
        here = _since(option, row.since, version, f"Unrecognized option: '{name[2:]}'")
        return option._replace(unsure=True) if here is option and row.takes in ("other", "number") else here
    judge = _BY_NAME.get(name)
    return judge(option, version) if judge is not None else option


def _cap_lints(option: RustcOption, version: str) -> RustcOption:
    known = option.value in _LEVELS
    return option if known else option._replace(refused=f"unknown lint level: `{option.value}`")


def _emit(option: RustcOption, version: str) -> RustcOption:
    wrong = [one for one in option.value.split(",") if one.partition("=")[0] not in _EMITTED]
    return option._replace(refused=f"unknown emission type: `{wrong[0]}`") if wrong else option


def _json(option: RustcOption, version: str) -> RustcOption:
    return option._replace(refused="using `--json` requires also using `--error-format=json`")


def _env_set(option: RustcOption, version: str) -> RustcOption:
    return option._replace(refused="the `-Z unstable-options` flag must also be passed to enable the flag `env-set`")


def _prefix(option: RustcOption, version: str) -> RustcOption:
    good = "=" in option.value
    return option if good else option._replace(refused="--remap-path-prefix must contain '=' between FROM and TO")


def _extern(option: RustcOption, version: str) -> RustcOption:
    odd = ":" in option.value.partition("=")[0]
    why = "the `-Z unstable-options` flag must also be passed to enable `--extern` options"
    return option._replace(refused=why) if odd else option


def _unsure(option: RustcOption, version: str) -> RustcOption:
    return option._replace(unsure=True)


def _cfg(option: RustcOption, version: str) -> RustcOption:
    key, equals, value = option.value.partition("=")
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    if key[:1] == '"' or (equals and not quoted and value[:1] != "r"):
        return option._replace(refused=f"invalid `--cfg` argument: `{option.value}`")
    if key in _OWN_CFG or key.startswith("target_"):
        there = reached(_OWN_CFG_SINCE, version)
        return option._replace(refused=f"unexpected `--cfg {option.value}` flag") if there else option
    return option if key.replace("_", "a").isalnum() and not key[:1].isdigit() else option._replace(unsure=True)


def _library(option: RustcOption, version: str) -> RustcOption:
    kind, equals, name = option.value.rpartition("=")
    if ":" in (name if equals else option.value):
        crate = name.partition(":")[0]
        return option._replace(refused=f"renaming of the library `{crate}` was specified, and no crate links it so")
    if not equals:
        return option if option.value else option._replace(refused="an option `-l` names no library")
    kind, _, added = kind.partition(":")
    if kind not in _KINDS:
        return option._replace(refused=f"unknown library kind `{kind}`")
    for modifier in added.split(",") if added else ():
        if modifier[1:] not in _MODIFIERS or modifier[0] not in "+-":
            return option._replace(refused=f"unknown linking modifier `{modifier[1:]}`")
        here = _since(option, _MODIFIERS[modifier[1:]], version, f"linking modifier `{modifier[1:]}` is unstable")
        if here is not option:
            return here
    return option


def _lint(option: RustcOption, version: str) -> RustcOption:
    if option.value == "help":
        return option._replace(refused="output of --print=file-names missing")
    named = option.value.replace("-", "_").split(",")
    of_tools = reached(_TOOL_LINTS_SINCE, version)
    if all(one in _LINTS or ("::" in one and of_tools) for one in named) or reached(_LINTS_SINCE, version):
        return option
    return option._replace(unsure=True)


_BY_NAME = {
    "--cap-lints": _cap_lints,
    "--emit": _emit,
    "--json": _json,
    "--env-set": _env_set,
    "--extern": _extern,
    "--remap-path-prefix": _prefix,
    "--sysroot": _unsure,
    "--crate-type": _unsure,
    "--target": _unsure,
    "--cfg": _cfg,
    "-l": _library,
    **dict.fromkeys(["-A", "-W", "-D", "-F"], _lint),
}


def processors(options: Iterable[RustcOption], version: str, triple: str) -> list[RustcOption]:
    """Return the option that names the processor, the last one, if rustc does not compile for that, or may not."""
    named = [option for option in options if option.name == "-C" and option.value.replace("_", "-", 1).startswith(_CPU)]
    name = named[-1].value[len(_CPU) :] if named else ""
    architecture = triple.partition("-")[0].replace("riscv64gc", "riscv64")
    known = rustc_processors.names(architecture) if name not in ("", "native") else {}
    if not known:
        return []
    asked = sorted({*known.values()}, key=version_key)
    older = [release for release in asked if version_key(release) < version_key(known.get(name, "0"))]
    since = f"{older[-1]}..{known[name]}" if older else known.get(name, "")
    there = reached(since, version) if since else False
    if there:
        return []
    if there is None or not reached(asked[0], version):
        return [named[-1]._replace(unsure=True)]
    return [named[-1]._replace(refused=f"LLVM knows no 64-bit processor `{name}` of {architecture}")]


_CPU = "target-cpu="


def _of_lto(options: Iterable[RustcOption], *, profile_lto: bool) -> Iterator[RustcOption]:
    """Yield the option that asks for link-time optimization, which cargo's ``embed-bitcode=no`` rules out."""
    named, last = {}, {}
    for option, name in itertools.product(options, ("lto", "embed-bitcode")):
        key, equals, value = option.value.partition("=")
        if option.name == "-C" and key.replace("_", "-") == name:
            named[name], last[name] = option, value if equals else "yes"
    if last.get("lto", "no") in ("n", "no", "off", "false"):
        return
    if profile_lto or last.get("embed-bitcode", "no") not in ("n", "no", "off", "false"):
        yield named["lto"]._replace(unsure=True)
    else:
        yield named["lto"]._replace(refused="options `-C embed-bitcode=no` and `-C lto` are incompatible")
