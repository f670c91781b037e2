"""The values in cargo's configuration that make it stop at once, because they are of the wrong type.

Only keys that every build reads: those of other profiles than the built one, or of the network, may stay unread.

Source: The Cargo Book, configuration; cargo 1.85 and 1.95, asked for each.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers import toml
from diagnose.readers.cargo import profiles
from diagnose.readers.cargo.profiles import key_refused, variable_refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.variables import Variables
    from diagnose.readers.project_refusal import Refusal

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


def refused(config: Config, variables: Variables) -> Iterator[Refusal]:
    """Yield the values of all these keys, and of profiles, that cargo does not take."""
    yield from profiles.refused_settings(config, variables)
    folder = variables.own("CARGO_TARGET_DIR")
    if folder is not None and not folder.value:
        yield variable_refused(folder, "cargo stops at an empty name of its target folder")
    for keys, wanted in _KEYS.items():
        name = f"CARGO_{'_'.join(keys).upper().replace('-', '_')}"
        own = variables.own(name)
        if own is not None:
            if not _accepts_text(keys, wanted, own.value):
                yield variable_refused(own, f"cargo stops at {own.value[:60]!r}: it takes {wanted}")
            continue
        for path, content, text in config.files:
            value = toml.table(content, *keys[:-1]).get(keys[-1])
            if value is None:
                continue
            if not _accepts(keys, wanted, value):
                yield key_refused(path, text, keys, value, f"cargo stops at {str(value)[:60]!r}: it takes {wanted}")
            break
    for path, content, text in config.files:
        for triple, table in toml.table(content, "target").items():
            for key in ("linker", "rustflags", "runner") if isinstance(table, dict) else ():
                value = table.get(key, "")
                if not isinstance(value, str) and (key == "linker" or not isinstance(value, list)):
                    taken = "a string" if key == "linker" else "a string or a list of them"
                    why = f"cargo stops at {str(value)[:60]!r}: it takes {taken}"
                    yield key_refused(path, text, ("target", triple, key), value, why)
        for name, entry in toml.table(content, "env").items():
            value = entry.get("value") if isinstance(entry, dict) else entry
            if not isinstance(value, str):
                why = f"cargo stops at {str(entry)[:60]!r}: it takes a string, or a table with one as value"
                yield key_refused(path, text, ("env", name), entry, why)


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
