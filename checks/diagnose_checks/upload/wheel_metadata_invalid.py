"""The wheel's METADATA has a field that an installer or the package index cannot read.

``Requires-Python: 3.8`` has no operator: pip ignores the field with a warning, uv refuses the wheel. A dependency like
``requests>=2.*`` was accepted until pip 24.1, which refuses the wheel. The package index checks every field as
``packaging.metadata`` does, and refuses in addition dependencies on a URL. ``twine check`` shows the same errors before
an upload.

How to fix: correct the field in the project (``requires-python = ">=3.8"``), and build the wheel again.

References:
    https://packaging.python.org/en/latest/specifications/core-metadata/
    https://packaging.python.org/en/latest/specifications/version-specifiers/
    https://packaging.python.org/en/latest/specifications/dependency-specifiers/
    https://github.com/pypi/warehouse/blob/main/warehouse/forklift/metadata.py
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, shorten, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, cache, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.readers.system.printable import printable
from diagnose.readers.wheel.metadata import values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0")

#: What packaging 26 and the index (2026-08) accept.
_METADATA_VERSIONS = frozenset({"1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"})
_CONTENT_TYPES = frozenset({"text/plain", "text/x-rst", "text/markdown"})
#: Longer fields are not parsed: packaging's time grows faster than their length.
_LONGEST = 4096
_PIP, _UV, _INDEX = "pip", "uv", "the package index"


class _Problem(NamedTuple):
    """A value that *who* refuses, with their *reason*."""

    field: str
    value: str
    who: tuple[str, ...]
    reason: str


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See values that are not of their field's form."""
    core = wheel.metadata.core
    found = [
        *_requires_python(values(core, "requires-python")),
        *_dependencies(values(core, "requires-dist")),
        *_metadata_version(values(core, "metadata-version")),
        *_content_type(values(core, "description-content-type")),
    ]
    if not found:
        return
    path = f"{wheel.dist_info}/METADATA"
    fields = list(dict.fromkeys(one.field for one in found))
    who = [name for name in (_PIP, _UV, _INDEX) if any(name in one.who for one in found)]
    refused = f"{who[0]} refuses it" if len(who) == 1 else f"{', '.join(who[:-1])} and {who[-1]} refuse it"
    yield Finding(
        f"has invalid metadata: {some(fields)}",
        Severity.WARNING if who == [_INDEX] else Severity.ERROR,
        bounded((Evidence(shorten(f"{one.field}: {one.value}"), path) for one in found), "fields"),
        f"{refused}: {shorten(found[0].value, 60)!r} {found[0].reason}",
        (Fix("correct the field in the project, and build the wheel again", notes=_notes(fields)),),
    )


def _notes(fields: list[str]) -> str:
    notes = {
        "Requires-Python": 'In pyproject.toml: requires-python = ">=3.9".',
        "Requires-Dist": "A version after >=, > or ~= has no `.*`; a URL is for requirements files, not for the index.",
        "Metadata-Version": "A newer or an older build back end writes a version that the index knows.",
        "Description-Content-Type": "text/markdown, text/x-rst or text/plain, with charset=UTF-8 only.",
    }
    return " ".join(notes[field] for field in fields)


@cache
def _specifier() -> re.Pattern[str]:
    """Return the pattern of an ordinary specifier, always valid: packaging is imported for others only."""
    release = r"\d+(?:\.\d+)*"
    version = rf"{release}(?:(?:a|b|rc|\.post|\.dev)\d*)?"
    ordered = rf"(?:>=|<=|<|>)\s*{version}|~=\s*\d+(?:\.\d+)+|[=!]=\s*(?:{version}|{release}\.\*)"
    return re.compile(rf"\s*(?:{ordered})\s*", re.ASCII)


def _are_specifiers(text: str) -> bool:
    return all(_specifier().fullmatch(one) for one in text.removesuffix(",").split(","))


@cache
def _dependency() -> re.Pattern[str]:
    name = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
    return re.compile(rf"{name}\s*(?:\[\s*{name}(?:\s*,\s*{name})*\s*\])?\s*", re.ASCII)


