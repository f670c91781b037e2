"""Text out of hostile files, made safe to print: one line, nothing that a terminal acts on."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Return *text* with every character that does not print escaped, ``\x1b`` and the like."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def decode(raw: bytes, encoding: str = "utf-8") -> str:
    """Return *raw* as printable text, whatever the bytes are."""
    return printable(raw.decode(encoding, "backslashreplace"))
