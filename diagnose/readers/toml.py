"""TOML, read with the cost bounded by the size of the text."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, cache

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

#: The most parts that a key may have: the parser's memory grows with their square.
PARTS_LIMIT = 128


def parse(text: str) -> dict[str, Any]:
    """Return the content of a TOML *text*.

    Raises:
        ValueError: *text* is not TOML, or is nested too deeply; the message is one line.
    """
    import sys  # most commands read no TOML, and do not pay for a parser

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    if any(_deep(line) for line in text.splitlines() if line.count(".") >= PARTS_LIMIT):
        raise ValueError(f"a key has more than {PARTS_LIMIT} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _deep(line: str) -> bool:
    """Whether *line* has a dotted key of more than ``PARTS_LIMIT`` parts outside strings and comments."""
    run = 1
    for token in _tokens(line):
        if token == ".":
            run += 1
            if run > PARTS_LIMIT:
                return True
        elif token != "part":
            run = 1
    return False


def _tokens(line: str) -> Iterator[str]:
    """Yield ``part`` for a bare or quoted part of a key, a dot as itself, and any other sign as itself."""
    position = 0
    while position < len(line):
        char = line[position]
        position += 1
        if char == "#":
            return
        if char in "\"'":
            while position < len(line) and line[position] != char:
                position += 2 if char == '"' and line[position] == "\\" else 1
            position += 1
            yield "part"
        elif char.isalnum() or char in "_-":
            while position < len(line) and (line[position].isalnum() or line[position] in "_-"):
                position += 1
            yield "part"
        elif not char.isspace():
            yield char


def line_of(text: str, *keys: str) -> int:
    """Return the number of the line of *text* where a key stands, given with the tables that hold it; 0 if nowhere.

    It is the first line that has the key after one that has the key before: comments do not count.
    """
    from bisect import bisect_left  # a healthy machine does not pay for it

    start = 0
    for key in keys:
        lines = _words(text).get(key, [])
        place = bisect_left(lines, start)
        if place == len(lines):
            return 0
        start = lines[place]
    return start


@cache
def _words(text: str) -> dict[str, list[int]]:
    """Return {word: the numbers of the lines that have it}, a string being one word."""
    found: dict[str, list[int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        position = start = 0
        while position < len(line) and (char := line[position]) != "#":
            if char in "\"'":
                end = line.find(char, position + 1)
                end = len(line) if end < 0 else end
                found.setdefault(line[position + 1 : end], []).append(number)
                position = end + 1
            elif char.isalnum() or char in "_-":
                start = position
                while position < len(line) and (line[position].isalnum() or line[position] in "_-"):
                    position += 1
                found.setdefault(line[start:position], []).append(number)
            else:
                position += 1
    return found


def table(content: object, *path: str) -> dict[str, Any]:
    """Return the table at *path* inside parsed TOML; an empty one if it is missing or no table."""
    for name in path:
        content = content.get(name) if isinstance(content, dict) else None
    return content if isinstance(content, dict) else {}
