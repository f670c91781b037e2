"""The programs that a GCC driver calls: what compiles (cc1), assembles (as) and links (ld).

It links through collect2, which calls ld; without collect2 it calls ld itself.

Sources: GCC's ``gcc/gcc.cc`` (``exec_prefixes``, ``linker_name_spec``) and ``gcc/collect2.cc`` (its search for ld), and
the manual of ``-print-prog-name``; the cc crate's ``src/lib.rs`` (``get_base_archiver_variant``).
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.versions import newer
from diagnose.readers.toolchain.rustup import LLD_TARGET, OWN_LLD, cargo_version
from diagnose.readers.toolchain.toolchain_facts import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.variables import Variables
    from diagnose.readers.system.root import Root
    from diagnose.readers.toolchain.toolchain_facts import Finder, Program, Rust

# Where any of these is, a GCC keeps its programs.
_INNER = ("collect2", "lto-wrapper", "cc1", "lto1", "cc1plus")
#: What a GCC with link-time optimization gives its linker, also in links without it.
PLUGIN = "liblto_plugin.so"


def driver_parts(finder: Finder, driver: Program, inner: Iterable[str], *, native: bool) -> tuple[Part, ...]:
    """Return the programs that *driver* calls, each with its path if it finds it.

    *inner* are its folders of start files, such as ``/usr/lib/gcc/x86_64-linux-gnu/14``. *native*: it compiles for the
    machine that it runs on. Empty if *driver* is a script or another compiler, or keeps its programs elsewhere.
    """
    if not driver.found or driver.script or "clang" in os.path.basename(driver.real):
        return ()
    root = finder.root
    places = tuple(_places(inner))
    folders = [folder for folder, _, _ in places if any(root.is_executable(f"{folder}/{name}") for name in _INNER)]
    if not folders:
        return ()
    tools = [folder for _, folder, _ in places]
    names = [name for _, _, name in places]
    return (
        Part("ld", _linker(finder, folders, tools, names, native)),
        Part("cc1", _first(root, folders, ("cc1",))),
        Part("as", _first(root, (*folders, *tools), ("as",)) or _on_path(finder, ("as",) if native else _as(names))),
        *_plugin(root, driver, (*folders, *tools)),
    )


#: Variables in which GCC finds other programs, and those in which it finds headers.
_PROGRAMS = ("COMPILER_PATH", "GCC_EXEC_PREFIX")
_HEADERS = ("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH")


def settings(variables: Variables, *, compiles: bool) -> list[str]:
    """Return the variables that are set and tell GCC where programs are, and headers if it *compiles*."""
    return [name for name in (*_PROGRAMS, *(_HEADERS if compiles else ())) if variables.get(name)]


def _plugin(root: Root, driver: Program, folders: Iterable[str]) -> Iterator[Part]:
    """Yield that *driver* gives its linker a plugin in every link, and does not find it."""
    if any(root.is_file(f"{folder}/{PLUGIN}") for folder in folders):
        return
    if root.find(driver.real, b"%{!fno-use-linker-plugin:", 1):
        yield Part(PLUGIN, "")


def _places(inner: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (folder of programs, folder of the target's tools, GCC's name of the target) of each folder."""
    for folder in inner:
        base, _, _version = folder.rpartition("/")
        base, _, name = base.rpartition("/")
        prefix = os.path.dirname(os.path.dirname(base))
        yield f"{prefix}/libexec/{os.path.basename(base)}/{name}/{_version}", f"{prefix}/{name}/bin", name
        yield folder, f"{prefix}/{name}/bin", name


def _first(root: Root, folders: Iterable[str], names: Iterable[str]) -> str:
    paths = (f"{folder}/{name}" for name in names for folder in folders)
    return next((path for path in paths if root.is_executable(path)), "")


def _on_path(finder: Finder, names: Iterable[str]) -> str:
    return next((found.path for found in map(finder.program, names) if found.found), "")


def _as(names: Iterable[str]) -> list[str]:
    return [f"{name}-as" for name in dict.fromkeys(names)]


def _linker(finder: Finder, folders: Iterable[str], tools: Iterable[str], names: Iterable[str], native: bool) -> str:
    inside = _first(finder.root, (*folders, *tools), ("real-ld", "collect-ld", "ld"))
    on_path = [*(["ld"] if native else ()), *(f"{name}-ld" for name in dict.fromkeys(names))]
    return inside or _on_path(finder, on_path)


def links_with_own_lld(root: Root, rust: Rust, target: Target) -> bool:
    """Whether *rust* passes its own lld to the compiler, so that no ``ld`` is called."""
    if not rust.toolchain or target.triple != LLD_TARGET:
        return False
    version = rust.version or cargo_version(root, rust)
    own = f"{rust.sysroot}/lib/rustlib/{rust.host}/bin/gcc-ld/ld.lld"
    return bool(version) and not newer(OWN_LLD, version) and root.is_executable(own)


def archiver(finder: Finder, variables: Variables, target: Target, host: Target) -> Program:
    """Return the cc crate's ``ar`` for *target* in a build script on *host*."""
    kind = "HOST" if target.triple == host.triple else "TARGET"
    setting = variables.first(f"AR_{target.triple}", f"AR_{target.env_name}", f"{kind}_AR", "AR")
    if setting is not None and setting.value.split():
        return finder.program(setting.value.split()[0], setting)
    if kind == "TARGET":
        names = (f"{target.gnu}-ar", f"{target.gnu}-gcc-ar")
        if found := next((one for one in map(finder.program, names) if one.found), None):
            return found
    return finder.program("ar")
