"""Computes pkg-config's answer for modules and their requirements on a search path, without running it.

Follows ``libpkgconf/pkg.c``, ``queue.c`` and ``cli/main.c`` of pkgconf 1.8.1, 2.1.1, 2.3.0, 2.4.3 and 2.5.1.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError
from diagnose.readers.pkgconfig import freedesktop, pkgconf3
from diagnose.readers.pkgconfig.flat import Flat
from diagnose.readers.pkgconfig.fragments import render
from diagnose.readers.pkgconfig.graph import EndlessError, Modules
from diagnose.readers.pkgconfig.pc_parser import Expander, FileSysroot, parse
from diagnose.readers.pkgconfig.pcfile import (
    FILE_LIMIT,
    VISIT_LIMIT,
    Dependency,
    Fragment,
    PcFile,
    Requirements,
    dependencies,
)
from diagnose.readers.pkgconfig.rpm_versions import COMPARE, compare, provides
from diagnose.readers.pkgconfig.rules import Rules
from diagnose.readers.pkgconfig.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.readers.system.root import Root

#: The most bytes of ``.pc`` files that one query reads.
READ_LIMIT = 64 << 20


class Problem(NamedTuple):
    """Why there is no answer. ``found`` is None for a missing module, otherwise the version that does not match.

    ``required_by`` is empty for a requested module. ``conflict`` marks a ``Conflicts`` field that applies.
    """

    dependency: Dependency
    required_by: str
    found: str | None = None
    conflict: bool = False


class Answer(NamedTuple):
    """The output of the program: ``cflags`` and ``libs`` as words with pkgconf's quoting, or the problems.

    ``erratic`` is why there is neither: the requirements do not end, the answer depends on the order of files in a
    folder, or a variable changes it in a way that is not computed. ``refused`` is what the program says of a file that
    it refuses.

    Bytes beyond ASCII are lone surrogates in the words (``surrogateescape``), because pkgconf quotes each of them.
    """

    version: str = ""
    path: str = ""
    cflags: tuple[str, ...] = ()
    libs: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    erratic: str = ""
    refused: str = ""


class Resolver:
    """Finds modules on a search path and resolves their requirements. One object answers one query.

    *search_path* are folders inside *root*. *hidden* are the system's folders, whose ``-L`` is omitted from the answer.
    """

    def __init__(
        self,
        root: Root,
        search_path: Iterable[str],
        sysroot: str | None = None,
        rules: Rules = Rules(),  # noqa: B008  (a record)
        hidden: Iterable[str] = (),
    ) -> None:
        self._root = root
        self._path = list(search_path)
        self._sysroot = sysroot
        self._rules = rules
        self._hidden = frozenset(hidden)
        self._expander = Expander(rules, sysroot)
        self._late = pkgconf3.Pkgconf3Expander(rules, sysroot) if rules.late else None
        self._cache: dict[str, PcFile | None] = {}
        self._offers: dict[str, list[tuple[PcFile, Dependency]]] | None = None
        self._files: dict[tuple[str, bool], PcFile | None] = {}
        self._backwards = False  # the order in which folders are scanned
        self._provided = ""  # a module that only a scan found
        self._static = False
        self._read = 0
        self._visits = 0

    def ask(self, arguments: Iterable[str], static: bool = False) -> Answer:
        """Return the answer to ``[--static] --libs --cflags ARGUMENTS`` and to ``--modversion`` of the same.

        Raises:
            InputError: a ``.pc`` file is not text or too large.
        """
        if self._rules.unmodelled:
            return Answer(erratic=f"{' and '.join(self._rules.unmodelled)} can change it")
        arguments = tuple(arguments)
        self._static = static
        try:
            answer = self._ask(arguments, static)
        except freedesktop.RefusedError as error:
            return Answer(refused=str(error))
        except freedesktop.ErraticError as error:
            return Answer(erratic=str(error))
        if not self._provided:
            return answer
        # The program scans folders in the order of the file system, which a copy of the system does not keep.
        self._backwards, self._cache, self._offers = True, {}, None
        if self._ask(arguments, static) == answer:
            return answer
        return Answer(erratic=f"who provides {self._provided} depends on the order of files in their folder")

    def _ask(self, arguments: Iterable[str], static: bool) -> Answer:
        requested = Requirements()
        asked = FileSysroot(self._rules, self._sysroot, self._sysroot or "/", False)
        for argument in arguments:
            text = argument if self._rules.late else self._expander.expand(argument, {}, asked)
            for dependency in dependencies(text, exact=self._rules.operator_exact):
                requested.add(dependency)
        wanted = tuple(requested)
        problems: dict[Problem, None] = {}

        def report(dependency: Dependency, by: str, found: PcFile | None, conflict: bool) -> None:
            problems.setdefault(Problem(dependency, by, None if found is None else found.version, conflict))

        modules = Modules(self.verify, report)
        order = Flat if self._rules.flat else Tree
        erratic = ""
        flags = None
        try:
            flags = order(self._rules, modules, wanted, static).flags()
        except EndlessError as error:
            erratic = str(error)
        first = self._find(wanted[0].module) if wanted else None
        path, version = (first.path, first.version) if first else ("", "")
        if flags is None:
            return Answer(path=path, version=version, problems=tuple(problems), erratic="" if problems else erratic)
        cflags, libs = flags
        return Answer(
            version=_text(version),
            path=path,
            cflags=tuple(map(self._word, cflags)),
            libs=tuple(self._word(one) for one in libs if not (one.type == "L" and one.data in self._hidden)),
        )

    def _word(self, fragment: Fragment) -> str:
        if self._rules.freedesktop and self._sysroot and fragment.type in ("L", "I"):
            fragment = fragment._replace(data=self._sysroot + fragment.data)
        return render(fragment, self._rules.late)

    def verify(self, wanted: Dependency) -> tuple[PcFile | None, bool, bool]:
        """Return the file that answers *wanted*, whether its version matches, and whether the program reads it once."""
        found = self._find(wanted.module)
        if found is None:
            found = None if self._rules.freedesktop else self._find_provider(wanted)
            return found, found is not None, self._rules.late
        matches = not wanted.operator or COMPARE[wanted.operator](compare(found.version, wanted.version))
        return found, matches, self._rules.freedesktop or found.id.lower() == wanted.module.lower()

    def _find(self, module: str) -> PcFile | None:
        if module.lower() in ("pkg-config", "pkgconf"):
            return PcFile("", module.lower(), "pkg-config", self._rules.version, {})
        if module not in self._cache:
            self._cache[module] = self._search(module)
        return self._cache[module]

    def _search(self, module: str) -> PcFile | None:
        for folder in self._path:
            for name in (f"{module}-uninstalled.pc",) * self._rules.uninstalled + (f"{module}.pc",):
                path = f"{folder}/{name}"
                if self._root.is_file(path):
                    if (file := self._load(path, uninstalled=name != f"{module}.pc")) is not None:
                        return file
                    if not self._rules.uninstalled_optional:
                        break
        return None

    def _find_provider(self, wanted: Dependency) -> PcFile | None:
        for file, offered in self._scanned(wanted.module) if self._late else self._providers().get(wanted.module, ()):
            if provides(wanted, offered):
                self._provided = wanted.module
                return file
        return None

    def _names(self, folder: str) -> list[str]:
        """Return the names in *folder* in the order of this scan."""
        names = self._root.names(folder)
        return names[::-1] if self._backwards else names

    def _scanned(self, module: str) -> Iterator[tuple[PcFile, Dependency]]:
        """Yield the files that provide *module*, as pkgconf 3 does: a known name stands for its file."""
        for folder in self._path:
            for name in self._names(folder):
                if not name.endswith(".pc"):
                    continue
                identity = name[:-3]
                file = self._cache.get(identity) or self._load(f"{folder}/{name}")
                if file is None:
                    continue
                self._cache[identity] = file
                offered = next((one for one in file.provides if one.module == module), None)
                if offered is not None:
                    yield file, offered

    def _providers(self) -> dict[str, list[tuple[PcFile, Dependency]]]:
        """Return {module: the files that provide it, each with the first such entry}, in search order."""
        if self._offers is None:
            self._offers = {}
            for folder in self._path:
                for name in self._names(folder):
                    file = self._load(f"{folder}/{name}") if name.endswith(".pc") else None
                    for offered in {one.module: one for one in reversed(file.provides)}.values() if file else ():
                        assert file is not None
                        self._offers.setdefault(offered.module, []).append((file, offered))
                    self._visits += 1
                    if self._visits > VISIT_LIMIT:
                        raise InputError(f"{folder}: too many .pc files")
        return self._offers

    def _load(self, path: str, *, uninstalled: bool = False) -> PcFile | None:
        if (path, uninstalled) not in self._files:
            self._files[path, uninstalled] = self._parsed(path, uninstalled)
        return self._files[path, uninstalled]

    def _parsed(self, path: str, uninstalled: bool) -> PcFile | None:
        data = self._root.read(path, FILE_LIMIT)
        if data is None:
            return None
        self._read += len(data)
        if self._read > READ_LIMIT:
            raise InputError(f"{path}: more than {READ_LIMIT >> 20} MiB of .pc files")
        if b"\0" in data:
            raise InputError(f"{path}: not a text file (NUL byte at offset {data.index(0)})")
        folder = path.rpartition("/")[0]
        if self._rules.links_followed:
            folder = self._root.link_folder(path)
        text = data.decode("ascii", "surrogateescape")  # byte by byte, as the program reads it
        if self._rules.freedesktop:
            return freedesktop.parse(
                self._rules, path, folder, text, self._sysroot, uninstalled=uninstalled, static=self._static
            )
        if self._late is not None:
            return pkgconf3.parse(self._late, path, folder, text, uninstalled=uninstalled)
        return parse(self._expander, path, folder, text, uninstalled=uninstalled)


def _text(raw: str) -> str:
    """Return a string that was read byte by byte, decoded as UTF-8."""
    return raw.encode("ascii", "surrogateescape").decode("utf-8", "surrogateescape")
