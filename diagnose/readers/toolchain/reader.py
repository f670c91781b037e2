"""Compilers, linkers, start files, Rust's standard library and emulators that a build for the target uses.

Sources: the cc crate's ``src/lib.rs`` (``getenv_with_target_prefixes``, ``prefix_for_target``), The rustup book (which
toolchain is chosen), gcc's ``-print-search-dirs`` on Debian, clang-sys's ``build/common.rs`` (where libclang is looked
for), the kernel's binfmt_misc documentation, PyO3's guide (cross compiling).
"""

from __future__ import annotations

import os

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError
from diagnose.model.targets import Target
from diagnose.readers import toml
from diagnose.readers.cargo.variables import Setting, Variables
from diagnose.readers.system import packages
from diagnose.readers.system.distro import glibc_version
from diagnose.readers.system.host import host_machine
from diagnose.readers.system.root import Root

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Where the official Rust images have cargo and rustup's toolchains (docker.io/library/rust, its Dockerfile).
IMAGE_CARGO, IMAGE_RUSTUP = "/usr/local/cargo", "/usr/local/rustup"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Program(NamedTuple):
    """A program that a build runs: its name, the setting that selects it, and its path.

    ``path`` is empty if the program does not exist. ``real`` is ``path`` with links resolved. ``setting`` is None if no
    variable and no configuration decides, so that ``name`` is the default.
    """

    name: str
    path: str = ""
    real: str = ""
    version: str = ""
    setting: Setting | None = None

    @property
    def found(self) -> bool:
        """Whether the program exists."""
        return bool(self.path)


class StartFile(NamedTuple):
    """A file that the linker needs for every program; ``path`` is empty if it is missing."""

    name: str
    path: str = ""


class Rust(NamedTuple):
    """The Rust toolchain that cargo uses in the working directory.

    ``toolchain`` is rustup's name for it; empty for a distribution's rustc. ``host`` is its host triple. ``std`` are
    the triples whose standard library is installed below ``sysroot``/lib/rustlib. ``chosen`` is the source of rustup's
    choice among several toolchains. ``asked`` are the targets that ``rust-toolchain.toml`` requests from rustup.
    ``package`` is the Debian package of ``rustc`` (``rustc``, ``rustc-web``, ``rustc-1.80``), if any. ``version`` is
    cargo's; empty if unknown or not needed.
    """

    cargo: Program
    rustc: Program
    toolchain: str = ""
    host: str = ""
    sysroot: str = ""
    std: tuple[str, ...] = ()
    chosen: Setting | None = None
    asked: tuple[str, ...] = ()
    package: str = ""
    version: str = ""


class Emulator(NamedTuple):
    """How programs of the target run here. ``name`` is the binfmt_misc entry; empty if no entry matches.

    ``needed`` is False if the machine runs them natively. ``enabled`` and ``flags`` are the kernel's. ``interpreter``
    is the emulator that it starts. ``path`` is the file of the entry.
    """

    needed: bool = False
    name: str = ""
    enabled: bool = False
    interpreter: str = ""
    flags: str = ""
    path: str = ""


class Python(NamedTuple):
    """PyO3's settings for the target's Python: every ``PYO3_*`` variable, and the files in ``PYO3_CROSS_LIB_DIR``."""

    settings: tuple[Setting, ...] = ()
    lib_dir: str = ""
    sysconfigdata: tuple[str, ...] = ()


