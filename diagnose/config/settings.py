"""Reads a configuration file: every key and every id in it is known, or it is refused."""

from __future__ import annotations

from diagnose import policies
from diagnose.config import excludes
from diagnose.config.config_file import CHOOSING
from diagnose.config.declared import PATTERNS, AllowEntry, is_date
from diagnose.engine import registry
from diagnose.model import globs, targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, cache
from diagnose.model.check import names_one_of
from diagnose.model.finding import InputError, Severity
from diagnose.model.spelling import did_you_mean
from diagnose.readers import toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from diagnose.config.config_file import SettingsFile
    from diagnose.model.exclude_pattern import ExcludePattern

ENTRIES_LIMIT = 1000
"""Values of one key."""
TEXT_LIMIT = 1000
"""Characters of one value."""


class SettingKey(NamedTuple):
    """A key that sets an option of the command line: whether it may have several values, and which it may have."""

    many: bool = False
    choices: tuple[str, ...] = ()


class Settings(NamedTuple):
    """What a configuration file says. Every field can be compared and hashed."""

    path: str = ""
    """The file."""
    values: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    """Key → value of the keys that set options, in the order of the file."""
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Pattern of file names → ids of checks, or prefixes of ids."""
    severity: tuple[tuple[str, Severity], ...] = ()
    """Id of a check, or a prefix → the severity of its findings."""
    allow: tuple[AllowEntry, ...] = ()
    """The declared intents."""
    excludes: tuple[ExcludePattern, ...] = ()
    """The patterns of libraries that the project's repair leaves outside, where the file is its ``pyproject.toml``."""
    lines: tuple[tuple[str, int], ...] = ()
    """Key → its line in the file."""

    def value(self, key: str) -> Any:
        """Return the value of *key*, or None."""
        return dict(self.values).get(key)

    def place(self, key: str) -> str:
        """Return ``file:line`` of *key*."""
        line = dict(self.lines).get(key, 0)
        return f"{self.path}:{line}" if line else self.path


def read(file: SettingsFile, known: dict[str, SettingKey]) -> Settings | None:
    """Return the settings in *file*, where the keys *known* set options; None in a project file without the table.

    Raises:
        InputError: it is not TOML, or it has an unknown key, an unknown id or a value that its key cannot have.
    """
    try:
        text = file.content.decode("utf-8-sig")  # editors on Windows begin files with a mark
        content: Any = toml.parse(text)
    except UnicodeDecodeError:
        raise InputError(f"{file.path}: not UTF-8") from None
    except ValueError as error:
        raise InputError(f"{file.path}: not valid TOML: {' '.join(str(error).split())[:200]}") from None
    tables: tuple[str, ...] = ()
    project = content
    if file.path.endswith("pyproject.toml"):
        tables = ("tool", "diagnose")
        for name in tables:
            content = content.get(name) if isinstance(content, dict) else None
        if content is None:
            return None
    if not isinstance(content, dict):
        raise InputError(f"{file.path}: tool.diagnose is not a table")
    found = _SettingsReader(file.path, text, tables, content).settings(known)
    return found._replace(excludes=excludes.patterns(project, file.path, text) if tables else ())


