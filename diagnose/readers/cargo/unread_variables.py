"""Variables that seem to be for pkg-config, cargo or the cc crate, but that these do not read.

Sources: pkg-config-rs's ``targeted_env_var``, The Cargo Book (environment variables), the cc crate's documentation,
pkg-config(1) and pkgconf(1).
"""

from __future__ import annotations

from itertools import islice

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.variables import Setting, Variables


LIMIT = 2000
"""Variables that are looked at; no process is started with as many."""


class Ignored(NamedTuple):
    """A variable that no tool reads. ``meant`` is the correct name; empty if unknown."""

    setting: Setting
    """The variable as it is set."""
    meant: str = ""
    reason: str = ""
    """Why no tool reads it, in one line."""


_PER_TARGET = (
    "PKG_CONFIG_ALLOW_CROSS",
    "PKG_CONFIG_SYSROOT_DIR",
    "PKG_CONFIG_LIBDIR",
    "PKG_CONFIG_PATH",
    "PKG_CONFIG",
    "CFLAGS",
    "CXXFLAGS",
    "CXX",
    "CC",
    "AR",
)
# Names that a tool reads, which are not misspellings.
_KNOWN = (
    *("PKG_CONFIG", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "PKG_CONFIG_SYSROOT_DIR", "PKG_CONFIG_ALLOW_CROSS"),
    *("PKG_CONFIG_ALL_STATIC", "PKG_CONFIG_ALL_DYNAMIC", "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS"),
    *("PKG_CONFIG_ALLOW_SYSTEM_LIBS", "PKG_CONFIG_SYSTEM_INCLUDE_PATH", "PKG_CONFIG_SYSTEM_LIBRARY_PATH"),
    *("PKG_CONFIG_TOP_BUILD_DIR", "PKG_CONFIG_DISABLE_UNINSTALLED", "PKG_CONFIG_DEBUG_SPEW", "PKG_CONFIG_LOG"),
    *("PKG_CONFIG_DONT_DEFINE_PREFIX", "PKG_CONFIG_DONT_RELOCATE_PATHS", "PKG_CONFIG_FDO_SYSROOT_RULES"),
    *("PKG_CONFIG_RELOCATE_PATHS", "PKG_CONFIG_PKGCONF1_SYSROOT_RULES"),  # from pkgconf 2.3 and 2.0 on
    *("PKG_CONFIG_IGNORE_CONFLICTS", "PKG_CONFIG_PURE_DEPGRAPH", "PKG_CONFIG_MAXIMUM_TRAVERSE_DEPTH"),
    *("PKG_CONFIG_MSVC_SYNTAX", "PKG_CONFIG_EARLY_TRACE", "PKG_CONFIG_PRELOADED_FILES"),
    *("PKG_CONFIG_FOR_BUILD", "PKG_CONFIG_PATH_FOR_BUILD", "PKG_CONFIG_FOR_TARGET", "PKG_CONFIG_PATH_FOR_TARGET"),
)
_CARGO_KEYS = ("LINKER", "RUNNER", "RUSTFLAGS")


def find(variables: Variables, target: Target) -> tuple[Ignored, ...]:
    """Return the variables that no tool reads in a build for *target*."""
    found = []
    for setting in islice(variables.all(), LIMIT):
        for look in (_misplaced, _cargo_target, _per_target, _misspelt):
            ignored = next(look(setting, target), None)
            if ignored is not None:
                found.append(ignored)
                break
    return tuple(found)


def _misplaced(setting: Setting, target: Target) -> Iterator[Ignored]:
    """Cargo's own variables in ``[env]``, where cargo does not read them."""
    name = setting.name
    own = name == "CARGO_BUILD_TARGET" or (name.startswith("CARGO_TARGET_") and name.endswith(_CARGO_KEYS))
    if setting.path and own:
        yield Ignored(setting, _key(name), "cargo does not read its own variables from [env]")


def _key(name: str) -> str:
    if name == "CARGO_BUILD_TARGET":
        return "build.target"
    for row in targets.TARGETS:
        for key in _CARGO_KEYS:
            if name == f"CARGO_TARGET_{row.cargo_env_name}_{key}":
                return f"target.{row.triple}.{key.lower()}"
    return ""


def _cargo_target(setting: Setting, target: Target) -> Iterator[Ignored]:
    """``CARGO_TARGET_<TRIPLE>_LINKER`` in any spelling but cargo's."""
    folded = _fold(setting.name)
    if not folded.startswith("CARGO_TARGET_") or not folded.endswith(_CARGO_KEYS):
        return
    key = folded.rpartition("_")[2]
    middle = folded[len("CARGO_TARGET_") : -len(key) - 1]
    if not middle:
        return
    meant = f"CARGO_TARGET_{middle}_{key}"
    if setting.name != meant:
        yield Ignored(setting, meant, "cargo reads only upper-case letters and underscores")
        return
    row = _row(middle, target)
    if row is not None and middle != row.cargo_env_name:
        yield Ignored(setting, f"CARGO_TARGET_{row.cargo_env_name}_{key}", f"{middle} is not a Rust target")


def _per_target(setting: Setting, target: Target) -> Iterator[Ignored]:
    """``PKG_CONFIG_PATH_<triple>`` and similar names with an unknown Rust target, or in the wrong case."""
    for variable in _PER_TARGET:
        if not setting.name.startswith(variable + "_") or setting.name in _KNOWN:
            continue
        suffix = setting.name[len(variable) + 1 :]
        row = _row(suffix, target)
        if row is not None and suffix not in (row.triple, row.env_name):
            reason = (
                "the name of the target is case-sensitive" if suffix.isupper() else f"{suffix} is not a Rust target"
            )
            yield Ignored(setting, f"{variable}_{row.env_name}", reason)
        return


def _row(name: str, target: Target) -> Target | None:
    """Return the target of *name*, in any spelling; *target* itself if it fits."""
    folded = _fold(name)
    if folded.count("_") < 2:  # `CC_FOR_BUILD` and the like: not the name of a target
        return None
    rows = [
        row
        for row in targets.TARGETS
        if folded in map(_fold, (row.triple, row.multiarch, row.gnu))
        or any(folded == _fold(f"{alias}-unknown-linux-{row.triple.rpartition('-')[2]}") for alias in (row.uname,))
    ]
    return target if target in rows else rows[0] if rows else None


def _fold(name: str) -> str:
    return name.upper().replace("-", "_").replace(".", "_")


def _misspelt(setting: Setting, target: Target) -> Iterator[Ignored]:
    """A name that is one typing error away from a name that pkg-config or the crate reads."""
    name = setting.name
    if name in _KNOWN or not _fold(name).startswith(("PKG_CONFIG", "PKGCONFIG", "PKG_CONF_")):
        return
    if name.startswith("PKG_CONFIG_") and name.count("_") > 3:
        return  # PKG_CONFIG_<MODULE>_<VARIABLE> overrides a module's variable
    if len(name) > 2 * max(map(len, _KNOWN)):
        return
    import difflib

    close = difflib.get_close_matches(_fold(name), _KNOWN, n=1, cutoff=0.85)
    if close:
        yield Ignored(setting, close[0], "no tool reads a variable of this name")
