"""What ends a command early, and how a misspelt name is answered."""

from __future__ import annotations


class UsageError(Exception):
    """The command was called with something that it does not know. ``str()`` is one line that says what is known."""


class OutputError(Exception):
    """The report could not be written. ``str()`` is one line that says why."""


def did_you_mean(name: str, known: list[str]) -> str:
    """Return the end of a message about *name*, which is not in *known*: the names that look like it, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=3)
    return f"; did you mean {' or '.join(close)}?" if close else ""
