"""Standard output and error, whatever their state: closed, full, of a small character set, a pipe with no reader."""

from __future__ import annotations

import codecs
import os
import sys

from diagnose.cli.errors import OutputError

TYPE_CHECKING = False  # the help needs nothing else of _lazy_stdlib
if TYPE_CHECKING:
    from typing import TextIO

_PLAIN = {"✓": "OK", "✗": "X", "·": "-", "→": "->", "…": "...", "─": "-", "—": "-", "–": "-", "×": "x", "≥": ">="}
_PLAIN |= {"“": '"', "”": '"', "‘": "'", "’": "'", "├": "|", "│": "|", "└": "`"}


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Replace characters that the output's character set lacks: by similar ASCII, else by an escape."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end]
    plain = (_PLAIN.get(char) or char.encode("ascii", "backslashreplace").decode() for char in lacking)
    return "".join(plain), error.end


def prepare() -> None:
    """Make the standard streams safe to use.

    A closed one leaves its number free, and the next file that is opened would become standard output: a file that
    ``env --apply`` edits would receive what a child process prints. Such numbers are occupied. ``sys.stdin``
    remains None, so that its use can be refused.
    """
    codecs.register_error("diagnose", _plain)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _occupy(number)
            if number:
                _closed.add(number)
                setattr(sys, name, open(number, "w", closefd=False))  # noqa: SIM115  (for the life of the process)
    for output in (sys.stdout, sys.stderr):
        if hasattr(output, "reconfigure"):
            output.reconfigure(errors="diagnose")


_closed: set[int] = set()


def is_closed(number: int) -> bool:
    """Whether output *number* (1 or 2) was closed when we were started: what is written there is lost."""
    return number in _closed


def _occupy(number: int) -> None:
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)


def write(text: str) -> None:
    """Print *text*, for people, on standard output.

    A reader that has gone (``diagnose … | head``) needs no more output; that is not a failure.

    Raises:
        OutputError: it cannot be written.
    """
    if is_closed(1):
        raise OutputError("standard output is closed")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
    except OSError as error:
        _discard(sys.stdout)
        raise OutputError(f"standard output: {error.strerror or error}") from None


def write_exactly(text: str) -> None:
    """Print *text*, the content of a file (a script, a patch), on standard output: in UTF-8, whatever the terminal has.

    Raises:
        OutputError: it cannot be written.
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")
    write(text)


def warn(line: str) -> None:
    """Print one *line* on standard error, if it can be written."""
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        _discard(sys.stderr)


def progress(line: str) -> None:
    """Show *line* on the terminal at standard error in place of the line before; an empty one removes it."""
    try:
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()
    except (OSError, ValueError):
        _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    """Lead *stream* to nowhere: what is still in its buffer, or is written later, cannot fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
