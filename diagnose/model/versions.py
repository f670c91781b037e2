"""Dotted versions as numbers to compare, from text of any length and content.

A number counts up to its first 18 digits, because ``int`` rejects more than some thousands of them.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import re

_DIGITS = 18


def number(digits: str) -> int:
    """Return the value of decimal *digits*, of which the first 18 count."""
    return int(digits[:_DIGITS])


def version_key(version: str) -> tuple[int, ...]:
    """Return the numbers that a dotted version starts with: ``(1, 95, 0)`` for ``1.95.0+dfsg1-2``.

    The first part that is not a number only is the last that counts, with its leading digits. Empty for any other text.
    """
    found = []
    for part in version.split("."):
        rest = part.lstrip("0123456789")
        if rest == part:
            break
        found.append(number(part[: len(part) - len(rest)]))
        if rest:
            break
    return tuple(found)


def name_key(name: str) -> tuple[int, ...]:
    """Return all numbers in the name of a version: ``(2, 28)`` for ``GLIBC_2.28`` and ``manylinux_2_28``."""
    return tuple(map(number, re.findall(r"[0-9]+", name)))


def newer(version: str, than: str) -> bool:
    """Whether the dotted number *version* is higher than *than*; False if either is unknown."""
    return bool(version and than) and version_key(version) > version_key(than)
