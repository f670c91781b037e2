"""The file names of extension modules, and which interpreter imports which name.

Sources: PEP 3149, PEP 425 and PEP 803; CPython's ``configure.ac`` (EXT_SUFFIX; musl has its own since 3.11) and
``Python/dynload_shlib.c`` (the names that it imports: since 3.15 also ``.abi3-TRIPLET.so``, ``.abi3t.so`` and
``.abi3t-TRIPLET.so``); PyPy's ``importing.py``, which writes ``x86-linux-gnu`` for 32-bit x86; Alpine's patches of
Python 3.9 and 3.10, which import ``-linux-musl``.
"""

from __future__ import annotations

from diagnose.authoring.wheel import linux_tags, loadable_elves
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.targets import TARGETS
from diagnose.model.versions import number
from diagnose.tables.stable_abi import stable_abi

if TYPE_CHECKING:
    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.filekind import CodeFile
    from diagnose.readers.wheel.reader import Tag, Wheel

_NAME = re.compile(
    r"(?P<module>[^.]+)\.(?:(?P<soabi>cpython-(?P<python>\d{2,3})(?P<flags>[a-z]*)|(?P<pypy>pypy\d+)-(?P<pp>pp\d+))"
    r"(?:-(?P<triplet>[\w-]+))?\.|(?P<abi3>abi3t?)(?:-(?P<abi3_triplet>[\w-]+))?\.)?so"
)


class ExtensionName(NamedTuple):
    """One extension module's file.

    ``key`` is its path without the suffix: the files of one module for several interpreters share it. ``soabi`` is
    ``cpython-312``, ``pypy311-pp73``, ``abi3`` or empty; ``triplet`` is the part after it.
    """

    elf: Elf
    key: str
    soabi: str
    triplet: str

    @property
    def suffix(self) -> str:
        """The suffix, ``.cpython-312-x86_64-linux-gnu.so``."""
        return self.elf.name[len(self.key.rpartition("/")[2]) :]

    @property
    def module(self) -> str:
        """The dotted name, with which an import fails."""
        folders = self.key.split("/")
        return ".".join(folders[2:] if folders[0].endswith(".data") else folders)


def modules(wheel: Wheel) -> list[ExtensionName]:
    """Return the extension modules of the wheel's architecture, recognised by their init function or their name."""
    found: list[ExtensionName] = []
    tags = linux_tags(wheel)
    if tags and wheel.verdict.arch not in {tag.arch for _, tag in tags}:
        return found  # they are of another architecture altogether, which matters more than their names
    for elf in loadable_elves(wheel):
        match = _NAME.fullmatch(elf.name)
        if match and (elf.is_extension or match["soabi"]) and not elf.split_debug:
            key = f"{elf.path.rpartition('/')[0]}/{match['module']}".lstrip("/")
            machine = match["triplet"] or match["abi3_triplet"] or ""
            found.append(ExtensionName(elf, key, match["soabi"] or match["abi3"] or "", machine))
    return found


def is_module_name(name: str) -> bool:
    """Whether the file name has a suffix that only extension modules have: an interpreter's or the stable ABI's."""
    match = _NAME.fullmatch(name)
    return match is not None and bool(match["soabi"] or match["abi3"])


class TaggedPython(NamedTuple):
    """A CPython that a tag promises: its minor version, whether it is free-threaded, and its triplet."""

    minor: int
    free_threaded: bool
    machine: str

    def imports(self, module: ExtensionName | ForeignName) -> bool:
        """Whether the interpreter imports a file of this name."""
        triplet_fits = not module.triplet or not self.machine or module.triplet == self.machine
        if module.soabi == "abi3":
            # Only 3.15 and newer import names with a triplet after abi3.
            return not self.free_threaded and triplet_fits and (not module.triplet or self.minor >= 15)
        if module.soabi == "abi3t":
            return self.minor >= 15 and triplet_fits
        own = f"cpython-3{self.minor}{'t' if self.free_threaded else ''}"
        return not module.soabi or (module.soabi == own and triplet_fits)

    def __str__(self) -> str:
        return f"{'free-threaded ' if self.free_threaded else ''}CPython 3.{self.minor}"