class Toolchain(NamedTuple):
    """All that a build for the target uses, except libraries.

    ``linker`` is the program that rustc links with. ``cc`` is the compiler that the ``cc`` crate uses for the target.
    ``host_cc`` and ``host_linker`` are the same for build scripts. ``linker_target`` is the GNU triplet that the linker
    makes code for; empty if unknown. ``start_files`` are those of that linker. ``sysroot`` is the root of its search
    for them (empty: the root itself). ``glibc`` is the version of the C library that it links with, from
    ``glibc_path``. ``link_dirs`` are its default library folders, its own first. ``crt_static``: programs are linked
    statically, which is Rust's default for musl.
    """

    linker: Program
    cc: Program
    host_linker: Program
    host_cc: Program
    rust: Rust
    patchelf: Program
    emulator: Emulator = Emulator()
    python: Python = Python()
    libclang: tuple[str, ...] = ()
    linker_target: str = ""
    start_files: tuple[StartFile, ...] = ()
    sysroot: str = ""
    libc: str = ""
    glibc: str = ""
    glibc_path: str = ""
    link_dirs: tuple[str, ...] = ()
    crt_static: bool = False


class Finder:
    """Finds programs like a shell, in one root with one ``PATH``."""

    def __init__(self, root: Root, path: str) -> None:
        self.root = root
        self.path = path

    def program(self, name: str, setting: Setting | None = None) -> Program:
        """Return the program that *name* runs."""
        path = self.root.which(name, self.path)
        return Program(name, path, (self.root.resolve(path) or path) if path else "", setting=setting)

    def denied(self, name: str) -> bool:
        """Whether *name* exists but is not executable: the system then denies permission."""
        places = [name] if "/" in name else [os.path.join(folder, name) for folder in self.path.split(":")]
        return bool(name) and any(self.root.exists(place) for place in places)


# Wrappers that may precede the compiler in CC (the cc crate's list).
_WRAPPERS = ("ccache", "distcc", "sccache", "icecc", "cachepot", "buildcache")

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
        words = setting.value.split()
        wrapped = len(words) > 1 and os.path.basename(words[0]) in _WRAPPERS
        return finder.program(words[1] if wrapped else words[0], setting)
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


def cxx_compiler(finder: Finder, variables: Variables, target: Target, host: Target, linker: Setting | None) -> Program:
    """Return the cc and cmake crates' C++ compiler for *target* in a build script on *host*."""
    kind = "HOST" if target.triple == host.triple else "TARGET"
    setting = variables.first(f"CXX_{target.triple}", f"CXX_{target.env_name}", f"{kind}_CXX", "CXX")
    if setting is not None and setting.value.split():
        words = setting.value.split()
        wrapped = len(words) > 1 and os.path.basename(words[0]) in _WRAPPERS
        return finder.program(words[1] if wrapped else words[0], setting)
    if kind == "HOST":
        return finder.program("c++")
    c = c_compiler(finder, variables, target, host, linker)
    return finder.program(f"{c.name.removesuffix('gcc')}g++" if c.name.endswith("-gcc") else "c++")


def makes(root: Root, program: Program, native: Target) -> str:
    """Return the GNU triplet of the code that a compiler driver makes, by its name; empty if unknown."""
    if not program.found:
        return ""
    if root.head(program.real, 2) == b"#!" and not program.real.endswith("musl-gcc"):
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
                versions = sorted(root.names(f"{base}/{name}"), key=_version_key, reverse=True)
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


def _version_key(version: str) -> tuple[int, ...]:
    return tuple(
        int(part) if part.isascii() and part.isdigit() and len(part) < 10 else -1 for part in version.split(".")
    )


# The files that gcc needs to link a shared library besides the objects, and the source of each.
_INNER_FILES = ("crtbeginS.o", "libgcc.a")
_OUTER_FILES = ("crti.o", "libc.so")


def _start_files(root: Root, places: _Places) -> Iterator[StartFile]:
    for names, folders in ((_OUTER_FILES, places.dirs), (_INNER_FILES, places.inner)):
        for name in names:
            found = (f"{folder}/{name}" for folder in folders if root.exists(f"{folder}/{name}"))
            yield StartFile(name, next(found, ""))


