"""The wheel's ``entry_points.txt`` has lines that an installer or the package index refuses.

The file is an INI file: a section per group, and ``name = module:object`` lines. For ``console_scripts`` and
``gui_scripts`` the object is the function that the script calls, and is required. pip 26 refuses the whole wheel for a
script without one, or with spaces around the colon; uv 0.13 for a script without one, and for any line that is not
well-formed. The package index refuses names with other characters than letters, digits, ``_``, ``.`` and ``-`` (since
May 2026), and files that Python's ``configparser`` does not read.

How to fix: correct the entry point in the project (``[project.scripts]``: ``name = "package.module:function"``), and
build the wheel again.

References:
    https://packaging.python.org/en/latest/specifications/entry-points/
    https://github.com/pypi/warehouse/pull/20081
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING, cache, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.metadata import EntryPointLine
    from diagnose.readers.wheel.reader import Wheel

#: Kind → its words, and who refuses the wheel: seen with pip 26.3 and uv 0.13.9; the index by its source of 2026-08.
_KINDS = {
    "section": ("lines before the first section", ("uv", "the package index")),
    "header": ("section headers that are not closed or empty", ("uv", "the package index")),
    "option": ("lines without name = value", ("pip", "uv", "the package index")),
    "duplicate": ("names that come twice", ("uv", "the package index")),
    "comment": ("comments that begin with ;", ("pip",)),
    "continued": ("values on a second line", ("pip", "uv")),
    "function": ("scripts without a function to call", ("pip", "uv")),
    "pip": ("scripts that pip cannot read", ("pip",)),
    "uv": ("scripts that uv cannot read", ("uv",)),
    "path": ("scripts that lead out of their folder", ("pip", "uv", "the package index")),
    "folder": ("scripts in a folder", ("uv", "the package index")),
    "name": ("scripts with a name that the index does not accept", ("the package index",)),
}
_SCRIPTS = ("console_scripts", "gui_scripts")
CHECK = Check(since="0.1.0", applies=lambda wheel: bool(wheel.metadata.entry_points))


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See lines that are not well-formed, and scripts that cannot be made."""
    bad = [(kind, line) for line in wheel.metadata.entry_points if (kind := _kind(line))]
    if not bad:
        return
    path = f"{wheel.dist_info}/entry_points.txt"
    kinds = [kind for kind in _KINDS if any(kind == found for found, _ in bad)]
    who = [one for one in ("pip", "uv", "the package index") if any(one in _KINDS[kind][1] for kind in kinds)]
    yield Finding(
        f"has invalid entry points: {some([_KINDS[kind][0] for kind in kinds])}",
        Severity.WARNING if who == ["the package index"] else Severity.ERROR,
        bounded((Evidence(_text(line), f"{path}:{line.number}") for _, line in bad), "lines"),
        _consequence(kinds, who),
        (
            Fix(
                "correct the entry point, and build the wheel again",
                notes='In pyproject.toml: [project.scripts], then name = "package.module:function".',
            ),
        ),
    )


@cache
def _reference() -> re.Pattern[str]:
    return re.compile(r"[\w.]+(?::[\w.]+)?(?:\s*\[[^\[\]]*\])?")


def _kind(line: EntryPointLine) -> str:
    """Return what is wrong with the line, as a key of the table; empty if nothing is."""
    if line.flaw == "continued":
        return "continued" if line.section in _SCRIPTS else ""
    if line.flaw or line.section not in _SCRIPTS:
        return line.flaw
    name, value = line.name, line.value
    if "/" in name or "\\" in name:
        return "path" if ".." in name or name.startswith("/") else "folder"
    if not re.fullmatch(r"[\w.-]+", name):
        return "name"
    module, colon, rest = value.partition(":")
    function = rest.partition("[")[0].strip()
    if not (module.strip() and colon and function):
        return "function"
    if _reference().fullmatch(value):
        return ""
    return "pip" if re.fullmatch(r"[\w.-]+\s*:\s*[\w.]+(?:\s*\[[^\[\]]*\])?", value) else "uv"


def _text(line: EntryPointLine) -> str:
    if not line.value and line.flaw:
        return line.name
    return f"[{line.section}] {line.name} = {line.value}" if line.section else f"{line.name} = {line.value}"


def _consequence(kinds: list[str], who: list[str]) -> str:
    refused = f"{who[0]} refuses it" if len(who) == 1 else f"{', '.join(who[:-1])} and {who[-1]} refuse it"
    if "function" in kinds:
        return f"{refused}: pip: Invalid script entry point, A callable suffix is required; uv: invalid console script"
    if who[-1:] == ["the package index"]:
        return f"{refused}; the index: has invalid entry points defined in the entry_points.txt file"
    return refused + (": invalid console script" if who == ["uv"] else ": invalid script entry point")
