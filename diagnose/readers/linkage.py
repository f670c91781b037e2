"""Follows NEEDED through a wheel as the dynamic linker will once the wheel is installed.

Sources: ld.so(8) and glibc's ``elf/dl-load.c`` (DT_RPATH is inherited down the chain of loaders unless the file has
DT_RUNPATH, which is not inherited; a name that is already loaded is not searched again; libraries load breadth first);
musl's ``ldso/dynlink.c`` (both are inherited alike).
"""

from __future__ import annotations

import posixpath
import re
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from diagnose.readers.elf import Elf

SITE = "lib/python/site-packages"
_SITE_FORM = re.compile(r"\blib(?:64)?/(?:python|pypy)\d[\w.]*/(?:site|dist)-packages(?=/|$)")
_ORIGIN = re.compile(r"\$ORIGIN\b|\$\{ORIGIN\}")
MAX_STEPS = 1 << 20  # searches per wheel; real ones need some thousands


class Link(NamedTuple):
    """One NEEDED entry of one file in the wheel that names, or seems to name, another file in the wheel.

    ``path`` needs ``needed``. ``target`` is the member that the dynamic linker loads for it, empty if it finds none;
    ``via`` says how: ``rpath``, ``runpath``, ``inherited`` (a loader's path) or ``loaded`` (something else loaded it
    before). ``missed_from`` are the files (extension modules, programs) from whose loading the search fails although
    the wheel has the library: ``candidates``, members with that file name.
    """

    path: str
    needed: str
    target: str
    via: str
    candidates: tuple[str, ...]
    missed_from: tuple[str, ...]


def expand(search_path: str, origin: str) -> list[str]:
    """Return the folders of an RPATH or RUNPATH that lie in the environment, relative to its prefix.

    *origin* is the folder of the file that has it. Absolute folders, those relative to the working directory (an empty
    one is the working directory itself) and those outside the environment are left out: no file of a wheel is there.
    The interpreter's version in ``lib/python3.12/site-packages`` becomes :data:`SITE`.
    """
    folders = []
    for element in search_path.split(":"):
        folder = _ORIGIN.sub(lambda _: origin or ".", element)
        if folder == element:
            continue
        folder = _SITE_FORM.sub(SITE, posixpath.normpath(folder))
        if not folder.startswith(("..", "/")) and "$" not in folder:
            folders.append(folder)
    return list(dict.fromkeys(folders))


class Index:
    """The ELF files of a wheel by installed place and by name."""

    def __init__(self, elves: Iterable[Elf]) -> None:
        self.by_place: dict[str, Elf] = {}
        self.by_name: dict[str, list[Elf]] = {}
        self.folders: set[str] = set()
        for elf in elves:
            self.by_place.setdefault(elf.installed, elf)
            folder, _, name = elf.installed.rpartition("/")
            self.by_name.setdefault(name, []).append(elf)
            self.folders.add(folder)

    def find(self, name: str, folders: Iterable[str], wanted: Elf) -> Elf | None:
        """Return the file called *name* in the first of *folders* that has one that *wanted* can be linked with."""
        if name not in self.by_name:
            return None
        for folder in folders:
            found = self.by_place.get(posixpath.join(folder, name))
            if found is not None and compatible(found, wanted):
                return found
        return None


def compatible(one: Elf, other: Elf) -> bool:
    """Whether the dynamic linker would link the two: same class, byte order and machine."""
    return (one.bits, one.endian, one.machine) == (other.bits, other.endian, other.machine)


def own_folders(elf: Elf) -> tuple[list[str], list[str]]:
    """Return the folders of the file's own (rpath, runpath); an RPATH beside a RUNPATH is ignored."""
    origin = posixpath.dirname(elf.installed)
    if elf.runpath is not None:
        return [], expand(elf.runpath, origin)
    return expand(elf.rpath or "", origin), []


class _Loaded(NamedTuple):
    elf: Elf
    loader: _Loaded | None


def links(elves: tuple[Elf, ...], musl: bool) -> tuple[Link, ...]:
    """Return every NEEDED entry that a file of the wheel answers or could answer, by loading each possible start.

    Starts are extension modules, programs, and libraries that no other file of the wheel needs.
    """
    index = Index(elves)
    folders = {elf.path: own_folders(elf) for elf in elves}
    needed = {name for elf in elves for name in elf.needed}
    roots = [elf for elf in elves if elf.is_extension or elf.is_executable or elf.name not in needed]
    found: dict[tuple[str, str], tuple[str, str]] = {}
    missed: dict[tuple[str, str], list[str]] = {}
    steps = 0
    for root in roots:
        queue = deque([_Loaded(root, None)])
        loaded = {root.name: root, root.soname: root}
        while queue and steps < MAX_STEPS:
            item = queue.popleft()
            elf = item.elf
            for name in elf.needed:
                steps += 1
                if name not in index.by_name:
                    continue
                key = (elf.path, name)
                target, via = loaded.get(name), "loaded"
                if target is None:
                    target, via = _search(index, folders, item, name, musl)
                if target is None:
                    missed.setdefault(key, []).append(root.path)
                    continue
                if via != "loaded" or key not in found:
                    found[key] = (target.path, via)
                if name not in loaded:
                    loaded[name] = target
                    loaded.setdefault(target.soname, target)
                    queue.append(_Loaded(target, item))
    return tuple(
        Link(*key, *found.get(key, ("", "")), tuple(c.path for c in index.by_name[key[1]]), tuple(missed.get(key, ())))
        for key in sorted({*found, *missed})
    )


def _search(
    index: Index, folders: dict[str, tuple[list[str], list[str]]], item: _Loaded, name: str, musl: bool
) -> tuple[Elf | None, str]:
    rpath, runpath = folders[item.elf.path]
    if target := index.find(name, rpath, item.elf):
        return target, "rpath"
    if item.elf.runpath is None or musl:
        loader = item.loader
        while loader is not None:
            inherited = folders[loader.elf.path]
            if target := index.find(name, inherited[0] + (inherited[1] if musl else []), item.elf):
                return target, "inherited"
            loader = loader.loader
    return index.find(name, runpath, item.elf), "runpath"
