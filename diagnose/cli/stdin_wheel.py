"""A wheel on standard input: kept in a temporary file under the name that the wheel's own metadata gives it."""

from __future__ import annotations

import os
import sys

from diagnose.model.finding import InputError
from diagnose.readers.wheel.reader import parse_file_name

ORIGIN = "the file name: the wheel came from standard input, and its name was made from its WHEEL file"
SIZE_LIMIT = 4 << 30
"""Bytes that are read from standard input."""
_TEXT_LIMIT = 1 << 16


def save(folder: str) -> str:
    """Save the wheel on standard input in *folder*, and return its path.

    Raises:
        InputError: standard input is closed or cannot be read, there is no room for it, or it is not a wheel.
    """
    if sys.stdin is None:
        raise InputError("standard input is closed")
    saved = os.path.join(folder, "stdin")
    try:
        with open(saved, "wb") as file:
            size = 0
            while part := sys.stdin.buffer.read(1 << 20):
                size += len(part)
                if size > SIZE_LIMIT:
                    raise InputError("standard input: larger than 4 GiB")
                file.write(part)
        if not size:
            raise InputError("standard input is empty")
        path = os.path.join(folder, _name(saved))
        os.rename(saved, path)
    except OSError as error:
        raise InputError(f"standard input: {error.strerror or error}") from None
    return path


def _name(saved: str) -> str:
    """Return the file name that the archive *saved* must have had: its distribution, version and tags."""
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(saved) as archive:
            own = [name for name in archive.namelist() if name.endswith(".dist-info/WHEEL") and name.count("/") == 1]
            if len(own) != 1:
                raise InputError("standard input: not a wheel: a zip archive without one *.dist-info/WHEEL")
            with archive.open(own[0]) as file:
                text = file.read(_TEXT_LIMIT).decode("utf-8", "replace")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError):
        raise InputError("standard input: not a wheel: not a zip archive that can be read") from None
    tags = [line.partition(":")[2].strip().split("-") for line in text.splitlines() if line.lower().startswith("tag:")]
    columns = [".".join(dict.fromkeys(column)) for column in zip(*tags, strict=False)] if tags else []
    name = "-".join([own[0].removesuffix(".dist-info/WHEEL"), *columns]) + ".whl"
    if os.path.basename(name) != name or "\0" in name or len(name) > 250:
        raise InputError("standard input: not a wheel: its metadata give it no valid file name")
    parse_file_name(name)
    return name
