"""Resolves NEEDED entries in a wheel like the dynamic linker will after the wheel is installed.

Sources: ld.so(8) and glibc's ``elf/dl-load.c`` (DT_RPATH is inherited down the chain of loaders unless the file has
DT_RUNPATH, which is not inherited; a name that is already loaded is not searched again; libraries load breadth first);
musl's ``ldso/dynlink.c`` (both are inherited alike). glibc alone replaces $ORIGIN in NEEDED, and loads the libraries of
DT_FILTER like needed ones; musl does neither. glibc 2.33 and newer search the folders of glibc-hwcaps first.
"""

from __future__ import annotations

from collections import deque
from posixpath import dirname, join, normpath

from diagnose.loaders import glibc_loader, musl_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from diagnose.readers.elf.elf_parser import Elf

SITE = "lib/python/site-packages"
_SITE_FORM = re.compile(r"\blib(?:64)?/(?:python|pypy)\d[\w.]*/(?:site|dist)-packages(?=/|$)")
_ORIGIN = re.compile(r"\$ORIGIN\b|\$\{ORIGIN\}")
MAX_LINKS = 1 << 16  # NEEDED entries that are answered in one wheel
MAX_STEPS = 1 << 21  # NEEDED entries followed and folders looked into per wheel; real ones need some thousands


class LoadLink(NamedTuple):
    """One NEEDED entry of a file in the wheel that names, or seems to name, another file in the wheel.

    ``path`` needs ``needed``. ``target`` is the member that the dynamic linker loads for it, empty if it finds none;
    ``via`` is the way: ``rpath``, ``runpath``, ``inherited`` (a loader's path), ``origin`` (the entry is a path that
    begins with $ORIGIN) or ``loaded`` (another file loaded it before). ``missed_from`` are the start files (extension
    modules, programs) for which the search fails although the wheel has the library: ``candidates``, members with that
    file name or SONAME.
    """

    path: str
    needed: str
    target: str
    via: str
    candidates: tuple[str, ...]
    missed_from: tuple[str, ...]


def expand(search_path: str, origin: str) -> list[str]:
    """Return the folders of an RPATH or RUNPATH that are inside the environment, relative to its prefix.

    *origin* is the folder of the file that has it. Absolute folders, those relative to the working directory (an empty
    one is the working directory itself) and those outside the environment are omitted: no file of a wheel is there.
    The interpreter's version in ``lib/python3.12/site-packages`` becomes :data:`SITE`.
    """
    folders = []
    for element in search_path.split(":"):
        folder = _ORIGIN.sub(lambda _: origin or ".", element)
        if folder == element:
            continue
        folder = _SITE_FORM.sub(SITE, normpath(folder))
        if not folder.startswith(("..", "/")) and "$" not in folder:
            folders.append(folder)
    return list(dict.fromkeys(folders))


