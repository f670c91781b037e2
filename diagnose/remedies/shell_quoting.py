"""Quotes words for a shell. Apart from other remedies, because checks of environments need nothing else of them."""

from __future__ import annotations


def quote(text: str) -> str:
    """Quote for a POSIX shell."""
    from shlex import quote as quoted  # compiles an expression, which is needed only where a fix is printed

    return quoted(text)