def read(
    finder: Finder,
    variables: Variables,
    target: Target,
    host: Target,
    linker: Setting | None,
    host_linker: Setting | None,
    rust: Rust,
    *,
    bindgen: bool,
) -> Toolchain:
    """Find everything that a build for *target* on *host* uses; *linker* is cargo's setting."""
    root = finder.root
    program = finder.program(linker.value if linker else "cc", linker)
    made = makes(root, program, host)
    places = _Places()
    glibc = glibc_path = ""
    if made and made == target.gnu:
        places = _places(root, program, made, target.multiarch or _multiarch(made), target.bits)
        if target.libc == "glibc":
            for folder in places.dirs:
                glibc_path = f"{folder}/libc.so.6"
                if glibc := glibc_version(root, glibc_path):
                    break
    return Toolchain(
        linker=program,
        cc=c_compiler(finder, variables, target, host, linker),
        host_linker=finder.program(host_linker.value if host_linker else "cc", host_linker),
        host_cc=c_compiler(finder, variables, host, host, host_linker),
        rust=rust,
        patchelf=patchelf(finder),
        emulator=emulator(root, target),
        python=python(root, variables),
        libclang=tuple(libclang(root, variables)) if bindgen else (),
        linker_target=made,
        start_files=tuple(_start_files(root, places)) if places.dirs and target.libc == "glibc" else (),
        sysroot=places.sysroot,
        libc=target.libc if places.dirs else "",
        glibc=glibc,
        glibc_path=glibc_path if glibc else "",
        link_dirs=(*places.inner, *places.dirs),
    )


def _multiarch(gnu: str) -> str:
    return next((row.multiarch for row in targets.TARGETS if row.gnu == gnu and row.multiarch), gnu)


def patchelf(finder: Finder) -> Program:
    """Find patchelf and its version, which it contains as a string (``patchelf 0.18.0``)."""
    found = finder.program("patchelf")
    if not found.found:
        return found
    words = finder.root.find(found.real, b"patchelf 0.", 32).split(b"\0")[0].split()
    return found._replace(version=words[1].decode("ascii", "replace") if len(words) > 1 else "")


def rust(finder: Finder, variables: Variables, cwd: str, native: Target) -> Rust:
    """Find the toolchain of cargo and rustc in *cwd*, from rustup's files or the distribution's."""
    root = finder.root
    cargo, rustc = finder.program("cargo"), finder.program("rustc")
    folder = os.path.dirname(cargo.path or rustc.path)
    proxies = folder == f"{IMAGE_CARGO}/bin" and root.is_file(f"{IMAGE_RUSTUP}/settings.toml")
    if folder and (proxies or root.is_executable(f"{folder}/rustup")):
        return _rustup(finder, variables, cwd, native, cargo, rustc)
    host, sysroot = native.triple, ""
    std: tuple[str, ...] = ()
    if rustc.found:
        sysroot = os.path.dirname(os.path.dirname(rustc.real))
        std = _std(root, sysroot)
        if host not in std:
            host = next((one for one in std if _same_machine(one, native)), host)
    package = packages.owner(root, rustc.real, "rustc") if rustc.found else ""
    return Rust(cargo, rustc, "", host, sysroot, std, package=package)


def cargo_version(root: Root, rust: Rust) -> str:
    """Return the release of *rust*'s cargo, from rustup's or dpkg's files; empty if unknown.

    These files contain the version of the crate ``cargo``, which differs from the program's: 0.96.0 prints 1.95.0.
    """
    if rust.toolchain:
        head = root.head(f"{rust.sysroot}/lib/rustlib/multirust-channel-manifest.toml", 512)
        found = head.partition(b'[pkg.cargo]\nversion = "')[2].partition(b" ")[0]
    else:
        package = packages.owner(root, rust.cargo.real, "cargo") if rust.cargo.found else ""
        found = packages.version(root, package).encode() if package else b""
    numbers = found.decode("ascii", "replace").split("+")[0].split("-")[0].split(".")
    if len(numbers) < 3 or not all(number.isascii() and number.isdecimal() and len(number) < 10 for number in numbers):
        return ""
    return f"1.{int(numbers[1]) - 1}.{numbers[2]}" if numbers[0] == "0" else ".".join(numbers)


