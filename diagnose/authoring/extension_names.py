"""What extension modules are called, and which interpreter imports which name.

Sources: PEP 3149 and PEP 425, CPython's ``configure.ac`` (EXT_SUFFIX; musl has its own since 3.11), PyPy's
``importing.py``.
"""

from __future__ import annotations

import re

from diagnose import policies
from diagnose.authoring.wheel import linux_tags, loadable_elves
from diagnose.model._lazy_stdlib import NamedTuple
from diagnose.model.targets import TARGETS
from diagnose.readers.elf.parser import Elf
from diagnose.readers.wheel.reader import Tag, Wheel

_NAME = re.compile(
    r"(?P<module>[^.]+)\.(?:(?P<soabi>cpython-(?P<python>\d{2,3})(?P<flags>[a-z]*)|(?P<pypy>pypy\d+)-(?P<pp>pp\d+))"
    r"(?:-(?P<triplet>[\w-]+))?\.|(?P<abi3>abi3t?)\.)?so"
)


class Module(NamedTuple):
    """One extension module's file.

    ``key`` is its path without the ending: files that are the same module for several interpreters share it.
    ``soabi`` is ``cpython-312``, ``pypy311-pp73``, ``abi3`` or empty; ``triplet`` what follows it.
    """

    elf: Elf
    key: str
    soabi: str
    triplet: str

    @property
    def suffix(self) -> str:
        """The ending, ``.cpython-312-x86_64-linux-gnu.so``."""
        return self.elf.name[len(self.key.rpartition("/")[2]) :]


def modules(wheel: Wheel) -> list[Module]:
    """Return the extension modules of the wheel's architecture: by their init function, or by a name that says so."""
    found: list[Module] = []
    tags = linux_tags(wheel)
    if tags and wheel.verdict.arch not in {tag.arch for _, tag in tags}:
        return found  # they are of another architecture altogether, which matters more than their names
    for elf in loadable_elves(wheel):
        match = _NAME.fullmatch(elf.name)
        if match and (elf.is_extension or match["soabi"]) and not elf.split_debug:
            key = f"{elf.path.rpartition('/')[0]}/{match['module']}".lstrip("/")
            found.append(Module(elf, key, match["soabi"] or match["abi3"] or "", match["triplet"] or ""))
    return found


def interpreter_soabi(tag: Tag) -> str:
    """Return the SOABI that the tag's interpreter writes into names: empty for a tag that is not for a single one."""
    if match := re.fullmatch(r"cp(\d)(\d+)", tag.python):
        if tag.abi == "abi3":
            return ""
        flags = re.fullmatch(r"cp\d+([a-z]*)", tag.abi)
        return f"cpython-{match[1]}{match[2]}{flags[1] if flags else ''}"
    if match := re.fullmatch(r"pypy(\d+)_(pp\d+)", tag.abi):
        return f"pypy{match[1]}-{match[2]}"
    return ""


def triplet(soabi: str, arch: str, libc: str) -> str:
    """Return the machine part of the name as that interpreter writes it, empty if unknown."""
    version = re.fullmatch(r"(?:cpython-|pypy)3(\d+).*", soabi)
    if libc == "musl" and version and policies.number(version[1]) < 11:
        libc = "glibc"  # CPython told the two apart from 3.11 on
    return next((row.multiarch for row in TARGETS if (row.wheel, row.libc) == (arch, libc) and row.multiarch), "")
