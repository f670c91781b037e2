"""Makes text from hostile files safe to print: one line, without control characters."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Return *text* with every unprintable character escaped, like ``\x1b``."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def decode(raw: bytes, encoding: str = "utf-8") -> str:
    """Return *raw* as printable text, whatever the bytes are."""
    return printable(raw.decode(encoding, "backslashreplace"))
