"""The facts about a toolchain, and how programs are found on PATH."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers.cargo.files import base_folder
from diagnose.readers.system.root import Root

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.readers.cargo.variables import Setting

#: Where the official Rust images have cargo and rustup's toolchains (docker.io/library/rust, its Dockerfile).
IMAGE_CARGO, IMAGE_RUSTUP = "/usr/local/cargo", "/usr/local/rustup"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Program(NamedTuple):
    """A program that a build runs: its name, the setting that selects it, and its path.

    ``path`` is empty if the program does not exist, or cannot be started; then ``blocked`` says why, if there is such a
    file: ``is not executable``, or ``has the interpreter X, which does not exist``. ``real`` is ``path`` with links
    resolved. ``setting`` is None if no variable and no configuration decides, so that ``name`` is the default.
    ``script``: it begins with ``#!``, so it may call anything.
    """

    name: str
    path: str = ""
    real: str = ""
    version: str = ""
    """As far as its files show it; empty if they do not, or no check needs it."""
    setting: Setting | None = None
    blocked: str = ""
    script: bool = False

    @property
    def found(self) -> bool:
        """Whether the program exists."""
        return bool(self.path)


class StartFile(NamedTuple):
    """A file that the linker needs for every program; ``path`` is empty if it is missing, or has no content."""

    name: str
    """``crti.o``, ``libc.so`` …"""
    path: str = ""
    empty: str = ""
    """Where it is without content, as after a power cut or on a full disk."""
    instead: str = ""
    """The static library that the linker takes in place of a missing shared one."""


class Part(NamedTuple):
    """A program that a compiler driver calls; ``path`` is empty if the driver does not find it."""

    name: str
    """``ld``, ``cc1`` or ``as``."""
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
    """The cargo that is found first."""
    rustc: Program
    toolchain: str = ""
    host: str = ""
    sysroot: str = ""
    std: tuple[str, ...] = ()
    chosen: Setting | None = None
    asked: tuple[str, ...] = ()
    package: str = ""
    version: str = ""
    compiler: str = ""
    """The release of rustc, where a distribution packages another one than cargo's; empty if it is cargo's."""
    lacking: tuple[tuple[str, str], ...] = ()
    """(file, why) of the programs that rustup's toolchain is to have and has not, or has empty."""
    uninstalled: str = ""
    """The name of the toolchain that is selected, if rustup has it not and cannot fetch it by itself."""
    odd_file: tuple[str, ...] = ()
    """(path, why) of the file that selects the toolchain, if rustup refuses it."""
    damaged: tuple[tuple[str, str, str], ...] = ()
    """(triple, file, why) of the files of ``std`` for the host and the target that rustc cannot read."""


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


class Pyo3Settings(NamedTuple):
    """PyO3's settings for the target's Python: every ``PYO3_*`` variable, and the files in ``PYO3_CROSS_LIB_DIR``."""

    settings: tuple[Setting, ...] = ()
    """In the order of the variables."""
    lib_dir: str = ""
    """The folder that ``PYO3_CROSS_LIB_DIR`` names, if it exists."""
    sysconfigdata: tuple[str, ...] = ()
    """The paths of ``_sysconfigdata*`` in that folder and its ``python3*`` folders."""


class Unloaded(NamedTuple):
    """A ``program`` that cannot be started: ``library``, which ``asker`` needs, ``why``: such as ``is not there``.

    ``package`` is the Debian package that the library is of, if dpkg has it as installed.
    """

    program: str
    library: str
    asker: str
    why: str
    package: str = ""


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
    """rustc and cargo."""
    patchelf: Program
    """The patchelf on PATH."""
    emulator: Emulator = Emulator()
    """What runs the target's programs here."""
    python: Pyo3Settings = Pyo3Settings()
    """PyO3's settings for the target."""
    libclang: tuple[str, ...] = ()
    """The paths that clang-sys finds; read only if a crate uses bindgen."""
    linker_target: str = ""
    start_files: tuple[StartFile, ...] = ()
    sysroot: str = ""
    libc: str = ""
    """``glibc`` or ``musl``, as ``linker`` links; empty if its folders are unknown."""
    glibc: str = ""
    glibc_path: str = ""
    link_dirs: tuple[str, ...] = ()
    crt_static: bool = False
    parts: tuple[Part, ...] = ()
    """What ``linker`` calls; empty if unknown. Without ``ld`` where rustc brings its own linker."""
    host_parts: tuple[Part, ...] = ()
    """What ``host_linker`` calls, in a cross build."""
    host_start_files: tuple[StartFile, ...] = ()
    """The start files of ``host_linker``, in a cross build."""
    cc_target: str = ""
    """The GNU triplet that ``cc`` makes code for, as its name shows; empty if unknown."""
    ar: Program = Program("ar")
    """The cc crate's archiver for the target."""
    unloaded: tuple[Unloaded, ...] = ()
    """The programs of the build that the loader cannot start."""