class Index:
    """The ELF files of a wheel by installed place and by name, and the folders that each of them searches.

    ``exhausted`` becomes true when a malicious wheel needs more steps than :data:`MAX_STEPS`; after that nothing is
    found. *level*: see :func:`diagnose.loaders.glibc_loader.searched`.
    """

    def __init__(self, elves: Iterable[Elf], level: int = 0) -> None:
        self.by_place: dict[tuple[str, str], Elf] = {}
        self.by_name: dict[str, list[Elf]] = {}
        self.by_soname: dict[str, list[Elf]] = {}
        self.search: dict[str, tuple[list[str], list[str]]] = {}
        self.exhausted = False
        folders = set()
        for elf in elves:
            folder, _, name = elf.installed.rpartition("/")
            self.by_place.setdefault((folder, name), elf)
            self.by_name.setdefault(name, []).append(elf)
            self.by_soname.setdefault(elf.soname or name, []).append(elf)
            folders.add(folder)
        for elf in elves:
            rpath, runpath = _own_folders(elf)
            if level:
                rpath, runpath = _preferred(rpath, elf, level), _preferred(runpath, elf, level)
            self.search[elf.path] = [f for f in rpath if f in folders], [f for f in runpath if f in folders]
        self._left = MAX_STEPS
        # Files that search the same folders for the same machine find the same libraries.
        groups: dict[tuple[object, ...], int] = {}
        self._group = {
            elf.path: groups.setdefault((*map(tuple, self.search[elf.path]), *_machine(elf)), len(groups))
            for elf in elves
        }
        self._own: dict[tuple[int, str], Elf | None] = {}

    def knows(self, name: str) -> bool:
        """Whether a file of the wheel has that file name or SONAME."""
        return name in self.by_name or name in self.by_soname

    def step(self) -> bool:
        """Count one step; return whether the limit is not yet reached."""
        self._left -= 1
        self.exhausted = self._left < 0
        return not self.exhausted

    def own(self, elf: Elf, name: str) -> Elf | None:
        """Return the file that *elf* finds as *name* by its own search path, whichever file loads it."""
        group = self._group[elf.path]
        if (group, name) not in self._own:
            rpath, runpath = self.search[elf.path]
            self._own[group, name] = self.find(name, (*rpath, *runpath), elf)
        return self._own[group, name]

    def at_origin(self, elf: Elf, name: str) -> Elf | None:
        """Return the file that glibc opens for an entry ``$ORIGIN/…`` of *elf*."""
        if not _ORIGIN.match(name) or not self.step():
            return None
        origin = dirname(elf.installed)
        folder, _, file = normpath(join(origin, _ORIGIN.sub(".", name, count=1))).rpartition("/")
        found = self.by_place.get((folder, file))
        return found if found is not None and _compatible(found, elf) else None

    def find(self, name: str, folders: Iterable[str], wanted: Elf) -> Elf | None:
        """Return the file *name* in the first of *folders* with one that *wanted* can be linked with."""
        if name not in self.by_name or not self.step():
            return None
        for folder in folders:
            self._left -= 1
            found = self.by_place.get((folder, name))
            if found is not None and _compatible(found, wanted):
                return found
        return None


def _compatible(one: Elf, other: Elf) -> bool:
    """Whether the dynamic linker would link the two: same class, byte order and machine."""
    return _machine(one) == _machine(other)


def _machine(elf: Elf) -> tuple[int, str, int]:
    return elf.bits, elf.endian, elf.machine


def _own_folders(elf: Elf) -> tuple[list[str], list[str]]:
    """Return the file's own folders (rpath, runpath); an RPATH is ignored if there is a RUNPATH."""
    origin = elf.installed.rpartition("/")[0]
    if elf.runpath is not None:
        return [], expand(elf.runpath, origin)
    return expand(elf.rpath or "", origin), []


def _preferred(folders: list[str], elf: Elf, level: int) -> list[str]:
    return [name for folder in folders for name in glibc_loader.searched(folder, elf.machine, level)]


def wanted(elf: Elf, musl: bool) -> tuple[str, ...]:
    """Return the libraries that have to be found before the file is loaded."""
    return elf.needed if musl else (*elf.needed, *elf.filters)


class _Loaded(NamedTuple):
    elf: Elf
    loader: _Loaded | None


def links(index: Index, elves: Sequence[Elf], musl: bool) -> tuple[LoadLink, ...]:
    """Return every NEEDED entry that a file of the wheel matches or could match, by loading each possible start file.

    Start files are extension modules, programs, and libraries that no other file of the wheel needs. A file that an
    earlier start has loaded is not followed again if the result cannot differ: a wheel in which every file needs every
    other would otherwise take cubic time.

    A wheel with folders of glibc-hwcaps is loaded once for each kind of processor: the entries of the others come
    before those of the oldest, where the answer differs.
    """
    base = _links(index, elves, musl)
    if musl or not any("/glibc-hwcaps/" in elf.installed for elf in elves):
        return base
    known = {(link.path, link.needed, link.target) for link in base}
    missed = {(link.path, link.needed): list(link.missed_from) for link in base}
    others: list[LoadLink] = []
    for level in range(1, max(map(len, glibc_loader.HWCAPS.values())) + 1):
        newer = Index(elves, level)
        for link in _links(newer, elves, musl):
            starts = missed.setdefault((link.path, link.needed), [])
            starts += [start for start in link.missed_from if start not in starts]
            if (link.path, link.needed, link.target) not in known:
                known.add((link.path, link.needed, link.target))
                others.append(link)
        index.exhausted = index.exhausted or newer.exhausted
    joined = [link._replace(missed_from=tuple(missed[link.path, link.needed])) for link in (*others, *base)]
    return tuple(sorted(joined, key=lambda link: (link.path, link.needed)))