_FOREIGN = re.compile(
    r"(?P<module>[^.]+)(?P<suffix>\.(?:cpython-(?P<unix>3\d+t?)-(?P<triplet>[\w-]+)\.so|"
    r"cp(?P<windows>3\d+t?)-(?P<platform>\w+)\.pyd|"
    r"(?P<abi3>abi3t?)(?:-(?P<abi3_triplet>[\w-]+))?\.so|(?:so|pyd)))"
)


class ForeignName(NamedTuple):
    """The name of one extension module of a wheel for another system; the fields are those of ExtensionName."""

    file: CodeFile
    key: str
    soabi: str
    triplet: str
    suffix: str


def foreign_modules(wheel: Wheel) -> list[ForeignName]:
    """Return the files of a wheel for other systems that are named as extension modules, in the order of their paths.

    A library of another kind may have the shortest ending, ``.so``: it counts beside files with a longer one only.
    """
    found: list[ForeignName] = []
    for file in wheel.code:
        folder, _, name = file.path.rpartition("/")
        match = _FOREIGN.fullmatch(name) if file.claims == "library" else None
        if match:
            number = match["unix"] or match["windows"]
            soabi = f"cpython-{number}" if number else match["abi3"] or ""
            end = match["triplet"] or match["platform"] or match["abi3_triplet"] or ""
            key = f"{folder}/{match['module']}".lstrip("/")
            found.append(ForeignName(file, key, soabi, end, match["suffix"]))
    return found


def oldest_of(tag: Tag, machine: str) -> list[TaggedPython]:
    """Return the oldest CPythons that a tag for a stable ABI promises, one for each threading mode of the tag.

    Newer ones import every name that these do, except names with a version.
    """
    match = re.fullmatch(r"cp3(\d+)", tag.python)
    if not match or tag.abi not in ("abi3", "abi3t"):
        return []
    minor = int(match[1])
    # Both builds support abi3t, but only the tag abi3 promises the build with the lock.
    return [TaggedPython(minor, tag.abi == "abi3t", machine)]


def before_mod_export(wheel: Wheel) -> str:
    """Return a CPython 3 that the tags promise and that knows no ``PyModExport_NAME`` (PEP 793: 3.15); or nothing."""
    minors = [number(match[1]) for tag in wheel.tags if (match := re.fullmatch(r"cp3(\d+)", tag.python))]
    return f"CPython 3.{min(minors)}" if minors and min(minors) < 15 else ""


#: Symbols of Python's interface, which the interpreter has to provide.
API = re.compile(r"_?Py[A-Z_]\w*")


def outside_stable_abi(elf: Elf) -> list[str]:
    """Return the Python functions that the file uses and the stable ABI does not have, sorted."""
    names = list(filter(API.fullmatch, elf.undefined))
    known = stable_abi() if names else {}
    return sorted(name for name in names if name not in known)


def interpreter_soabi(tag: Tag) -> str:
    """Return the SOABI that the tag's interpreter writes into names: empty for a tag of several interpreters."""
    if match := re.fullmatch(r"cp(\d)(\d+)", tag.python):
        if tag.abi in ("abi3", "abi3t"):
            return ""
        flags = re.fullmatch(r"cp\d+([a-z]*)", tag.abi)
        return f"cpython-{match[1]}{match[2]}{flags[1] if flags else ''}"
    if match := re.fullmatch(r"pypy(\d+)_(pp\d+)", tag.abi):
        return f"pypy{match[1]}-{match[2]}"
    return ""


def triplet(soabi: str, arch: str, libc: str) -> str:
    """Return the machine part of the name that this interpreter writes, empty if unknown."""
    version = re.fullmatch(r"(?:cpython-|pypy)3(\d+).*", soabi)
    if libc == "musl" and version and number(version[1]) < 11:
        libc = "glibc"  # CPython told the two apart from 3.11 on
    if soabi.startswith("pypy") and arch == "i686":
        return "x86-linux-gnu"
    return next((row.multiarch for row in TARGETS if (row.wheel, row.libc) == (arch, libc) and row.multiarch), "")
