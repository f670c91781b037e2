"""Variables in cargo's configuration file: a block to paste, and an edit that preserves everything else.

Source: The Cargo Book, configuration. ``[env]`` applies to rustc and build scripts, but cargo does not read its own
variables from it. ``CARGO_TARGET_<TRIPLE>_LINKER`` is ``[target.<triple>] linker``.
"""

from __future__ import annotations

from collections.abc import Iterable

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.targets import TARGETS
from diagnose.readers import toml

if TYPE_CHECKING:
    from typing import Any


Variables = Iterable[tuple[str, str]]

#: The longest configuration that is edited, in bytes: far above any real one, and the editor is slow.
EDIT_LIMIT = 1 << 16
#: Keys of ``[target.<triple>]`` with a corresponding variable and a string value.
_KEYS = ("LINKER", "RUNNER")


def block(variables: Variables) -> str:
    """Return the lines that set *variables* in a new ``.cargo/config.toml``."""
    return _appended("", _tables(variables))


def edited(text: str, variables: Variables, without: Iterable[str] = ()) -> str:
    """Return the configuration *text* with *variables* set, with unchanged comments and layout.

    Every spelling of a table in TOML is edited in place. *without* are names of variables to remove.

    Raises:
        ValueError: *text* is not TOML, is too large, or has another type in place of a table; in one line.
    """
    if len(text) > EDIT_LIMIT:
        raise ValueError(f"it is larger than {EDIT_LIMIT >> 10} KiB")
    wanted = _tables(variables)
    gone = [_place(name) for name in without]
    expected = toml.parse(text)
    for path, key in gone:
        toml.table(expected, *path).pop(key, None)
    for path, entries in wanted.items():
        table = expected
        for name in path:
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                raise ValueError(f"{'.'.join(path)} is not a table")  # noqa: TRY004  (the file's type, not ours)
        for key, value in entries.items():
            _put(table, key, value)
    if expected == toml.parse(text):
        return text
    try:
        after = _edit(text, wanted, gone)
        same = toml.parse(after) == expected and sorted(_comments(text)) == sorted(_comments(after))
    except (
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ):  # exceptions of tomlkit for unusual files
        same = False
    if not same:
        paths = dict.fromkeys((*wanted, *(path for path, _ in gone)))
        raise ValueError(f"{' and '.join('.'.join(path) for path in paths)} cannot be edited without loss")
    return after


def _comments(text: str) -> list[str]:
    """Return the lines of *text* that contain only a comment."""
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]


def removed(before: str, after: str) -> set[str]:
    """Return the names of variables that the configuration *before* sets and *after* does not."""
    return set(toml.table(toml.parse(before), "env")) - set(toml.table(toml.parse(after), "env"))


def _edit(text: str, wanted: dict[tuple[str, ...], dict[str, str]], gone: list[tuple[tuple[str, ...], str]]) -> str:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        if tomlkit.dumps(document) != text:
            raise ValueError("it changes when it is parsed and written again")
        for path, key in gone:
            _drop(toml.table(document, *path), key)
        missing = {path: entries for path, entries in wanted.items() if not _set(document, path, entries)}
        after = tomlkit.dumps(document)
    except TOMLKitError as error:
        raise ValueError(str(error)) from None
    if after and not after.endswith("\n"):
        after += "\n"
    after = _appended(after, missing)
    if "\r\n" in text and text.count("\n") == text.count("\r\n"):
        after = after.replace("\r\n", "\n").replace("\n", "\r\n")
    return after


def _set(document: Any, path: tuple[str, ...], entries: dict[str, str]) -> bool:
    """Set *entries* in the table *path* of a tomlkit document; False if they need a new table."""
    from tomlkit import inline_table, value
    from tomlkit.items import InlineTable

    table: Any = document
    for name in path:
        if name not in table:
            if not isinstance(table, InlineTable):
                return False
            _add(table, name, inline_table())
        table = table[name]
    for key, text in entries.items():
        if key not in table:
            _add(table, key, value(_string(text)))
        elif isinstance(table[key], dict):
            _put(table, key, text)
        else:
            old, new = table[key], value(_string(text))
            new.trivia.comment, new.trivia.comment_ws = old.trivia.comment, old.trivia.comment_ws
            new.trivia.trail = old.trivia.trail
            table[key] = new
    return True


def _add(table: Any, key: str, item: Any) -> None:
    """Add *key* after the last key of a tomlkit *table*, before the comments of the next item."""
    from tomlkit.items import Comment, InlineTable, Table, Whitespace

    trailing = []
    if isinstance(table, InlineTable) and table.as_string().endswith(" }"):
        item.trivia.trail = " "
    if isinstance(table, Table) and not table.is_super_table():
        body = table.value.body
        while body and isinstance(body[-1][1], (Comment, Whitespace)):
            trailing.append(body.pop())
        if body and not body[-1][1].trivia.trail.endswith("\n"):
            body[-1][1].trivia.trail += "\n"
    table[key] = item
    if trailing:
        table.value.body.extend(reversed(trailing))


def _drop(table: Any, key: str) -> None:
    """Remove *key* from a plain or a tomlkit *table*, and the extra blank of an inline table."""
    if key not in table:
        return
    body = getattr(getattr(table, "value", None), "body", None)
    if body is None:  # a plain table
        del table[key]
        return
    from tomlkit.items import Comment, Table, Whitespace

    place = next(index for index, (name, _) in enumerate(body) if name is not None and name.key == key)
    behind = ""  # comments after a table with a header belong to the next item
    if isinstance(body[place][1], Table):
        for _, item in reversed(body[place][1].value.body):
            if not isinstance(item, (Comment, Whitespace)):
                break
            behind = item.as_string() + behind
    del table[key]
    if behind:
        body[place] = (None, Whitespace(behind))
    if "\n" in table.as_string():
        return
    blank = False
    for index, (name, item) in enumerate(body):
        if name is not None:
            blank = False
        elif isinstance(item, Whitespace) and item.value.isspace():
            if blank:
                body[index] = (None, Whitespace(""))
            blank = True


def _put(table: dict[str, Any], key: str, value: str) -> None:
    """Set *key*; an entry keeps its options, but is not relative to the file any more."""
    if isinstance(entry := table.get(key), dict) and "value" in entry:
        entry["value"] = value
        _drop(entry, "relative")
    else:
        table[key] = value


def _tables(variables: Variables) -> dict[tuple[str, ...], dict[str, str]]:
    """Group *variables* by table: {path of the table: {key: value}}."""
    tables: dict[tuple[str, ...], dict[str, str]] = {}
    for name, value in variables:
        path, key = _place(name)
        tables.setdefault(path, {})[key] = value
    return tables


def _place(name: str) -> tuple[tuple[str, ...], str]:
    if name.startswith("CARGO_TARGET_"):
        for key in _KEYS:
            for row in TARGETS:
                if name == f"CARGO_TARGET_{row.cargo_env_name}_{key}":
                    return ("target", row.triple), key.lower()
    return ("env",), name


def _appended(text: str, tables: dict[tuple[str, ...], dict[str, str]]) -> str:
    for path, entries in tables.items():
        body = "".join(f"{key} = {_string(value)}\n" for key, value in entries.items())
        text += ("\n" if text else "") + f"[{'.'.join(path)}]\n{body}"
    return text


def _string(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'