def _same_machine(triple: str, native: Target) -> bool:
    row = targets.resolve(triple)
    return row is not None and (row.machine, row.bits, row.libc) == (native.machine, native.bits, native.libc)


def _std(root: Root, sysroot: str) -> tuple[str, ...]:
    """Return the triples below ``lib/rustlib`` that have a standard library."""
    base = f"{sysroot}/lib/rustlib"
    return tuple(
        name
        for name in root.names(base)
        if any(file.startswith(("libcore-", "libstd-")) for file in root.names(f"{base}/{name}/lib"))
    )


def _rustup(finder: Finder, variables: Variables, cwd: str, native: Target, cargo: Program, rustc: Program) -> Rust:
    root = finder.root
    own = variables.own("RUSTUP_HOME")
    home = variables.own("HOME")
    base = own.value if own else f"{home.value if home else '/root'}/.rustup"
    if not own and not root.is_dir(base) and (cargo.path or rustc.path).startswith(f"{IMAGE_CARGO}/"):
        base = IMAGE_RUSTUP
    path = f"{base}/settings.toml"
    settings, overrides = _settings(root.text(path) or "")
    installed = root.names(f"{base}/toolchains")
    chosen = variables.own("RUSTUP_TOOLCHAIN")
    asked: tuple[str, ...] = ()
    here = root if root.live else Root("/")
    folder = os.path.realpath(cwd)
    while chosen is None:
        if folder in overrides:
            chosen = Setting("override", overrides[folder], path)
        for name in ("rust-toolchain", "rust-toolchain.toml"):
            file = os.path.join(folder, name)
            text = here.text(file) if here.is_file(file) else None
            if chosen is None and text is not None:
                channel, asked = _toolchain_file(text)
                if channel:
                    chosen = Setting("channel", channel, file)
        if folder == os.path.dirname(folder):
            break
        folder = os.path.dirname(folder)
    if chosen is None and "default_toolchain" in settings:
        chosen = Setting("default_toolchain", settings["default_toolchain"], path)
    name = chosen.value if chosen else ""
    default_host = settings.get("default_host_triple", native.triple)
    full = _toolchain(name, default_host, installed)
    if not full:
        return Rust(cargo, rustc, name, default_host, "", (), chosen, asked)
    sysroot = f"{base}/toolchains/{full}"
    host = next((full[-len(row.triple) :] for row in targets.TARGETS if full.endswith("-" + row.triple)), native.triple)
    return Rust(cargo, rustc, full, host, sysroot, _std(root, sysroot), chosen, asked)


def _toolchain(name: str, host: str, installed: list[str]) -> str:
    """Return the installed toolchain of *name*; a channel alone means the one for this host."""
    if name in installed or not name:
        return name
    if f"{name}-{host}" in installed:
        return f"{name}-{host}"
    named = (one for one in installed if one.startswith(name + "-") and targets.resolve(one[len(name) + 1 :]))
    return next(named, "")


