"""Whether a text is a requirement, or a version, as Python's packaging tools read it.

Source: the dependency and version specifiers of packaging.python.org; the package ``packaging`` decides on texts of a
less ordinary form.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import re

_NAME = r"[A-Za-z0-9](?:[\w.-]{0,100}[A-Za-z0-9])?"
_SPECIFIER = r"(?:==|!=|~=|<=|>=|<|>)\s{0,5}\d{1,9}(?:\.\d{1,9}){1,4}"
_ORDINARY = re.compile(rf"{_NAME}(?:\[{_NAME}\])?\s{{0,5}}(?:{_SPECIFIER}(?:\s{{0,5}},\s{{0,5}}{_SPECIFIER}){{0,4}})?")
_VERSION = re.compile(r"\d{1,9}(?:\.\d{1,9}){0,4}")


def is_valid(text: str) -> bool:
    """Whether *text* is a requirement."""
    if _ORDINARY.fullmatch(text):
        return True
    from packaging import requirements  # only for the others

    try:
        requirements.Requirement(text)
    except requirements.InvalidRequirement:
        return False
    return True


def is_version(text: str) -> bool:
    """Whether *text* is a version."""
    if _VERSION.fullmatch(text):
        return True
    from packaging import version  # only for the others

    try:
        version.Version(text)
    except version.InvalidVersion:
        return False
    return True