def _links(index: Index, elves: Iterable[Elf], musl: bool) -> tuple[LoadLink, ...]:
    loads = _Loads(index, musl)
    needed = set[str]().union(*(wanted(elf, musl) for elf in elves))
    for root in elves:
        if root.is_extension or root.is_executable or root.name not in needed:
            loads.follow(root)
    candidates = {name: _candidates(index, name) for name in {name for _, name in (*loads.found, *loads.missed)}}
    return tuple(
        LoadLink(*key, *loads.found.get(key, ("", "")), candidates[key[1]], tuple(loads.missed.get(key, ())))
        for key in sorted({*loads.found, *loads.missed})
    )


class _Loads:
    """The results of loading the start files one after the other, by the file with the need and the name."""

    def __init__(self, index: Index, musl: bool) -> None:
        self.index = index
        self.musl = musl
        self.found: dict[tuple[str, str], tuple[str, str]] = {}
        self.missed: dict[tuple[str, str], list[str]] = {}
        self.settled: set[str] = set()  # files from which everything is found, whoever loads them
        self._unique: dict[str, bool] = {}

    def follow(self, root: Elf) -> None:
        """Load *root* and all that it needs, breadth first."""
        index = self.index
        if root.path in self.settled:
            return
        queue = deque([_Loaded(root, None)])
        loaded = {root.name: root, root.soname: root}
        visited = []
        alike = True  # whether all would find the same if another of these files were the start
        while queue:
            item = queue.popleft()
            visited.append(item.elf.path)
            for name in wanted(item.elf, self.musl):
                if not index.step() or len(self.found) > MAX_LINKS:
                    index.exhausted = True
                    return
                key = (item.elf.path, name)
                if "/" in name:
                    placed = None if self.musl else index.at_origin(item.elf, name)
                    if placed is not None:
                        self.found[key] = (placed.path, "origin")
                        if f"/{placed.path}" not in loaded:
                            loaded[f"/{placed.path}"] = placed
                            loaded.setdefault(placed.soname, placed)
                            queue.append(_Loaded(placed, item))
                    continue
                if not index.knows(name):
                    continue
                target, via = loaded.get(name), "loaded"
                if target is None:
                    target, via = _search(index, item, name, self.musl)
                    if target is not None:
                        loaded[name] = target
                        loaded.setdefault(target.soname, target)
                        queue.append(_Loaded(target, item))
                alike = alike and target is not None and index.own(item.elf, name) is target and self.is_unique(name)
                if target is None:
                    self.missed.setdefault(key, []).append(root.path)
                elif via != "loaded" or key not in self.found:
                    self.found[key] = (target.path, via)
        if alike:
            self.settled.update(visited)

    def is_unique(self, name: str) -> bool:
        """Whether only one file of the wheel has that file name or SONAME, so that every search finds the same one."""
        if name not in self._unique:
            known = (*self.index.by_name.get(name, ()), *self.index.by_soname.get(name, ()))
            self._unique[name] = len({elf.path for elf in known}) == 1
        return self._unique[name]


def _candidates(index: Index, name: str) -> tuple[str, ...]:
    both = (*index.by_name.get(name, ()), *index.by_soname.get(name, ()))
    return tuple(dict.fromkeys(elf.path for elf in both))


def _searched(index: Index, elf: Elf, musl: bool) -> tuple[list[str], list[str]]:
    """Return the file's own folders by RPATH and by RUNPATH; musl ignores a path with any token other than $ORIGIN."""
    if musl and musl_loader.drops_search_path(elf.runpath if elf.runpath is not None else elf.rpath or ""):
        return [], []
    return index.search[elf.path]


def _search(index: Index, item: _Loaded, name: str, musl: bool) -> tuple[Elf | None, str]:
    rpath, runpath = _searched(index, item.elf, musl)
    for folders, via in ((rpath, "rpath"), (runpath, "runpath")):
        if target := index.find(name, folders, item.elf):
            return target, via
    loader = item.loader if item.elf.runpath is None or musl else None
    while loader is not None and name in index.by_name:
        rpath, runpath = _searched(index, loader.elf, musl)
        if target := index.find(name, (*rpath, *runpath) if musl else rpath, item.elf):
            return target, "inherited"
        loader = loader.loader
    return None, ""
