"""Reads files of cargo, and finds the line of a key."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers import toml
from diagnose.readers.system.root import TEXT_LIMIT, Root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def present(place: Root, path: str, limit: int = TEXT_LIMIT) -> str | None:
    """Return the text of a file that cargo reads wherever it exists; None if it does not.

    Raises:
        InputError: it exists but cannot be read or is not text; cargo fails then, too.
    """
    if not place.exists(path):
        return None
    text = place.text(path, limit)
    if text is None:
        raise InputError(f"{path}: {'is a directory' if place.is_dir(path) else 'permission denied'}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{path}: not UTF-8") from None
    return text


def upwards(folder: str) -> Iterator[str]:
    """Yield *folder* and every folder above it."""
    while True:
        yield folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent


_KEPT = 64  # contents: a workspace is read once for each architecture that its workflows build
_contents: dict[str, dict[str, Any]] = {}


def parsed(path: str, text: str) -> dict[str, Any]:
    """Return the content of a TOML file. It is shared: the caller does not change it.

    Raises:
        InputError: it is not TOML.
    """
    if text not in _contents:
        try:
            content = toml.parse(text)
        except ValueError as error:
            raise InputError(f"{path}: {error}") from None
        if len(_contents) >= _KEPT:
            _contents.clear()
        _contents[text] = content
    return _contents[text]


def as_far_as_parsed(path: str, text: str) -> dict[str, Any]:
    """Return the content of a ``pyproject.toml``; nothing if it is not TOML, which is a finding of its own."""
    try:
        return parsed(path, text)
    except InputError:
        return {}


def base_folder(path: str) -> str:
    """Return the folder that paths in a configuration file are relative to: the one that contains ``.cargo``."""
    return os.path.dirname(os.path.dirname(path))


def place_of(path: str, text: str, keys: tuple[str, ...]) -> str:
    """Return ``path:line`` of a key."""
    line = toml.line_of(text, *keys)
    return f"{path}:{line}" if line else path
