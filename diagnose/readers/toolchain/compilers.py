"""Compilers, linkers, start files, Rust's standard library and emulators that a build for the target uses.

Sources: the cc crate's ``src/lib.rs`` (``getenv_with_target_prefixes``, ``prefix_for_target``), The rustup book (which
toolchain is chosen), gcc's ``-print-search-dirs`` on Debian, clang-sys's ``build/common.rs`` (where libclang is looked
for), the kernel's binfmt_misc documentation, PyO3's guide (cross compiling).
"""

from __future__ import annotations

import os

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.versions import version_key
from diagnose.readers.elf import linker_script
from diagnose.readers.system.distro import glibc_version
from diagnose.readers.toolchain import driver
from diagnose.readers.toolchain.others import emulator, libclang, python
from diagnose.readers.toolchain.toolchain_facts import Finder, Part, Program, Rust, StartFile, Toolchain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.variables import Setting, Variables
    from diagnose.readers.system.root import Root


#: Wrappers that may precede the compiler in CC (the cc crate's list), or rustc.
WRAPPERS = ("ccache", "distcc", "sccache", "icecc", "cachepot", "buildcache")

# Targets whose compiler name in the cc crate is not the GNU triplet's. An empty name: the crate derives none and uses
# `cc`. Of several names, the first that exists is used, or `cc`.
_CC_PREFIXES: dict[str, tuple[str, ...]] = {
    "i686-unknown-linux-gnu": ("?", "i686-linux-gnu", "x86_64-linux-gnu"),
    "x86_64-unknown-linux-gnu": ("?", "x86_64-linux-gnu"),
    "x86_64-unknown-linux-musl": ("?", "x86_64-linux-musl", "musl"),
    "i686-unknown-linux-musl": ("musl",),
    "armv5te-unknown-linux-musleabi": ("arm-linux-gnueabi",),
    "powerpc64le-unknown-linux-musl": (),
    "powerpc64-unknown-linux-musl": (),
    "s390x-unknown-linux-musl": (),
    "loongarch64-unknown-linux-musl": (),
    "mips64el-unknown-linux-muslabi64": (),
}


def c_compiler(finder: Finder, variables: Variables, target: Target, host: Target, linker: Setting | None) -> Program:
    """Return the cc crate's C compiler for *target* in a build script on *host*."""
    kind = "HOST" if target.triple == host.triple else "TARGET"
    setting = variables.first(f"CC_{target.triple}", f"CC_{target.env_name}", f"{kind}_CC", "CC")
    if setting is not None and setting.value.split():
        return _named(finder, setting)
    if kind == "HOST":
        return finder.program("cc")
    prefix = variables.get("CROSS_COMPILE")
    if prefix is not None:
        return finder.program(f"{prefix.value.rstrip('-')}-gcc", prefix)
    if linker is not None and linker.value.endswith("-gcc"):
        return finder.program(linker.value, linker)
    names = [f"{name}-gcc" for name in _CC_PREFIXES.get(target.triple, (target.gnu,))]
    if names[:1] == ["?-gcc"]:
        existing = [name for name in names[1:] if finder.program(name).found]
        names = existing or ["cc"]
    return finder.program(names[0] if names else "cc")


def _named(finder: Finder, setting: Setting) -> Program:
    """Return the compiler that *setting* names, or the wrapper before it if that is not there."""
    words = setting.value.split()
    first = finder.program(words[0], setting)
    wrapped = len(words) > 1 and os.path.basename(words[0]) in WRAPPERS
    return finder.program(words[1], setting) if wrapped and first.found else first


def cxx_compiler(finder: Finder, variables: Variables, target: Target, host: Target, linker: Setting | None) -> Program:
    """Return the cc and cmake crates' C++ compiler for *target* in a build script on *host*."""
    kind = "HOST" if target.triple == host.triple else "TARGET"
    setting = variables.first(f"CXX_{target.triple}", f"CXX_{target.env_name}", f"{kind}_CXX", "CXX")
    if setting is not None and setting.value.split():
        return _named(finder, setting)
    if kind == "HOST":
        return finder.program("c++")
    c = c_compiler(finder, variables, target, host, linker)
    return finder.program(f"{c.name.removesuffix('gcc')}g++" if c.name.endswith("-gcc") else "c++")


def makes(root: Root, program: Program, native: Target) -> str:
    """Return the GNU triplet of the code that a compiler driver makes, by its name; empty if unknown."""
    if not program.found:
        return ""
    if program.script and not program.real.endswith("musl-gcc"):
        return ""  # a wrapper: it may call anything
    for path in (program.path, program.real):
        name = os.path.basename(path)
        head, dash, version = name.rpartition("-")
        if dash and version.replace(".", "").isdigit():
            name = head
        prefix, dash, driver = name.rpartition("-")
        if driver not in ("gcc", "cc", "clang", "c++", "g++"):
            continue
        if prefix == "musl":
            return native.gnu.replace("gnu", "musl")
        if dash:
            return triplet(prefix)
        if path == program.real or root.resolve(path) == path:
            return native.gnu
    return ""


