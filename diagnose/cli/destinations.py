"""Where reports go: standard output, or files, each of which is written whole or not at all."""

from __future__ import annotations

import os
import stat

from diagnose.cli import console
from diagnose.cli.errors import OutputError, UsageError
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, contextlib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, BinaryIO

    from diagnose.cli.options import Output


class Destination(NamedTuple):
    """One report: its format, and the file it goes to; without ``path``, standard output."""

    format: str
    path: str = ""


def planned(output: Output, inputs: Iterable[str] = ()) -> list[Destination]:
    """Return the reports that the user wants, before any work is done.

    Raises:
        UsageError: two reports have one place, a file cannot be written there, or it is one of the *inputs*.
    """
    places: list[Destination] = []
    for value in output.format:
        name, equals, path = value.partition("=")
        option = "--format"
        if not equals:
            option, path = "--output", output.output or ""
        elif not path:
            raise UsageError(f"--format: {value} names no file")
        place = Destination(name, "" if path == "-" else path)
        for other in places:
            if place.path == other.path == "":
                raise UsageError(f"--format: {other.format} and {name} both go to standard output; write {name}=FILE")
            if place.path and other.path and os.path.realpath(place.path) == os.path.realpath(other.path):
                raise UsageError(f"--format: {other.format} and {name} both go to {place.path}")
        if place.path and (why := _obstacle(place.path, inputs)):
            raise UsageError(f"{option}: {place.path}: {why}")
        places.append(place)
    if output.output and all("=" in value for value in output.format):
        raise UsageError("--output: every --format names a file already")
    return places


def _obstacle(path: str, inputs: Iterable[str]) -> str:
    """Return why no report can be written to *path*; empty if nothing is known to be in the way."""
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path):
        return "is a folder"
    if not os.path.isdir(folder):
        return "its folder does not exist" if not os.path.lexists(folder) else f"{folder} is not a folder"
    if not _is_stream(path) and not os.access(os.path.dirname(os.path.realpath(path)), os.W_OK | os.X_OK):
        return "its folder is not writable"
    for one in inputs:
        with contextlib.suppress(OSError):
            if os.path.samefile(path, one):
                return "is what is inspected"
    return ""


def publish(
    places: Iterable[Destination],
    render: Callable[[Destination], str],
    show: Callable[[str], None] = console.write,
) -> None:
    """Write the report for each of *places*; *show* prints the one for standard output.

    Raises:
        OutputError: not all could be written; the others are.
    """
    failed = []
    for place in places:
        text = render(place)
        try:
            if place.path:
                write(place.path, text)
            else:
                show(text)
        except OutputError as error:
            failed.append(str(error))
    if failed:
        raise OutputError("; ".join(failed))


def _is_stream(path: str) -> bool:
    """Whether *path* is a pipe or a device (``/dev/stderr``), which no other file can replace."""
    return path.startswith("/dev/") or (os.path.exists(path) and not os.path.isfile(path))


def write(path: str, text: str, errors: str = "backslashreplace") -> None:
    """Write *text* in UTF-8 to the file *path*, in place of its content; a reader never sees half of it.

    *errors* says what becomes of lone surrogates, as for :meth:`str.encode`.

    Raises:
        OutputError: it cannot be written; the file is as before.
    """
    data = text.encode("utf-8", errors)
    try:
        if _is_stream(path):
            with open(path, "wb") as stream:
                stream.write(data)
        else:
            with _Draft(os.path.realpath(path)) as file:
                file.write(data)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror or error}") from None


class _Draft:
    """A new file that takes the place of *path* when the block ends well; otherwise the file there is as it was."""

    def __init__(self, path: str) -> None:
        self.path, self.draft = path, ""

    def __enter__(self) -> BinaryIO:
        handle = -1
        for number in range(100):  # a run that was killed may have left its draft
            self.draft = os.path.join(os.path.dirname(self.path), f".diagnose-{os.getpid()}-{number}")
            with contextlib.suppress(FileExistsError):
                handle = os.open(self.draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
                break
        if handle < 0:
            raise FileExistsError(17, "too many drafts of killed runs beside it")
        with contextlib.suppress(OSError):  # it is new, or its file system has no modes
            os.chmod(self.draft, stat.S_IMODE(os.stat(self.path).st_mode))
        self.file = open(handle, "wb")
        return self.file

    def __exit__(self, kind: object, *rest: object) -> None:
        try:
            with self.file:
                self.file.flush()
                os.fsync(self.file.fileno())
            if kind is None:
                os.replace(self.draft, self.path)
                return
        except BaseException:
            self._remove()
            raise
        self._remove()

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self.draft)


class growing:  # noqa: N801  (it is used as a function)
    """A report for *place* that is written piece by piece: the block gets a function that adds text to it.

    A file is there, whole, when the block has ended well.

    Raises:
        OutputError: it cannot be written.
    """

    def __init__(self, place: Destination) -> None:
        self.path = place.path
        self.opened: Any = None

    def __enter__(self) -> Callable[[str], None]:
        if not self.path:
            return console.write
        try:
            self.opened = open(self.path, "wb") if _is_stream(self.path) else _Draft(os.path.realpath(self.path))
            self.file = self.opened.__enter__()
        except OSError as error:
            raise self._failure(error) from None
        return self.add

    def add(self, text: str) -> None:
        """Write *text*."""
        try:
            self.file.write(text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise self._failure(error) from None

    def __exit__(self, *how: Any) -> None:
        if self.opened is not None:
            try:
                self.opened.__exit__(*how)
            except OSError as error:
                raise self._failure(error) from None

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(f"{self.path}: {error.strerror or error}")
