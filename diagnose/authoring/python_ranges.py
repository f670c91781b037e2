"""Ranges of Python versions that a project may name, so that a resolver no longer looks for others."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import re
from diagnose.model.versions import version_key

_BOUND = re.compile(r"(>=|<=|==|<|>)\s*'?(\d[\d.]{0,10})(\.\*)?'?")


def narrowed(project: str, package: str) -> str:
    """Return the range that meets *project* and *package*, as in ``>=3.10,<3.13``; empty if unknown.

    Both are lists of ``>=`` and ``<``, as in ``>=3.9,<4.0``: other operators are left to the reader.
    """
    least: list[str] = []
    below: list[str] = []
    for part in f"{project},{package}".split(","):
        match = re.fullmatch(r"\s*(>=|<|!=)\s*(\d[\d.]{0,10}(?:\.\*)?)\s*", part)
        if match is None:
            return ""
        if match[1] != "!=":
            (least if match[1] == ">=" else below).append(match[2])
    if not least:
        return ""
    lowest, highest = max(least, key=version_key), min(below, key=version_key, default="")
    if highest and version_key(highest) <= version_key(lowest):
        return ""
    return f">={lowest}" + (f",<{highest}" if highest else "")


def without(split: str, here: str) -> str:
    """Return the range around the Python *here* that leaves out uv's *split*; empty if unknown.

    *split* is a marker, as in ``python_full_version >= '3.14' and sys_platform == 'win32'``.
    """
    bounds = {how: version for how, version, _ in _BOUND.findall(re.sub(r"(?:sys|platform)_\w+ \S+ \S+", "", split))}
    mine = version_key(here)[:2]
    if not bounds:
        return ""
    if "==" in bounds:
        one = version_key(bounds["=="])[:2]
        if len(one) < len((3, 9)):
            return ""
        low, high = ".".join(map(str, one)), f"{one[0]}.{one[1] + 1}"
    else:
        low, high = bounds.get(">=", ""), bounds.get("<", "")
    if high and mine >= version_key(high):
        return f">={high}"
    if low and mine and mine < version_key(low):
        return f">={here},<{low}"
    return f"<{low}" if low and not mine else ""
