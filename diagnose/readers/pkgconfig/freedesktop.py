"""Parses one ``.pc`` file as the original pkg-config does, which refuses much that pkgconf ignores.

Follows ``parse.c`` (``read_one_line``, ``trim_and_sub``, ``parse_module_list``, ``parse_line``) and ``pkg.c``
(``verify_package``) of pkg-config 0.29.2, whose messages these are. A refusal ends the program, whichever module the
file describes.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers.pkgconfig import pcfile
from diagnose.readers.pkgconfig.fragments import Words
from diagnose.readers.pkgconfig.pcfile import SPACE, Dependency, PcFile, Requirements, fields_of, module_id, split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.pkgconfig.rules import Rules

_OPERATORS = "<>!="
_WORDS = {"Cflags": "Cflags", "CFlags": "Cflags", "Libs": "Libs", "Libs.private": "Libs.private"}
_TEXTS = ("Name", "Description", "Version", "URL")
_MANDATORY = ("Name", "Version", "Description")


class RefusedError(Exception):
    """The program ends with this message."""


class ErraticError(Exception):
    """The program reads memory that is not the file's: what comes of it is left to chance."""


def parse(
    rules: Rules, path: str, folder: str, text: str, sysroot: str | None, *, uninstalled: bool, static: bool
) -> PcFile:
    """Parse the file at *path*.

    Raises:
        RefusedError: the program refuses it.
        ErraticError: the name of a variable that exists has no closing brace.
        InputError: its variables expand to more than the limit.
    """
    definitions = _Definitions(
        path, {"pcfiledir": folder, "pc_sysrootdir": sysroot or "/", "pc_top_builddir": "$(top_builddir)"}
    )
    words = {name: Words(rules, str) for name in ("Cflags", "Libs", "Libs.private")}
    texts: dict[str, str] = {}
    needs: dict[str, list[Dependency]] = {"Requires": [], "Requires.private": [], "Conflicts": []}
    seen: set[str] = set()
    for key, sign, value in fields_of(_lines(text), letter_first=False):
        if sign == "=":
            definitions.define(key, value)
            continue
        name = _WORDS.get(key, key)
        if name == "Libs.private" and not static:
            continue
        if name in seen:
            raise RefusedError(f"{name} field occurs twice in '{path}'")
        if name in words:
            if definitions.flags(words[name], name, value) or name != "Cflags":
                seen.add(name)
        elif name in needs:
            needs[name] = list(_modules(definitions.expand(value), path))
            if name == "Conflicts" and needs[name]:
                seen.add(name)
        elif name in _TEXTS:
            texts[name] = definitions.expand(value)
            seen.add(name)
    identity = module_id(path, uninstalled=False)
    for name in _MANDATORY:
        if name not in texts:
            raise RefusedError(f"Package '{identity}' has no {name}: field")
    version = texts["Version"]
    return PcFile(
        path=path,
        id=identity,
        name=texts["Name"],
        version=version,
        variables=definitions.variables,
        cflags=words["Cflags"].flags(),
        libs=words["Libs"].flags(),
        libs_private=words["Libs.private"].flags(),
        requires=_unique(needs["Requires"]),
        requires_private=_unique(needs["Requires.private"]),
        conflicts=tuple(needs["Conflicts"]),
        provides=(Dependency(identity, "=", version),),
        uninstalled=uninstalled,
    )


def _unique(needs: list[Dependency]) -> tuple[Dependency, ...]:
    found = Requirements()
    for one in needs:
        found.add(one)
    return tuple(found)


def _lines(text: str) -> Iterator[str]:
    """Yield the lines without comments; a backslash joins a line with the next one."""
    line: list[str] = []
    for part in text.split("\n"):
        kept, joined = _uncommented(part)
        line.append(kept)
        if not joined:
            yield "".join(line)
            line = []
    if line:
        yield "".join(line) + "\\"


def _uncommented(line: str) -> tuple[str, bool]:
    """Return the part of *line* before a comment, and whether the next line belongs to it."""
    line = line.removesuffix("\r") if line.endswith("\\\r") else line
    if "#" not in line and "\\" not in line:
        return line, False
    kept: list[str] = []
    quoted = False
    for char in line:
        if quoted:
            kept.append(char if char == "#" else "\\" + char)
            quoted = False
        elif char == "\\":
            quoted = True
        elif char == "#":
            return "".join(kept), False
        else:
            kept.append(char)
    return "".join(kept), quoted


class _Definitions:
    """The variables of one file."""

    def __init__(self, path: str, given: dict[str, str]) -> None:
        self.variables = given
        self._path = path
        self._size = 0

    def define(self, name: str, value: str) -> None:
        if name in self.variables:
            raise RefusedError(f"Duplicate definition of variable '{name}' in '{self._path}'")
        self.variables[name] = self.expand(value)

    def flags(self, words: Words, field: str, value: str) -> bool:
        """Add the words of *field*; False if it has none."""
        found = split(self.expand(value))
        if found is None:
            raise RefusedError(f"Couldn't parse {field} field into an argument vector")
        words.add(found[: next((number for number, word in enumerate(found) if word.startswith("#")), None)])
        return bool(found)

    def expand(self, value: str) -> str:
        """Return *value* with the variables that were defined before it."""
        parts: list[str] = []
        position = 0
        while (start := value.find("$", position)) >= 0:
            parts.append(value[position:start])
            following = value[start + 1 : start + 2]
            position = start + (2 if following == "$" else 1)
            if following != "{":
                parts.append("$")
                continue
            end = value.find("}", start)
            name = value[start + 2 :] if end < 0 else value[start + 2 : end]
            if name not in self.variables:
                raise RefusedError(f"Variable '{name}' not defined in '{self._path}'")
            if end < 0:
                raise ErraticError(f"{self._path}: ${{{name} has no closing brace")
            parts.append(self.variables[name])
            self._size += len(parts[-1])
            if self._size > pcfile.VARIABLES_LIMIT:
                limit = pcfile.VARIABLES_LIMIT >> 20
                raise InputError(f"{self._path}: its variables expand to more than {limit} MiB")
            position = end + 1
        return "".join((*parts, value[position:])).strip(SPACE)


def _modules(value: str, path: str) -> Iterator[Dependency]:
    """Yield the modules of a list: an operator stands alone between spaces, and a version follows it."""
    words = [word for word in value.replace(",", " , ").split() if word]
    position = 0
    while position < len(words):
        module = words[position]
        position += 1
        if module == ",":
            continue
        if position == len(words) or words[position][0] not in _OPERATORS:
            yield Dependency(module)
            continue
        operator = words[position]
        position += 1
        glued = position < len(words) and words[position] == ","
        if operator not in pcfile.COMPARATORS or glued:
            operator += "," * glued
            after = f"after package name '{module}' in file '{path}'"
            raise RefusedError(f"Unknown version comparison operator '{operator}' {after}")
        if position == len(words):
            raise RefusedError(f"Comparison operator but no version after package name '{module}' in file '{path}'")
        yield Dependency(module, operator, words[position])
        position += 1
