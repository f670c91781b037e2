"""Whether a release fits a requirement of ``Cargo.toml``, as ``^1.2``, ``~1.2.3``, ``>=1, <3`` or ``1.*``.

Source: The Cargo Book, specifying dependencies.
"""

from __future__ import annotations

_OPERATORS = (">=", "<=", "=", ">", "<", "^", "~")


def fits(version: str, wanted: str) -> bool | None:
    """Return whether *version* fits *wanted*; None if that is not decided here: pre-releases, and odd texts."""
    release = _numbers(version.partition("+")[0])
    if len(release) != 3 or "-" in version:
        return None
    answers = [_fits(release, part.strip()) for part in wanted.split(",")]
    return None if None in answers else all(answers)


def _fits(release: tuple[int, ...], part: str) -> bool | None:
    if part in ("", "*"):
        return True
    operator = next((one for one in _OPERATORS if part.startswith(one)), "")
    text = part[len(operator) :].strip().partition("+")[0]
    while text.endswith((".*", ".x", ".X")):
        text, operator = text[:-2], operator or "="
    numbers = _numbers(text)
    if not numbers:
        return None
    same = release[: len(numbers)]
    if operator == "=":
        return same == numbers
    if operator in (">", "<=", "<", ">="):
        above, equal = same > numbers, same == numbers
        return {">": above, ">=": above or equal, "<": not above and not equal, "<=": not above}[operator]
    lowest = (*numbers, 0, 0)[:3]
    kept = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)  # a caret's
    kept = min(1, len(numbers) - 1) if operator == "~" else kept
    return release >= lowest and release[: kept + 1] == numbers[: kept + 1]


def _numbers(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    plain = len(parts) <= 3 and all(part.isascii() and part.isdecimal() and len(part) < 16 for part in parts)
    return tuple(map(int, parts)) if plain else ()
