"""Whether the loader finds the shared libraries of the programs that a build starts.

Sources: ld.so(8): rpath and runpath with ``$ORIGIN``, ``LD_LIBRARY_PATH``, the cache, the default folders; musl's
``ldso/dynlink.c``.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.elf import ld_so
from diagnose.readers.elf.elf_beginning import Begun, begun
from diagnose.readers.system import packages
from diagnose.readers.toolchain import driver
from diagnose.readers.toolchain.toolchain_facts import Unloaded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.variables import Variables
    from diagnose.readers.system.root import Root
    from diagnose.readers.toolchain.toolchain_facts import Part, Program, Rust, Toolchain

#: The most libraries of one program: Debian's cargo has 50 or so, most of them libcurl's.
LIBRARY_LIMIT = 300
_CACHE, _CACHE_LIMIT = "/etc/ld.so.cache", 4 << 20
_MUSL_PATH = "/etc/ld-musl-{}.path"
#: What musl's loader has within itself, whatever follows in the name (its ``ldso/dynlink.c``).
_IN_MUSL = tuple(f"lib{name}." for name in ("c", "pthread", "rt", "m", "dl", "util", "xnet"))


def unloaded(root: Root, programs: Iterable[str], native: Target, variables: Variables) -> Iterator[Unloaded]:
    """Yield what the loader does not find for *programs* of this system, each a path; the first of each one."""
    loader = _Loader(root, native, variables)
    for program in dict.fromkeys(programs):
        if found := loader.first(program):
            library = found[0]
            path = library if library.startswith("/") else f"/usr/lib/{native.multiarch}/{library}"
            yield Unloaded(program, *found, packages.owner(root, path, ""))


def started(root: Root, tools: Toolchain, target: Target, host: Target, *, compiles: bool) -> Iterator[str]:
    """Yield the programs that every build starts; with *compiles* also those that compile C."""
    yield from _of_rust(tools.rust)
    for linker, parts, row in ((tools.linker, tools.parts, target), (tools.host_linker, tools.host_parts, host)):
        yield from _real(linker)
        yield from _called(parts, "ld" if not driver.links_with_own_lld(root, tools.rust, row) else "")
        yield from _called(parts, *(("cc1", "as") if compiles else ()))
    for compiler in (tools.cc, tools.host_cc) if compiles else ():
        yield from _real(compiler)


def _of_rust(rust: Rust) -> Iterator[str]:
    if rust.toolchain:  # what is on PATH are rustup's proxies
        yield from (f"{rust.sysroot}/bin/{name}" for name in ("rustc", "cargo") if rust.sysroot)
        return
    yield from _real(rust.rustc)
    yield from _real(rust.cargo)


def _real(program: Program) -> Iterator[str]:
    if program.found:
        yield program.real


def _called(parts: Iterable[Part], *names: str) -> Iterator[str]:
    yield from (part.path for part in parts if part.path and part.name in names)


class _Loader:
    """Finds libraries as the loader of one system does, each file read once."""

    def __init__(self, root: Root, native: Target, variables: Variables) -> None:
        self.root = root
        self.native = native
        set_by_user = variables.get("LD_LIBRARY_PATH")
        self.named = [one for one in (set_by_user.value if set_by_user else "").split(":") if one.startswith("/")]
        self.files: dict[str, Begun | None] = {}
        self.whole: set[str] = set()  # with all their libraries
        self._folders: tuple[str, ...] | None = None
        self._cache: bytes | None = None
        self._seen: dict[str, bool] = {}

    def first(self, program: str) -> tuple[str, str, str] | None:
        """Return (library, what needs it, why) of the first that cannot be loaded."""
        seen = {program}
        loaded: set[str] = set()  # a library that is loaded already is taken wherever its name occurs
        pending: list[tuple[str, tuple[str, ...]]] = [(program, ())]
        while pending and len(seen) < LIBRARY_LIMIT:
            path, above = pending.pop(0)
            if path in self.whole:
                continue
            facts = self._facts(path)
            if facts is None or (facts.machine, facts.bits) != (self.native.machine, self.native.bits):
                continue  # a script, or nothing that this loader loads
            if facts.interpreter and not self.root.exists(facts.interpreter):
                return facts.interpreter, path, "is not there"
            if facts.cut:
                return path, program, f"is damaged ({facts.cut})"
            folders = (*self._run_path(facts, path), *above)
            if any("$" in folder for folder in folders):
                return None  # `$LIB` and `$PLATFORM` mean what the loader's build says
            for name in facts.needed:
                if name in loaded:
                    continue
                loaded.add(name)
                if self.native.libc == "musl" and name.startswith(_IN_MUSL):
                    continue
                found = self._find(name, folders)
                if not found:
                    return name, path, "is not there"
                if found not in seen:
                    seen.add(found)
                    pending.append((found, folders if facts.rpath else above))
        self.whole |= seen
        return None

    def _facts(self, path: str) -> Begun | None:
        if path not in self.files:
            try:
                with self.root.whole(path) as data:
                    self.files[path] = begun(data)
            except OSError:
                self.files[path] = None
        return self.files[path]

    def _run_path(self, facts: Begun, path: str) -> tuple[str, ...]:
        real = os.path.dirname(self.root.resolve(path) or path)
        value = facts.runpath or facts.rpath
        return tuple(one.replace("$ORIGIN", real).replace("${ORIGIN}", real) for one in value.split(":") if one)

    def _find(self, name: str, folders: Iterable[str]) -> str:
        """Return the path of the library *name*; empty if the loader finds none."""
        if "/" in name:
            return name if self.root.exists(name) else ""
        for folder in (*folders, *self.named, *self._default()):
            if self._fits(path := f"{folder}/{name}"):
                return path
        return self._cached(name)

    def _fits(self, path: str) -> bool:
        """Whether there is a library of this processor: the loader passes over others."""
        if path not in self._seen:
            head = self.root.head(path, 20) if self.root.exists(path) else b""
            machine = int.from_bytes(head[18:20], "big" if head[5:6] == b"\2" else "little")
            other = len(head) == 20 and (head[4] * 32, machine) != (self.native.bits, self.native.machine)
            self._seen[path] = self.root.exists(path) and not (head.startswith(b"\x7fELF") and other)
        return self._seen[path]

    def _default(self) -> tuple[str, ...]:
        if self._folders is None:
            self._folders = ld_so.folders(self.root, self.native)
            text = self.root.head(_MUSL_PATH.format(self.native.uname), 1 << 14) if self.native.libc == "musl" else b""
            self._folders += tuple(os.fsdecode(text).replace("\n", ":").split(":")) if text else ("/usr/local/lib",)
        return self._folders

    def _cached(self, name: str) -> str:
        """Return what ldconfig's cache names: also folders that it was given, and those for some processors only."""
        if self._cache is None:
            self._cache = self.root.head(_CACHE, _CACHE_LIMIT)
        end = 0
        sought = b"/" + os.fsencode(name) + b"\0"
        while (end := self._cache.find(sought, end)) >= 0:
            start = self._cache.rfind(b"\0", 0, end) + 1
            path = os.fsdecode(self._cache[start : end + len(sought) - 1])
            if path.startswith("/") and self._fits(path):
                return path
            end += 1
        return ""
