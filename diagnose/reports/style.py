"""How text is shown: the width, the colours and the detail, and no character that controls the terminal."""

from __future__ import annotations

import os
import sys

from diagnose.model._lazy_stdlib import NamedTuple, re

# C0, C1 and bidirectional controls: names in an archive could otherwise control the terminal.
_UNSAFE = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"


class Style(NamedTuple):
    """Text style: ``width`` in columns (0: never wrap), colour or not, and the level of detail."""

    width: int = 0
    color: bool = False
    quiet: bool = False
    verbose: bool = False


def terminal_style(quiet: bool = False, verbose: bool = False) -> Style:
    """Return the style for standard output: wrapped only on a terminal; coloured there, or where FORCE_COLOR is set.

    NO_COLOR prevails over FORCE_COLOR, as in Python itself; an empty variable counts as unset.
    """
    wanted = not os.environ.get("NO_COLOR")
    if not sys.stdout.isatty():
        return Style(0, wanted and bool(os.environ.get("FORCE_COLOR")), quiet, verbose)
    try:
        width = os.get_terminal_size(sys.stdout.fileno()).columns
    except OSError:
        width = 80
    color = wanted and (os.environ.get("TERM") != "dumb" or bool(os.environ.get("FORCE_COLOR")))
    return Style(max(width, 40), color, quiet, verbose)


def one_line(text: str) -> str:
    """Return *text* as :func:`clean` does, its line breaks as escapes too: a line of a report is one of this program's.

    What begins a line, even after blanks, is a command to GitHub Actions.
    """
    return clean(text).replace("\n", "\\n")


def clean(text: str) -> str:
    """Return *text* with every control character shown as an escape."""
    if text.isprintable():
        return text
    return re.sub(_UNSAFE, lambda match: match.group().encode("unicode_escape", "surrogatepass").decode("ascii"), text)
