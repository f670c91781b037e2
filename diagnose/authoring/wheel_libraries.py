"""Helpers for checks of needed libraries: names that no file of the wheel matches, and who else may provide them."""

from __future__ import annotations

import posixpath

from diagnose.authoring.wheel import promised, tagged_elves
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.tables.repaired_names import is_hashed, plain
from diagnose.tables.shared_libraries import another_wheels, is_extra, is_libc_piece, project

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

_LIBPYTHON = re.compile(r"libpython\d[\d.]*[a-z]*\.so(\.[\d.]+)?")

_TELLING = 3  # letters of a name that says nothing by itself


def needing(elves: Sequence[Elf], wanted: Callable[[str], bool]) -> list[tuple[Elf, str]]:
    """Return each of *elves* with each NEEDED name that is *wanted*; a name is looked at once, whoever needs it."""
    names = {name for name in set[str]().union(*(elf.needed for elf in elves)) if wanted(name)}
    if not names:
        return []
    return [(elf, name) for elf in elves if not names.isdisjoint(elf.needed) for name in elf.needed if name in names]


def is_libpython(name: str) -> bool:
    """Whether the name is an interpreter's library."""
    return name.startswith("libpython") and _LIBPYTHON.fullmatch(name) is not None


def missing(wheel: Wheel) -> dict[str, list[Elf]]:
    """Return the libraries that no policy allows and the wheel does not contain, with the files that need them.

    Excluded are names that the wheel has a file for, which concern the search path; the interpreter's library; parts
    of the C library.
    """
    promise = promised(wheel)
    limit = promise[1].priority if promise else 1
    found = {s.library for s in wheel.verdict.shortfalls if s.kind == "external-library" and s.priority < limit}
    present = {name.rpartition("/")[2] for name in wheel.files} | {elf.soname for elf in wheel.elves}
    present |= {name for name in found if "/" in name}.union(renamed_copies(wheel))  # of those other checks speak
    names = {name for name in found if name not in present and not is_libpython(name) and not is_libc_piece(name)}
    needs: dict[str, list[Elf]] = {}
    for elf, name in needing(tagged_elves(wheel), names.__contains__):
        needs.setdefault(name, []).append(elf)
    if wheel.verdict.libc == "glibc":
        # A filter (DT_FILTER) needs the filtered library too; musl ignores the entry.
        allowed = present.union(promise[1].whitelist if promise else ())
        for elf in tagged_elves(wheel):
            for name in elf.filters:
                if name not in allowed and not is_libpython(name) and not is_libc_piece(name):
                    needs.setdefault(name, []).append(elf)
    return {name: needs[name] for name in sorted(needs)}


def renamed_copies(wheel: Wheel) -> dict[str, str]:
    """Return external name → the member that is this library, renamed by a repair tool."""
    copies: dict[str, str] = {}
    for elf in tagged_elves(wheel):
        if is_hashed(elf.name):
            before = plain(elf.name)  # libtbb.so.12.2, which answers for libtbb.so.12 too
            while ".so" in before:
                copies.setdefault(before, elf.path)
                before = before.rpartition(".")[0]
    wanted = {s.library for s in wheel.verdict.shortfalls if s.kind == "external-library" and "/" not in s.library}
    return {name: copies[name] for name in sorted(wanted & copies.keys())}


def expected_from(wheel: Wheel, name: str, users: list[Elf]) -> str:
    """Return who else provides the library, by which evidence; empty if unknown."""
    if reason := another_wheels(name, wheel.requires):
        return reason
    for elf in users:
        for folder in (elf.runpath or elf.rpath or "").split(":"):
            sibling = _sibling(elf, folder)
            if sibling and not any(member.startswith(sibling + "/") for member in wheel.files):
                return f"is searched for in {sibling}, another distribution's folder ({folder})"
    # A project that is pinned with == belongs to the wheel: one with the library's name (libz3 and z3-solver), or one
    # of the same family for a library without a version in its name, which no distribution has. Without a pin, the
    # project has to be named as such a library (libtvm_ffi.so and apache-tvm-ffi).
    stem = project(name.removeprefix("lib").partition(".so")[0])
    family = project(wheel.name).split("-")[0] if name.endswith(".so") else ""
    pinned = [project(line) for line in wheel.requires if "==" in line.partition(";")[0] and not is_extra(line)]
    for part in sorted(pinned, key=lambda part: part.split("-")[0] != stem):
        if part == stem or part.split("-")[0] in (stem, family):
            return f"may come with {part}, which the wheel requires with =="
    if name.endswith(".so") and len(stem) > _TELLING:
        for line in wheel.requires:
            part = project(line)
            if not is_extra(line) and (part == stem or part.endswith(f"-{stem}")):
                return f"may come with {part}, which the wheel requires"
    return ""


def _sibling(elf: Elf, folder: str) -> str:
    """Return the top-level folder of site-packages that an RPATH element points into."""
    folder = folder.replace("${ORIGIN}", "$ORIGIN")
    if "$ORIGIN" not in folder:
        return ""
    path = posixpath.normpath(folder.replace("$ORIGIN", posixpath.dirname(elf.path) or "."))
    return "" if path.startswith(("..", "/")) or path == "." else path.partition("/")[0]
