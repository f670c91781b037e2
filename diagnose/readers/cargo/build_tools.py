"""Programs, other than C compilers, that build scripts of a project's locked crates run, from a table of crates.

Source: the crates' own build scripts; see ``diagnose/tables/build_tools.txt``.
"""

from __future__ import annotations

import os

from diagnose import tables
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from diagnose.readers.cargo.lock import Crate

#: Crates that contain protoc, or do not need it.
_WITHOUT_PROTOC = frozenset({"protobuf-src", "protoc-bin-vendored", "protox"})


class ToolNeed(NamedTuple):
    """A program that a build script runs: ``tool`` (``c++`` is the target's compiler), and the crate.

    ``<header>`` is a C header for the target instead, ``<one|other>`` either of two; ``$NAME`` is a variable, and
    ``+name`` a feature of the crate.

    ``crate`` is ``name version``; ``path`` is its line in the lock file. ``certain`` is False if the need depends on
    unknown facts: a feature, a library that is found first, or a crate that is not in the table. ``cross`` is the one
    kind of build that needs it, None: both. ``unless`` is a pkg-config module that the crate takes instead, where
    pkg-config has it; ``unset`` are variables any of which takes its place.
    """

    tool: str
    crate: str
    path: str = ""
    certain: bool = True
    cross: bool | None = None
    unless: str = ""
    unset: tuple[str, ...] = ()


def needs(
    crates: Iterable[Crate], lock: str, active: Callable[[str], set[str] | None], protos: bool = False
) -> tuple[ToolNeed, ...]:
    """Return what the compiled *crates* need for their builds; *active* returns the features of a crate, or None.

    *protos*: a build script of the project itself, or of one of the *crates*, compiles ``.proto`` files.
    """
    rows = _rows()
    crates = tuple(crates)
    names = {crate.name for crate in crates}
    found: dict[ToolNeed, None] = {}
    for crate in crates:
        label, path = f"{crate.name} {crate.version}", f"{lock}:{crate.line}"
        for tool, when in rows.get(crate.name, ()):
            certain = _holds(when, crate, active)
            if tool == "protoc" and certain is None and protos:
                certain = True
            if tool == "protoc" and names & _WITHOUT_PROTOC:
                continue
            if tool != "-" and certain is not False:
                words = when.split(",")
                kind = True if "cross" in words else False if "native" in words else None
                unless = next((word[1:] for word in words if word.startswith("%")), "")
                unset = tuple(word[1:] for word in words if word.startswith("$"))
                found[ToolNeed(tool, label, path, certain is True, kind, unless, unset)] = None
        if crate.name not in rows and "cmake" in crate.dependencies:
            # a crate of that name exists to build a library
            found[ToolNeed("cmake", label, path, crate.name.endswith(("-src", "_src")))] = None
    return tuple(found)


def remaining(
    tools: Iterable[ToolNeed], cross: bool, answers: Callable[[str], bool], is_set: Callable[[str], bool]
) -> tuple[ToolNeed, ...]:
    """Return the *tools* that this kind of build needs; *answers* says whether pkg-config has a module.

    *is_set* says whether the build script sees a variable.
    """
    fitting = (need for need in tools if need.cross in (None, cross) and not any(map(is_set, need.unset)))
    return tuple(need for need in fitting if not need.unless or not answers(need.unless))


def _holds(when: str, crate: Crate, active: Callable[[str], set[str] | None]) -> bool | None:
    """Whether a condition of the table is true; None if unknown."""
    answer: bool | None = True
    for word in when.split(","):
        if word == "~":
            answer = None
        elif word.startswith("="):
            if word[1:] not in crate.dependencies:
                return False
        elif word.startswith("/"):
            if word[1:] in crate.dependencies:
                return False
        elif word.startswith("@"):
            if not f"{crate.version}.".startswith(f"{word[1:]}."):
                return False
        elif word not in ("-", "native", "cross") and not word.startswith(("%", "$")):
            features = active(crate.name)
            if features is None:
                answer = None
            elif (word[1:] in features) is not word.startswith("?"):
                return False
    return answer


def listed() -> set[str]:
    """Return the names of the crates in the table."""
    return set(_rows())


@cache
def _rows() -> dict[str, list[tuple[str, str]]]:
    """Read the table: {crate: (tool, when) of each of its lines}."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, tool, when in _lines():
        found.setdefault(name, []).append((tool, when))
    return found


def _lines() -> Iterator[tuple[str, str, str]]:
    with open(os.path.join(os.path.dirname(tables.__file__), "build_tools.txt"), encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if words and not line.startswith("#"):
                name, _, tool, when = words
                yield name, tool, when