def _settings(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return rustup's settings and its folder overrides; rustup writes one key per line."""
    settings: dict[str, str] = {}
    overrides: dict[str, str] = {}
    table = settings
    for line in text.splitlines():
        if line.startswith("["):
            table = overrides if line.strip() == "[overrides]" else {}
        key, sign, value = line.partition(" = ")
        if sign:
            table[key.strip().strip("\"'")] = value.strip().strip("\"'")
    return settings, overrides


def _toolchain_file(text: str) -> tuple[str, tuple[str, ...]]:
    """Return (channel, targets) of a ``rust-toolchain`` file: a bare name, or TOML."""
    if "[" not in text:
        words = text.split()
        return (words[0], ()) if len(words) == 1 else ("", ())
    try:
        table = toml.table(toml.parse(text), "toolchain")
    except ValueError:
        return "", ()
    wanted = table.get("targets")
    return str(table.get("channel") or ""), tuple(map(str, wanted)) if isinstance(wanted, list) else ()


def libclang(root: Root, variables: Variables) -> Iterator[str]:
    """Yield the libclang libraries that clang-sys finds."""
    folders = []
    setting = variables.get("LIBCLANG_PATH")
    if setting is not None:
        if root.is_file(setting.value):
            yield setting.value
        folders.append(setting.value)
    for base in ("/usr/lib", "/usr/lib64", "/usr/local/lib"):
        names = root.names(base)
        folders += [f"{base}/{name}/lib" for name in names if name.startswith("llvm")]
        folders += [f"{base}/{name}" for name in names if name.endswith(("-linux-gnu", "-linux-gnueabihf"))]
        folders.append(base)
    folders += [f"/usr/local/{name}/lib" for name in root.names("/usr/local") if name.startswith("llvm")]
    for folder in folders:
        for name in root.names(folder):
            if name.startswith("libclang") and name[8:9] in (".", "-") and ".so" in name and "cpp" not in name:
                yield f"{folder}/{name}"


def emulator(root: Root, target: Target) -> Emulator:
    """Return how this machine's kernel runs programs of *target*."""
    machine = host_machine()
    row = targets.resolve(machine)
    if row is not None and (row.machine == target.machine or (machine, target.uname) == ("x86_64", "i686")):
        return Emulator()
    base = "/proc/sys/fs/binfmt_misc"
    try:
        names = sorted(os.listdir(base))
    except OSError:
        return Emulator(needed=True)
    for name in names:
        if name in ("register", "status"):
            continue
        fields: dict[str, str] = {}
        try:
            with open(f"{base}/{name}", encoding="utf-8", errors="replace") as file:
                lines = file.read(1 << 14).splitlines()
        except OSError:
            continue
        for line in lines:
            key, _, value = line.partition(" ")
            fields[key.rstrip(":")] = value.strip()
        if _matches(fields, target):
            return Emulator(
                needed=True,
                name=name,
                enabled="enabled" in fields,
                interpreter=fields.get("interpreter", ""),
                flags=fields.get("flags", ""),
                path=f"{base}/{name}",
            )
    return Emulator(needed=True)


def _matches(fields: dict[str, str], target: Target) -> bool:
    """Whether the magic bytes of a binfmt_misc entry are those of an ELF header of *target*."""
    try:
        magic = bytes.fromhex(fields.get("magic", ""))
        mask = bytes.fromhex(fields.get("mask", "")) or b"\xff" * len(magic)
    except ValueError:
        return False
    order = "little" if target.endian == "little" else "big"
    header = bytearray(b"\x7fELF" + bytes((target.bits // 32, 1 if order == "little" else 2, 1)) + b"\0" * 9)
    header += (2).to_bytes(2, order) + target.machine.to_bytes(2, order)  # type: ignore[arg-type]
    if len(magic) < 20 or len(mask) < 20 or fields.get("offset", "0") != "0":
        return False
    return all((header[i] ^ magic[i]) & mask[i] == 0 for i in range(20))


def python(root: Root, variables: Variables) -> Python:
    """Read PyO3's configuration for the target's Python."""
    settings = tuple(setting for setting in variables.all() if setting.name.startswith(("PYO3_", "_PYTHON_SYSCONFIG")))
    folder = next((setting.value for setting in settings if setting.name == "PYO3_CROSS_LIB_DIR"), "")
    data: list[str] = []
    if folder:
        try:
            candidates = [folder, *(f"{folder}/{name}" for name in root.names(folder) if name.startswith("python3"))]
            for place in candidates:
                data += [f"{place}/{name}" for name in root.names(place) if name.startswith("_sysconfigdata")]
        except InputError:
            data = []
    return Python(settings, folder if root.is_dir(folder) else "", tuple(data))
