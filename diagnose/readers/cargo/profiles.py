"""The values in cargo's profiles at which cargo or rustc stops.

cargo reads the profiles of a manifest, and the four of its own also in its configuration and in variables such as
``CARGO_PROFILE_DEV_OPT_LEVEL``. Some values it refuses itself, whichever profile is built; others it passes on, and
rustc refuses them in the profile that is built.

Source: The Cargo Book, profiles; cargo 1.95, asked for each key with some 25 values.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers import toml
from diagnose.readers.cargo.files import place_of
from diagnose.readers.cargo.variables import Setting
from diagnose.readers.project_refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.variables import Variables

PREFIX = "CARGO_PROFILE_"
#: The cause where cargo refuses its configuration.
CONFIG = "cargo-config-refused"
#: cargo's own profiles, and those of them that a build uses.
_OWN, _BUILT = ("dev", "release", "test", "bench"), ("dev", "release")


class _Key(NamedTuple):
    """What a key takes: switches, numbers and words; ``passed``: cargo passes every other word on to rustc."""

    words: tuple[str, ...] = ()
    switch: bool = False
    numbers: tuple[int, ...] = ()
    least: int | None = None
    """For any number from it on."""
    passed: bool = False
    package: bool = True
    """Whether a profile has it also in its tables for packages and build scripts."""

    @property
    def taken(self) -> str:
        """What it takes, in words."""
        numbers = [str(number) for number in self.numbers] or ([f"a number from {self.least}"] if self.least else [])
        return ", ".join([*numbers, *(["true", "false"] if self.switch else []), *self.words])


_KEYS = {
    "opt-level": _Key(("s", "z"), numbers=(0, 1, 2, 3)),
    "debug": _Key(
        ("none", "limited", "full", "line-tables-only", "line-directives-only"), switch=True, numbers=(0, 1, 2)
    ),
    "strip": _Key(("none", "debuginfo", "symbols"), switch=True, passed=True),
    "debug-assertions": _Key(switch=True),
    "overflow-checks": _Key(switch=True),
    "lto": _Key(("off", "thin", "fat", "yes", "no", "on", "y", "n"), switch=True, passed=True, package=False),
    "panic": _Key(("unwind", "abort", "immediate-abort"), package=False),
    "incremental": _Key(switch=True),
    "codegen-units": _Key(least=1),
    "rpath": _Key(switch=True, package=False),
}


def refused_settings(config: Config, variables: Variables) -> Iterator[Refusal]:
    """Yield the values that cargo or rustc does not take in the profiles of the configuration and of variables."""
    named = [name for name in variables.process if name.startswith(PREFIX)]
    for profile in _OWN:
        for path, content, text in config.files if profile in _BUILT else ():
            if "inherits" in (table := toml.table(content, "profile", profile)):
                why = f"cargo stops at it: {profile} is one of its own profiles"
                yield key_refused(path, text, ("profile", profile, "inherits"), table["inherits"], why)
        for key, rule in _KEYS.items():
            name = f"{PREFIX}{profile}_{key}".upper().replace("-", "_")
            if name in named:
                said = _number(variables.process[name])
                if why := _refusal(rule, said, built=profile in _BUILT):
                    yield variable_refused(Setting(name, variables.process[name]), why)
                continue
            for path, content, text in config.files:
                table = toml.table(content, "profile", profile)
                if key in table:
                    if why := _refusal(rule, table[key], built=profile in _BUILT):
                        yield key_refused(path, text, ("profile", profile, key), table[key], why)
                    break


def refused_in_manifest(
    content: dict[str, Any], config: Config, variables: Variables
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield (keys, why) of the values in the profiles of a manifest that cargo or rustc does not take."""
    for profile, table in toml.table(content, "profile").items():
        if profile in _BUILT and isinstance(table, dict) and "inherits" in table:
            yield ("profile", profile, "inherits"), f"cargo stops at inherits: {profile} is one of its own profiles"
        for keys, entries in _tables(profile, table):
            for key, value in entries.items():
                rule = _KEYS.get(key)
                if rule is None or not (rule.package or len(keys) == 2):
                    continue
                built = profile in _BUILT and len(keys) == 2 and not _is_overridden(config, variables, profile, key)
                if why := _refusal(rule, value, built=built):
                    yield (*keys, key), why


def variable_refused(setting: Setting, why: str) -> Refusal:
    """Return that cargo stops at the value of a variable, and *why*."""
    return Refusal(CONFIG, f"{setting.name}: {why}"[:160], "", setting=setting)


def key_refused(path: str, text: str, keys: tuple[str, ...], value: object, why: str) -> Refusal:
    """Return that cargo stops at the *value* of a key in its configuration at *path*, and *why*."""
    return Refusal(
        CONFIG, f"{'.'.join(keys)}: {why}"[:160], f"{keys[-1]} = {value!r}"[:120], place_of(path, text, keys)
    )


def _tables(profile: str, table: Any) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield (keys, content) of a profile and of its tables for packages and build scripts."""
    if isinstance(table, dict):
        yield ("profile", profile), table
        yield ("profile", profile, "build-override"), toml.table(table, "build-override")
        for name in toml.table(table, "package"):
            yield ("profile", profile, "package", name), toml.table(table, "package", name)


def _is_overridden(config: Config, variables: Variables, profile: str, key: str) -> bool:
    name = f"{PREFIX}{profile}_{key}".upper().replace("-", "_")
    return name in variables.process or any(key in toml.table(one, "profile", profile) for _, one, _ in config.files)


def _number(text: str) -> Any:
    """Return the value of a variable as cargo reads it: a switch, a number, or text."""
    digits = text[1:] if text.startswith(("+", "-")) else text
    if digits.isascii() and digits.isdecimal() and len(digits) < 10:
        return int(text)
    return {"true": True, "false": False}.get(text, text)


def _refusal(rule: _Key, value: Any, *, built: bool) -> str:
    """Return why a build stops at *value*; empty if it does not. Of a profile that is not *built* only cargo judges."""
    if isinstance(value, bool):
        stops, judge = not rule.switch, "cargo"
    elif isinstance(value, int):
        wrong = value not in rule.numbers if rule.least is None else value < rule.least
        # of the numbers of a level cargo passes on all, and of units all that are not negative
        late = (rule.numbers == (0, 1, 2, 3) and value >= 0) or (rule.least is not None and value == 0)
        stops, judge = wrong and (built or not late), "rustc" if late else "cargo"
    elif isinstance(value, str):
        stops, judge = value not in rule.words and (built or not rule.passed), "rustc" if rule.passed else "cargo"
    else:
        stops, judge = True, "cargo"
    return f"{judge} stops at {str(value)[:60]!r}: it takes {rule.taken}" if stops else ""
