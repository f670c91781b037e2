"""Variables as cargo's configuration file holds them: the block to paste, and the edit that keeps everything else.

Source: The Cargo Book, configuration: ``[env]`` reaches rustc and build scripts, but cargo does not read its own
variables from there; ``CARGO_TARGET_<TRIPLE>_LINKER`` is ``[target.<triple>] linker``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.targets import TARGETS

if TYPE_CHECKING:
    from typing import Any


Variables = Iterable[tuple[str, str]]

#: Keys of ``[target.<triple>]`` that have a variable of their own and hold one string.
_KEYS = ("LINKER", "RUNNER")


def block(variables: Variables) -> str:
    """Return the lines that set *variables* in a new ``.cargo/config.toml``."""
    return _appended("", _tables(variables))


def edited(text: str, variables: Variables, without: Iterable[str] = ()) -> str:
    """Return the configuration *text* with *variables* set, its comments and everything else as they were.

    *without* are names of variables that shall not be set by it any more.

    Raises:
        ValueError: *text* is not TOML, or writes these tables in a form that cannot be edited line by line.
    """
    wanted = _tables(variables)
    expected = _parse(text)
    gone = [_place(name) for name in without]
    for path, key in gone:
        _table(expected, path).pop(key, None)
    for path, entries in wanted.items():
        table = expected
        for name in path:
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                raise ValueError(f"{'.'.join(path)} is not a table")  # noqa: TRY004  (the file's type, not ours)
        table.update(entries)
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    missing = {}
    for path, key in gone:
        _remove(lines, path, key)
    for path, entries in wanted.items():
        span = _span(lines, path)
        if span is None:
            missing[path] = entries
        else:
            _set(lines, span, entries)
    after = _appended("".join(lines), missing)
    if _parse(after) != expected:
        paths = dict.fromkeys((*wanted, *(path for path, _ in gone)))
        raise ValueError(f"{' and '.join('.'.join(path) for path in paths)} cannot be edited line by line")
    return after


def removed(before: str, after: str) -> set[str]:
    """Return the names of variables that the configuration *before* sets and *after* does not."""
    return set(_table(_parse(before), ("env",))) - set(_table(_parse(after), ("env",)))


def _table(configuration: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Return the table *path* of a configuration; an empty one if it has none."""
    table: Any = configuration
    for name in path:
        table = table.get(name) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def _tables(variables: Variables) -> dict[tuple[str, ...], dict[str, str]]:
    """Sort *variables* into the tables that hold them: {path of the table: {key: value}}."""
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


def _parse(text: str) -> dict[str, Any]:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)  # TOMLDecodeError is a ValueError


_HEADER = re.compile(r"\s*\[(?P<path>[^\[\]]+)\]\s*(#.*)?$")
_PART = re.compile(r"""\s*(?:"([^"\\]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(?:\.|$)""")


def _header(line: str) -> tuple[str, ...] | None:
    """Return the path of the table that *line* opens, or None if it opens none."""
    match = _HEADER.match(line)
    if not match:
        return ("[",) if line.lstrip().startswith("[[") else None
    return tuple(next(filter(None, part), "") for part in _PART.findall(match["path"]))


def _span(lines: list[str], path: tuple[str, ...]) -> tuple[int, int] | None:
    """Return where the body of the table *path* starts and ends, blank lines and comments at its end left out."""
    start = next((number for number, line in enumerate(lines, 1) if _header(line) == path), None)
    if start is None:
        return None
    end = next((number for number in range(start, len(lines)) if _header(lines[number])), len(lines))
    while end > start and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return start, end


def _line_of(key: str) -> re.Pattern[str]:
    return re.compile(rf"""(\s*["']?{re.escape(key)}["']?\s*=\s*)[^#]*?(\s*#.*)?$""")


def _remove(lines: list[str], path: tuple[str, ...], key: str) -> None:
    span, pattern = _span(lines, path), _line_of(key)
    found = (number for number in range(*span or (0, 0)) if pattern.match(lines[number].rstrip("\r\n")))
    for number in found:
        del lines[number]
        return


def _set(lines: list[str], span: tuple[int, int], entries: dict[str, str]) -> None:
    start, end = span
    for key, value in entries.items():
        pattern = _line_of(key)
        for number in range(start, end):
            match = pattern.match(lines[number].rstrip("\r\n"))
            if match:
                lines[number] = f"{match[1]}{_string(value)}{match[2] or ''}\n"
                break
        else:
            lines.insert(end, f"{key} = {_string(value)}\n")
            end += 1


def _appended(text: str, tables: dict[tuple[str, ...], dict[str, str]]) -> str:
    for path, entries in tables.items():
        body = "".join(f"{key} = {_string(value)}\n" for key, value in entries.items())
        text += ("\n" if text else "") + f"[{'.'.join(path)}]\n{body}"
    return text


def _string(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'