_SCRIPT_LIMIT = 4096  # bytes; a longer script does more than to run a program in its place


def _sole_call(script: bytes) -> str:
    """Return the program that a shell's *script* runs in its place, if it does nothing else: ``exec gcc "$@"``."""
    first, *lines = script.decode("utf-8", "replace").splitlines()
    commands = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if len(script) >= _SCRIPT_LIMIT or not first.split()[0].endswith("sh") or len(commands) != 1:
        return ""
    words = commands[0].split()
    name = words[1] if len(words) > 1 and words[0] == "exec" else ""
    plain = name.replace("/", "").replace("-", "").replace("+", "").replace(".", "").replace("_", "").isalnum()
    return name if plain and ("/" not in name or name.startswith("/")) else ""


class Finder:
    """Finds programs like a shell, in one root with one ``PATH``.

    ``beside`` are the folders of this machine in which the project's configuration lies: a program that it names
    relative to them is there, also where ``root`` is another system's.
    """

    def __init__(self, root: Root, path: str, beside: Iterable[str] = ()) -> None:
        self.root = root
        self.path = path
        self._beside = () if root.live else tuple(os.path.join(folder, "") for folder in beside)

    def program(self, name: str, setting: Setting | None = None) -> Program:
        """Return the program that *name* runs; the kernel starts no script whose interpreter does not exist."""
        place = self.place(name, setting)
        path = place.which(name, self.path)
        head = place.head(path, 256) if path else b""
        lacking = self._lacking(head)
        if lacking:
            return Program(name, setting=setting, blocked=f"has the interpreter {lacking}, which does not exist")
        if path and head[:4] != b"\x7fELF" and head[:2] != b"#!" and place.read_allowed(path):
            return Program(name, setting=setting, blocked="is neither a program nor a script")
        if not path and "/" in name and place.exists(name):
            return Program(name, setting=setting, blocked="is not executable")
        called = _sole_call(place.head(path, _SCRIPT_LIMIT)) if head.startswith(b"#!") else ""
        if called and not self.root.which(called, self.path):
            return Program(name, setting=setting, blocked=f"runs {called}, which is not installed")
        real = (place.resolve(path) or path) if path else ""
        return Program(name, path, real, setting=setting, script=head.startswith(b"#!"))

    def place(self, name: str, setting: Setting | None) -> Root:
        """Return where *name* lies: in the root, or, beside the *setting* that names it, on this machine."""
        if setting is not None and setting.path and self._beside:
            folder = os.path.join(base_folder(setting.path.rpartition(":")[0] or setting.path), "")
            if folder in self._beside and name.startswith(folder):
                return Root("/")
        return self.root

    def _lacking(self, head: bytes) -> str:
        """Return the interpreter of a script if it does not exist; with a carriage return after it, none does."""
        if not head.startswith(b"#!"):
            return ""
        interpreter = os.fsdecode(head[2:].partition(b"\n")[0].strip(b" \t").partition(b" ")[0])
        # a root without a shell is an image for programs, not for builds
        known = not interpreter.startswith("/") or interpreter == "/bin/sh" or self.root.exists(interpreter)
        return "" if known else interpreter

    def denied(self, name: str) -> bool:
        """Whether *name* exists but is not executable: the system then denies permission."""
        places = [name] if "/" in name else [os.path.join(folder, name) for folder in self.path.split(":")]
        return bool(name) and any(self.root.exists(place) for place in places)