@cache
def _comparison() -> re.Pattern[str]:
    return re.compile(r"([a-z_]+)\s*(?:[=!<>]=|[<>]|not in|in)\s*(?:\"[^\"']*\"|'[^\"']*')")


_VARIABLES = frozenset(
    {
        "extra",
        "implementation_name",
        "os_name",
        "platform_machine",
        "platform_python_implementation",
        "platform_release",
        "platform_system",
        "python_full_version",
        "python_version",
        "sys_platform",
    }
)


def _is_dependency(text: str) -> bool:
    """Whether *text* is an ordinary dependency, always valid: packaging is imported for others only."""
    head, semicolon, marker = text.partition(";")
    match = _dependency().match(head)
    if match is None:
        return False
    rest = head[match.end() :].strip()
    if rest.startswith("(") and rest.endswith(")"):
        rest = rest[1:-1]
    return (not rest or _are_specifiers(rest)) and (not semicolon or _is_marker(marker))


def _is_marker(text: str) -> bool:
    """Whether *text* is comparisons with known variables, joined by ``and`` and ``or``, in balanced parentheses."""
    text = _comparison().sub(lambda match: " \0 " if match[1] in _VARIABLES else match[0], text)
    depth, complete = 0, False
    for word in text.replace("(", " ( ").replace(")", " ) ").split():
        if complete and word in ("and", "or"):
            complete = False
        elif complete and word == ")" and depth:
            depth -= 1
        elif not complete and word == "(":
            depth += 1
        elif not complete and word == "\0":
            complete = True
        else:
            return False
    return complete and not depth


def _without_stars(text: str) -> str:
    """Return *text* as uv corrects it: without quotes around it, and without ``.*`` after an ordering operator."""
    return re.sub(r"((?:>=|<=|<|>)\s*\d[\d.]{0,99}?)\.\*", r"\1", text.strip("'\""))


def _requires_python(found: list[str]) -> Iterator[_Problem]:
    for value in found[:1]:
        if not value or len(value) > _LONGEST or _are_specifiers(value):
            continue
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        try:
            SpecifierSet(value)
        except InvalidSpecifier:
            who = (_INDEX,) if _are_specifiers(_without_stars(value)) else (_UV, _INDEX)
            yield _Problem("Requires-Python", value, who, "is invalid for 'requires-python'; pip ignores the field")


def _dependencies(found: list[str]) -> Iterator[_Problem]:
    for value in found:
        if len(value) > _LONGEST or _is_dependency(value):
            continue
        from packaging.requirements import InvalidRequirement, Requirement

        try:
            url = Requirement(value).url
        except InvalidRequirement as error:
            who = (_PIP, _INDEX) if _is_dependency(_without_stars(value)) else (_PIP, _UV, _INDEX)
            yield _Problem("Requires-Dist", value, who, printable(str(error).partition("\n")[0]))
        else:
            if url:
                yield _Problem("Requires-Dist", value, (_INDEX,), "Can't have direct dependency")


def _metadata_version(found: list[str]) -> Iterator[_Problem]:
    value = found[0] if found else ""
    if value not in _METADATA_VERSIONS:
        yield _Problem("Metadata-Version", value, (_INDEX,), "is not a valid metadata version")


def _content_type(found: list[str]) -> Iterator[_Problem]:
    for value in found[:1]:
        kind, *rest = (part.strip() for part in value.split(";"))
        pairs = [one.partition("=") for one in rest]
        given = {name.strip().lower(): text.strip().strip('"') for name, _, text in pairs}
        charset, variant = given.get("charset", "UTF-8"), given.get("variant", "GFM")
        reason = ""
        if kind.lower() not in _CONTENT_TYPES:
            reason = f"must be one of {', '.join(sorted(_CONTENT_TYPES))}"
        elif charset.upper() != "UTF-8":
            reason = "can only specify the UTF-8 charset"
        elif kind.lower() == "text/markdown" and variant not in ("GFM", "CommonMark"):
            reason = "valid Markdown variants are CommonMark and GFM"
        if reason:
            yield _Problem("Description-Content-Type", value, (_INDEX,), reason)
