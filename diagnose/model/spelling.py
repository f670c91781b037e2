"""How a misspelt name is answered."""

from __future__ import annotations


def did_you_mean(name: str, known: list[str]) -> str:
    """Return the end of a message about *name*, which is not in *known*: the names that look like it, or nothing."""
    from difflib import get_close_matches  # only a wrong name pays for it

    close = get_close_matches(name[:100], known, n=3)
    return f"; did you mean {' or '.join(close)}?" if close else ""