def triplet(name: str) -> str:
    """Return the GNU triplet of a tool prefix, without the vendor (``s390x-ibm-linux-gnu``).

    A prefix without a C library (``x86_64-redhat-linux``) means glibc. Arm's many machine names share one triplet for
    each ABI.
    """
    machine, *rest = name.split("-")
    if "linux" not in rest:
        return ""
    system = "-".join(("linux", *(rest[rest.index("linux") + 1 :] or ["gnu"])))
    for row in targets.TARGETS:
        own, _, tail = row.gnu.partition("-")
        known = (own, row.triple.partition("-")[0], row.uname, row.rpm)
        if tail == system and (machine in known or (own == "arm" and machine.startswith("arm"))):
            return row.gnu
    return ""


class _Places(NamedTuple):
    """The search path of a compiler driver: for its own files (``inner``), for libraries and start files (``dirs``)."""

    inner: tuple[str, ...] = ()
    dirs: tuple[str, ...] = ()
    sysroot: str = ""


def _places(root: Root, program: Program, gnu: str, multiarch: str, bits: int) -> _Places:
    prefix = os.path.dirname(os.path.dirname(program.real))
    inner = []
    for base in (f"{prefix}/lib/gcc-cross", f"{prefix}/lib/gcc", f"{prefix}/lib64/gcc"):
        for name in root.names(base):
            if triplet(name) == gnu:
                versions = sorted(root.names(f"{base}/{name}"), key=version_key, reverse=True)
                inner += [f"{base}/{name}/{version}" for version in versions]
    wide = ("lib64", "lib") if bits == 64 else ("lib",)
    for name in root.names(prefix):
        if triplet(name) != gnu:
            continue
        sysroot = f"{prefix}/{name}/sysroot"
        if root.is_dir(sysroot):
            dirs = [f"{sysroot}{middle}/{leaf}" for middle in ("", "/usr") for leaf in wide]
            return _Places(tuple(inner), (*dirs, f"{prefix}/{name}/lib"), sysroot)
        if prefix != "/usr" and root.is_dir(f"{prefix}/{name}/lib"):
            return _Places(tuple(inner), (f"{prefix}/{name}/lib",), f"{prefix}/{name}")
    dirs = [f"/usr/{gnu}/lib"]
    for base in ("/usr",) if root.resolve("/lib") == "/usr/lib" else ("", "/usr"):
        dirs += [f"{base}/lib/{multiarch}", *(f"{base}/{leaf}" for leaf in wide)]
    dirs += [f"/usr/local/lib/{multiarch}", "/usr/local/lib"]
    return _Places(tuple(inner), tuple(dirs))


def _half(root: Root, program: Program, made: str, target: Target) -> _Places:
    """Return the places of x86-64's compiler for 32 bits, as it links with rustc's ``-m32``; none without that half."""
    if not made.startswith("x86_64-") or target.gnu != "i686-linux-gnu":
        return _Places()
    inner = (f"{one}/32" for one in _places(root, program, made, made, 64).inner)
    halves = tuple(one for one in inner if root.exists(f"{one}/crtbeginS.o"))
    return _Places(halves, _HALF) if halves else _Places()


_HALF = ("/lib/i386-linux-gnu", "/usr/lib/i386-linux-gnu", "/lib32", "/usr/lib32", "/lib", "/usr/lib")

# The files that gcc needs to link a shared library besides the objects, and the source of each.
_INNER_FILES = ("crtbeginS.o", "crtendS.o", "libgcc.a")
_OUTER_FILES = ("crti.o", "libc.so")
# What a program, such as a build script, needs as well.
_PROGRAM_FILES = ("Scrt1.o", *_OUTER_FILES)


def _start_files(root: Root, places: _Places, outer: tuple[str, ...] = _OUTER_FILES) -> Iterator[StartFile]:
    for names, folders in ((outer, places.dirs), (_INNER_FILES, places.inner)):
        for name in names:
            found = next((f"{folder}/{name}" for folder in folders if root.exists(f"{folder}/{name}")), "")
            empty = bool(found) and root.is_empty(found)
            static = (f"{folder}/libc.a" for folder in folders if name == "libc.so" and not found)
            instead = next((path for path in static if root.exists(path)), "")
            yield StartFile(name, "" if empty else found, found if empty else "", instead)
            if name == "libc.so" and found:
                yield from _named_by(root, found)
            if name == "crti.o" and found and not root.exists(beside := f"{os.path.dirname(found)}/crtn.o"):
                yield StartFile(os.path.basename(beside))
    mathematics = (f"{folder}/libm.so" for folder in places.dirs)  # Rust's standard library for glibc links it
    yield from _named_by(root, next((path for path in mathematics if root.exists(path)), ""))
    yield from _of_glibc(root, places)
    yield from _unwinder(root, places)


#: What Rust's standard library for glibc links besides libc (``rustc --print native-static-libs``). From glibc 2.34 on
#: all but libm are empty archives, which the linker still looks for.
_LINKED = ("util", "rt", "pthread", "dl", "m")