class _SettingsReader:
    """Checks the content of one configuration file."""

    def __init__(self, path: str, text: str, tables: tuple[str, ...], content: dict[str, Any]) -> None:
        self.path, self.text, self.tables, self.content = path, text, tables, content

    def settings(self, known: dict[str, SettingKey]) -> Settings:
        keys = [*known, "per-file-ignores", "severity", "allow"]
        for key in self.content:
            if key not in keys:
                raise self.wrong(f"unknown key {_shown(key)}{did_you_mean(key.replace('_', '-'), keys)}", key)
        return Settings(
            self.path,
            tuple((key, self._value(key, value, known[key])) for key, value in self.content.items() if key in known),
            tuple(self._per_file_ignores()),
            tuple(self._severity()),
            tuple(self._allow()),
            lines=tuple((key, toml.line_of(self.text, *self.tables, key)) for key in self.content),
        )

    def wrong(self, reason: str, *keys: str) -> InputError:
        """Return the error that names the file, the line of the key and *reason*."""
        line = toml.line_of(self.text, *self.tables, *keys)
        return InputError(f"{self.path}{f':{line}' if line else ''}: {reason}")

    def texts(self, value: object, *keys: str) -> tuple[str, ...]:
        """Return the texts of *value*, a list of them or a single one."""
        name = ".".join(map(_bare, keys))
        entries = [entry for entry in (value if isinstance(value, list) else [value]) if isinstance(entry, str)]
        if entries != value and entries != [value]:
            raise self.wrong(f"{name}: not a text or a list of texts", *keys)
        if len(entries) > ENTRIES_LIMIT:
            raise self.wrong(f"{name}: more than {ENTRIES_LIMIT} values", *keys)
        for entry in entries:
            if len(entry) > TEXT_LIMIT:
                raise self.wrong(f"{name}: a value has more than {TEXT_LIMIT} characters", *keys)
            if not entry.strip() or not entry.isprintable():
                raise self.wrong(f"{name}: {_shown(entry)} is empty or has control characters", *keys)
        return tuple(entries)

    def pattern(self, text: str, name: str, *keys: str) -> None:
        """Refuse a pattern that cannot be compared with names at a bounded cost."""
        if globs.is_excessive(text):
            signs = f"with ? or [, a pattern may have {globs.SIGNS_LIMIT} of *, ? and ["
            raise self.wrong(f"{name}: {_shown(text)} has too many signs: {signs}", *keys)

    def ids(self, value: object, *keys: str) -> tuple[str, ...]:
        """Return the ids of *value*, in lower case, each known; as on the command line, commas may separate them."""
        names = dict.fromkeys(name for text in self.texts(value, *keys) for name in text.split(","))
        return tuple(dict.fromkeys(self.id(name, *keys) for name in names))

    def id(self, name: str, *keys: str) -> str:
        """Return the id, alias or prefix *name* in lower case."""
        wanted = name.strip().lower()
        if not is_known(wanted):
            close = did_you_mean(wanted, all_names())
            raise self.wrong(f"{'.'.join(map(_bare, keys))}: no check is named {_shown(name)}{close}", *keys)
        return wanted

    def _value(self, key: str, value: object, setting: SettingKey) -> str | tuple[str, ...]:
        if key in CHOOSING:
            return self.ids(value, key)
        texts = self.texts(value, key)
        if not setting.many and (isinstance(value, list) or len(texts) != 1):
            raise self.wrong(f"{key}: not a single text", key)
        for text in texts:
            if setting.choices and text not in setting.choices:
                close = did_you_mean(text, list(setting.choices)) or f"; it takes {', '.join(setting.choices)}"
                raise self.wrong(f"{key}: {_shown(text)} is unknown{close}", key)
            if key in _FAULTS and (fault := _FAULTS[key](text)):
                raise self.wrong(f"{key}: {fault}", key)
        return texts if setting.many else texts[0]

    def _table(self, key: str) -> dict[str, Any]:
        table = self.content.get(key, {})
        if not isinstance(table, dict):
            raise self.wrong(f"{key}: not a table", key)
        if len(table) > ENTRIES_LIMIT:
            raise self.wrong(f"{key}: more than {ENTRIES_LIMIT} values", key)
        return table

    def _per_file_ignores(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        key = "per-file-ignores"
        for pattern, value in self._table(key).items():
            self.texts(pattern, key)
            self.pattern(pattern, key, key, pattern)
            yield pattern, self.ids(value, key, pattern)

    def _severity(self) -> Iterator[tuple[str, Severity]]:
        key = "severity"
        for name, value in self._table(key).items():
            known = [severity.value for severity in Severity]
            if value not in known:
                close = did_you_mean(value, known) if isinstance(value, str) else ""
                close = close or "; `ignore` leaves a check out" * (value in _NO_SEVERITY)
                raise self.wrong(f"{key}.{name}: not one of {', '.join(known)}{close}", key, name)
            yield self.id(name, key, name), Severity(value)

    def _allow(self) -> Iterator[AllowEntry]:
        tables = self.content.get("allow", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self.wrong("allow: not a list of tables: write [[tool.diagnose.allow]], or [[allow]]", "allow")
        if len(tables) > ENTRIES_LIMIT:
            raise self.wrong(f"allow: more than {ENTRIES_LIMIT} values", "allow")
        keys = ("id", "reason", *PATTERNS, "expires")
        for number, table in enumerate(tables, 1):
            for key in table:
                if key not in keys:
                    close = did_you_mean(key, list(keys)) or f"; it has {', '.join(keys)}"
                    raise self.wrong(f"allow entry {number}: unknown key {_shown(key)}{close}", "allow", key)
            for key in ("id", "reason"):
                if key not in table:
                    raise self.wrong(f"allow entry {number}: {key} is missing", "allow")
            if not any(key in table for key in PATTERNS):
                raise self.wrong(f"allow entry {number}: needs a pattern: {', '.join(PATTERNS)}", "allow")
            texts = {key: self._text(value, "allow", key) for key, value in table.items() if key != "expires"}
            for key in PATTERNS:
                self.pattern(texts.get(key, ""), f"allow.{key}", "allow", key)
            expires = _date(table.get("expires", ""))
            if expires is None:
                raise self.wrong(f"allow entry {number}: expires is not a date such as 2027-01-31", "allow", "expires")
            yield AllowEntry(number, **{**texts, "id": self.id(texts["id"], "allow", "id")}, expires=expires)

    def _text(self, value: object, *keys: str) -> str:
        if not isinstance(value, str):
            raise self.wrong(f"{'.'.join(keys)}: not a text", *keys)
        return self.texts(value, *keys)[0]


#: Other tools' words for a check that does not run; in YAML and TOML, ``off`` may arrive as a boolean.
_NO_SEVERITY = ("off", "none", "ignore", "disabled", "never", False, 0)


def _date(value: object) -> str | None:
    """Return a date of TOML, or a text that is one, as a text; None for anything else."""
    text = str(value)
    if text == "":
        return ""
    return text if is_date(text) else None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")


def _bare(key: str) -> str:
    """Return *key* as it may be printed."""
    return key if key.isprintable() and len(key) <= 60 else _shown(key)


def _target_fault(name: str) -> str:
    return "" if targets.resolve(name) else targets.refusal(name, "targets").removesuffix(" (targets)")


def _library_fault(name: str) -> str:
    return "" if len(name.split()) == 1 else f"{_shown(name)} is not the name of a pkg-config module"


_FAULTS: dict[str, Callable[[str], str]] = {
    "policy": policies.refusal,
    "targets": _target_fault,
    "libs": _library_fault,
}


@cache
def is_known(selector: str) -> bool:
    """Whether *selector*, in lower case, is a check's id or alias, or a prefix of one.

    The ids are names of files: checks are imported, for their aliases, only where no file has the name.
    """
    if names_one_of(_file_names(), selector):
        return True
    return any(check.matches(selector) for check in registry.load())


def all_names() -> list[str]:
    """Return every id and alias of every check."""
    return [name for check in registry.load() for name in (check.id, *check.aliases)]


def _file_names() -> Iterable[str]:
    for package in registry.packages() or [registry.BUILT_IN]:
        for name in registry.modules(package):
            yield name.rpartition(".")[2].replace("_", "-")
