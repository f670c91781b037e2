"""Version comparison by RPM's rules, which pkg-config uses, and the meaning of ``Provides`` entries.

Follows ``pkgconf_compare_version`` and ``pkgconf_pkg_scan_provides_vercmp`` of pkgconf's ``libpkgconf/pkg.c``, the same
from 1.8 to 3.0.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from diagnose.readers.pkgconfig.pcfile import Dependency


def compare(one: str, two: str) -> int:
    """Return -1, 0 or 1 as version *one* is older than, equal to or newer than *two*, by RPM's rules."""
    if one.lower() == two.lower():
        return 0
    left, right = 0, 0
    while left < len(one) or right < len(two):
        while left < len(one) and not _alnum(one[left]) and one[left] != "~":
            left += 1
        while right < len(two) and not _alnum(two[right]) and two[right] != "~":
            right += 1
        if one[left : left + 1] == "~" or two[right : right + 1] == "~":
            if one[left : left + 1] != "~":
                return 1
            if two[right : right + 1] != "~":
                return -1
            left, right = left + 1, right + 1
            continue
        if left >= len(one) or right >= len(two):
            break
        digits = _digit(one[left])
        kind = _digit if digits else _alpha
        first, left = _run(one, left, kind)
        second, right = _run(two, right, kind)
        if not second:
            return 1 if digits else -1
        if digits:
            first, second = first.lstrip("0"), second.lstrip("0")
            if len(first) != len(second):
                return 1 if len(first) > len(second) else -1
        if first != second:
            return 1 if first > second else -1
    if left >= len(one) and right >= len(two):
        return 0
    return -1 if left >= len(one) else 1


def _digit(char: str) -> bool:
    return "0" <= char <= "9"


def _alpha(char: str) -> bool:
    return char.isascii() and char.isalpha()


def _alnum(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _run(text: str, start: int, kind: Callable[[str], bool]) -> tuple[str, int]:
    end = start
    while end < len(text) and kind(text[end]):
        end += 1
    return text[start:end], end


COMPARE: dict[str, Callable[[int], bool]] = {
    "": lambda order: True,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    "=": lambda order: order == 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}

# How pkgconf compares a ``Provides`` entry with a requirement: by the requirement's operator, then the provider's, the
# operator that (provided, required) and that (required, provided) must satisfy. "none" never holds.
_PROVIDED = {
    "": {"": "none"},
    "<": {">": "<", ">=": "<", "=": "<", "!=": ">="},
    ">": {"<": ">", "<=": ">", "=": ">", "!=": "<="},
    "<=": {">": "<=", ">=": "<=", "=": "<=", "!=": ">"},
    ">=": {"<": ">=", "<=": ">=", "=": ">=", "!=": "<"},
    "=": {"": "none"},
    "!=": {"": "none"},
}
_RANGE = {"": "none", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_REQUIRED = {
    "": {"": "none"},
    "<": _RANGE,
    ">": _RANGE,
    "<=": _RANGE,
    ">=": _RANGE,
    "=": {**_RANGE, "=": "=", "!=": "!="},
    "!=": {"": "none", "<": ">=", ">": "<=", "<=": ">", ">=": "<", "=": "!=", "!=": "="},
}


def _satisfies(operator: str, one: str, two: str) -> bool:
    return operator != "none" and COMPARE[operator](compare(one, two))


def provides(wanted: Dependency, offered: Dependency) -> bool:
    """Whether the ``Provides`` entry *offered* satisfies the requirement *wanted*."""
    forward = _PROVIDED[wanted.operator].get(offered.operator)
    backward = _REQUIRED[wanted.operator].get(offered.operator)
    return (forward is None or _satisfies(forward, offered.version, wanted.version)) and (
        backward is None or _satisfies(backward, wanted.version, offered.version)
    )
