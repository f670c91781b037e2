"""Which Python and ABI tags of a wheel no interpreter accepts.

Source: ``packaging.tags`` (26), from which pip takes the tags that an interpreter accepts. (pip before 20.0 took
``cp3-none-any``, too.)
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import re

_CPYTHON = re.compile(r"cp(?P<major>\d)(?P<minor>\d+)")
_PYMALLOC_UNTIL, _THREADED_SINCE = (3, 7), (3, 13)  # releases with the ABI flag m, and with t


def impossible(python: str, abi: str, platform: str) -> str:
    """Return why no interpreter accepts a wheel with this tag; empty if one may.

    Only CPython, PyPy and ``py`` are judged, and of the platforms only ``any``.
    """
    if re.fullmatch(r"(?:cp|pp)\d", python):
        return f"{python} names no release of Python, as {python}9 does"
    if platform == "any" and abi != "none":
        return f"the ABI {abi} is one platform's, and goes with no wheel for any"
    if re.fullmatch(r"py\d+", python) and abi != "none":
        owner = "the oldest CPython that it is for, as cp39" if abi.startswith("abi3") else "the Python that has it"
        return f"{python} goes with the ABI none; {abi} goes with {owner}"
    if python.startswith("pp") and abi.startswith(("cp", "abi3")):
        return f"{abi} is no ABI of PyPy"
    release = _CPYTHON.fullmatch(python)
    if release is None or abi == "none":
        return ""
    number = int(release["major"]), int(release["minor"])
    if abi in ("abi3", "abi3t"):
        return "" if number >= (3, 2) else f"{abi} is not for {python}"
    own = re.fullmatch(rf"{python}(?P<flags>[a-z]*)", abi)
    if own is None:
        return f"{abi} is no ABI of {python}"
    if "m" in own["flags"] and number > _PYMALLOC_UNTIL:
        return f"{abi}: Python has no ABI flag m since 3.8"
    if "t" in own["flags"] and number < _THREADED_SINCE:
        return f"{abi}: Python can be free-threaded since 3.13"
    return ""
