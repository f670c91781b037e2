"""Patterns of names with ``*``, ``?`` and ``[…]``, as :mod:`fnmatch` has them, at a cost that their length bounds.

fnmatch compiles every pattern, which takes milliseconds for a few hundred stars, and remembers 256 of them.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, cache

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNS_LIMIT = 32
"""The most ``*``, ``?`` and ``[`` of a pattern that has one of the latter two; stars alone may be any number."""


def is_excessive(pattern: str) -> bool:
    """Whether *pattern* has too many signs for any name to be compared with it: none fits."""
    choices = pattern.count("?") + pattern.count("[")
    return choices > 0 and choices + pattern.count("*") > SIGNS_LIMIT


def fits(name: str, pattern: str) -> bool:
    """Whether *pattern* describes the whole of *name*; capitals count."""
    if "?" in pattern or "[" in pattern:
        return not is_excessive(pattern) and _matcher(pattern)(name) is not None
    start, inner, end = _parts(pattern)
    if end is None:
        return name == pattern
    place, last = len(start), len(name) - len(end)
    if place > last or not (name.startswith(start) and name.endswith(end)):
        return False
    for part in inner:
        place = name.find(part, place, last)
        if place < 0:
            return False
        place += len(part)
    return True


@cache
def _parts(pattern: str) -> tuple[str, tuple[str, ...], str | None]:
    """Return what is before the first star, between the stars, and after the last; None without one."""
    start, *rest = pattern.split("*")
    return start, tuple(filter(None, rest[:-1])), rest[-1] if rest else None


@cache
def _matcher(pattern: str) -> Callable[[str], object]:
    import re
    from fnmatch import translate

    return re.compile(translate(pattern)).match
