"""The values in cargo's configuration that make it stop at once, because they are of the wrong type.

Only keys that every build reads: those of other profiles than the built one, or of the network, may stay unread.

Source: The Cargo Book, configuration; cargo 1.85 and 1.95, asked for each.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers import toml
from diagnose.readers.cargo import profiles
from diagnose.readers.cargo.files import place_of

if TYPE_CHECKING:
    from typing import Any

    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.variables import Variables

_COLORS = ("auto", "always", "never")
#: Keys, and what their values may be.
_KEYS = {
    ("build", "jobs"): "a number that is not 0, or `default`",
    ("build", "incremental"): "true or false",
    ("term", "verbose"): "true or false",
    ("term", "quiet"): "true or false",
    ("term", "color"): "auto, always or never",
    ("build", "rustc"): "a string",
    ("build", "rustc-wrapper"): "a string",
    ("build", "rustc-workspace-wrapper"): "a string",
    ("build", "target-dir"): "a string",
    ("build", "target"): "a string or a list of them",
    ("build", "rustflags"): "a string or a list of them",
    ("http", "timeout"): "a number",
}


def refuse(config: Config, variables: Variables) -> None:
    """See that cargo accepts the values of all these keys.

    Raises:
        InputError: it does not.
    """
    profiles.refuse_settings(config, variables)
    folder = variables.own("CARGO_TARGET_DIR")
    if folder is not None and not folder.value:
        raise InputError(f"{folder.where}: cargo stops at an empty name of its target folder")
    for keys, wanted in _KEYS.items():
        name = f"CARGO_{'_'.join(keys).upper().replace('-', '_')}"
        own = variables.own(name)
        if own is not None:
            if not _accepts_text(keys, wanted, own.value):
                raise InputError(f"{own.where}: cargo stops at {own.value!r}: it takes {wanted}")
            continue
        for path, content, text in config.files:
            value = toml.table(content, *keys[:-1]).get(keys[-1])
            if value is None:
                continue
            if not _accepts(keys, wanted, value):
                raise InputError(f"{place_of(path, text, keys)}: cargo stops at {'.'.join(keys)}: it takes {wanted}")
            break
    for path, content, text in config.files:
        for triple, table in toml.table(content, "target").items():
            for key in ("linker", "rustflags", "runner") if isinstance(table, dict) else ():
                value = table.get(key, "")
                if not isinstance(value, str) and (key == "linker" or not isinstance(value, list)):
                    where = place_of(path, text, ("target", triple, key))
                    taken = "a string" if key == "linker" else "a string or a list of them"
                    raise InputError(f"{where}: cargo stops at target.{triple}.{key}: it takes {taken}")
        for name, entry in toml.table(content, "env").items():
            value = entry.get("value") if isinstance(entry, dict) else entry
            if not isinstance(value, str):
                where = place_of(path, text, ("env", name))
                raise InputError(f"{where}: cargo stops at env.{name}: it takes a string, or a table with one as value")


def _accepts_text(keys: tuple[str, ...], wanted: str, value: str) -> bool:
    if wanted == "a number":
        return value.isascii() and value.isdecimal()
    if keys[-1] == "jobs":
        digits = value[1:] if value.startswith(("+", "-")) else value
        return value == "default" or (digits.isascii() and digits.isdecimal() and len(digits) < 10 and int(digits) != 0)
    if keys[-1] == "color":
        return value in _COLORS
    return wanted != "true or false" or value in ("true", "false")


def _accepts(keys: tuple[str, ...], wanted: str, value: Any) -> bool:
    if keys[-1] == "jobs":
        return value == "default" or (isinstance(value, int) and not isinstance(value, bool) and value != 0)
    if keys[-1] == "color":
        return isinstance(value, str) and value in _COLORS
    if wanted == "true or false":
        return isinstance(value, bool)
    if wanted == "a number":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str) or (isinstance(value, list) and "list" in wanted)