def _of_glibc(root: Root, places: _Places) -> Iterator[StartFile]:
    """Yield which of the libraries of one package are missing, where others of them are there."""
    folders = (*places.inner, *places.dirs)
    absent = [
        name
        for name in _LINKED
        if not any(root.exists(f"{folder}/lib{name}.{kind}") for folder in folders for kind in ("so", "a"))
    ]
    if len(absent) < len(_LINKED) - ("m" not in absent):
        yield from (StartFile(f"lib{name}.a") for name in absent)


def _named_by(root: Root, found: str) -> Iterator[StartFile]:
    """Yield the absent files that *found* names, if it is a linker script."""
    real = (root.resolve(found) or found) if found else ""
    members = linker_script.members(root, real) if real else ()
    yield from (StartFile(member) for member in linker_script.absent(root, real, members))


def _unwinder(root: Root, places: _Places) -> Iterator[StartFile]:
    """Yield what is missing of the shared libgcc, which Rust's standard library for glibc links (``-lgcc_s``).

    Only for a compiler in the system's own folders: those that were built apart keep it in other places.
    """
    folders = (*places.inner, *places.dirs)
    found = next((path for folder in folders if root.exists(path := f"{folder}/libgcc_s.so")), "")
    if not found:
        if not places.sysroot and "/usr/lib" in places.dirs and places.inner:
            yield StartFile("libgcc_s.so")
        return
    real = root.resolve(found) or found
    members = linker_script.members(root, real)
    yield from (StartFile(member) for member in linker_script.absent(root, real, members))
    for member in members:
        if ".so" in member and "/" not in member and not any(root.exists(f"{one}/{member}") for one in folders):
            yield StartFile(member)


def read(
    finder: Finder,
    variables: Variables,
    target: Target,
    host: Target,
    linker: Setting | None,
    host_linker: Setting | None,
    told: Setting | None,
    rust: Rust,
    *,
    bindgen: bool,
    program: bool = False,
) -> Toolchain:
    """Find everything that a build for *target* on *host* uses.

    *linker* and *host_linker* are what rustc links with; *told* is the linker that cargo tells build scripts.
    *program*: the build links a program for the target, not only libraries.
    """
    root = finder.root
    driven = finder.program(linker.value if linker else "cc", linker)
    host_program = finder.program(host_linker.value if host_linker else "cc", host_linker)
    made = makes(root, driven, host)
    places = _half(root, driven, made, target)
    made = target.gnu if places.dirs else made
    glibc = glibc_path = ""
    if made and made == target.gnu:
        places = places if places.dirs else _places(root, driven, made, _multiarch(made, target), target.bits)
        if target.libc == "glibc":
            for folder in places.dirs:
                glibc_path = f"{folder}/libc.so.6"
                if glibc := glibc_version(root, glibc_path):
                    break
    compiler = c_compiler(finder, variables, target, host, told)
    own = _Places()
    if target != host and makes(root, host_program, host) == host.gnu:
        own = _places(root, host_program, host.gnu, host.multiarch or _multiarch(host.gnu), host.bits)
    return Toolchain(
        linker=driven,
        cc=compiler,
        host_linker=host_program,
        host_cc=c_compiler(finder, variables, host, host, host_linker),
        rust=rust,
        patchelf=patchelf(finder),
        emulator=emulator(root, target),
        python=python(root, variables),
        libclang=tuple(libclang(root, variables)) if bindgen else (),
        linker_target=made,
        start_files=tuple(_start_files(root, places, _PROGRAM_FILES if target == host or program else _OUTER_FILES))
        if places.dirs and target.libc == "glibc"
        else (),
        sysroot=places.sysroot,
        libc=target.libc if places.dirs else "",
        glibc=glibc,
        glibc_path=glibc_path if glibc else "",
        link_dirs=(*places.inner, *places.dirs),
        parts=_parts(finder, driven, places, rust, target, host),
        host_parts=_parts(finder, host_program, own, rust, host, host),
        host_start_files=tuple(_start_files(root, own, _PROGRAM_FILES)) if own.dirs and host.libc == "glibc" else (),
        ar=driver.archiver(finder, variables, target, host),
        cc_target=makes(root, compiler, host),
    )


def _parts(
    finder: Finder, program: Program, places: _Places, rust: Rust, target: Target, host: Target
) -> tuple[Part, ...]:
    parts = driver.driver_parts(finder, program, places.inner, native=target.gnu == host.gnu)
    lacking = any(part.name == "ld" and not part.path for part in parts)
    if lacking and driver.links_with_own_lld(finder.root, rust, target):
        return tuple(part for part in parts if part.name != "ld")
    return parts


def _multiarch(gnu: str, target: Target | None = None) -> str:
    if target is not None and target.multiarch:
        return target.multiarch
    return next((row.multiarch for row in targets.TARGETS if row.gnu == gnu and row.multiarch), gnu)


def patchelf(finder: Finder) -> Program:
    """Find patchelf and its version, which it contains as a string (``patchelf 0.18.0``)."""
    found = finder.program("patchelf")
    if not found.found:
        return found
    words = finder.root.find(found.real, b"patchelf 0.", 32).split(b"\0")[0].split()
    return found._replace(version=words[1].decode("ascii", "replace") if len(words) > 1 else "")
