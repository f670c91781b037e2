"""Compilers, linkers, start files, Rust's standard library, emulators: what a build for the target would use here."""

from __future__ import annotations

from typing import NamedTuple

from diagnose.readers.variables import Setting


class Program(NamedTuple):
    """A program that would be run: the word that names it, the setting that chose the word, and where it is found.

    ``path`` is empty when there is none; ``real`` is ``path`` with links followed. ``setting`` is None where no
    variable and no configuration decides, so that ``name`` is the default.
    """

    name: str
    path: str = ""
    real: str = ""
    version: str = ""
    setting: Setting | None = None

    @property
    def found(self) -> bool:
        """Whether there is such a program."""
        return bool(self.path)


class StartFile(NamedTuple):
    """A file without which the linker cannot make a program: ``path`` is empty when it is not there."""

    name: str
    path: str = ""


class Rust(NamedTuple):
    """The Rust toolchain that cargo would use in the working directory.

    ``toolchain`` is rustup's name for it, or empty (a distribution's rustc). ``host`` is its host triple. ``std`` are
    the triples whose standard library is installed below ``sysroot``/lib/rustlib. ``chosen`` says what picked the
    toolchain where rustup has several.
    """

    cargo: Program
    rustc: Program
    toolchain: str = ""
    host: str = ""
    sysroot: str = ""
    std: tuple[str, ...] = ()
    chosen: Setting | None = None


class Emulator(NamedTuple):
    """How programs of the target run here. ``name`` is the binfmt_misc entry, empty where none matches.

    ``needed`` is False where the machine runs them itself. ``enabled`` and ``flags`` are the kernel's;
    ``interpreter`` is the emulator that it starts.
    """

    needed: bool = False
    name: str = ""
    enabled: bool = False
    interpreter: str = ""
    flags: str = ""
    path: str = ""


class Python(NamedTuple):
    """What PyO3 is told of the target's Python: every ``PYO3_*`` setting, and what ``PYO3_CROSS_LIB_DIR`` holds."""

    settings: tuple[Setting, ...] = ()
    lib_dir: str = ""
    sysconfigdata: tuple[str, ...] = ()


class Toolchain(NamedTuple):
    """Everything but libraries that a build for the target uses.

    ``linker`` is what rustc is told to link with; ``cc`` is what the ``cc`` crate compiles C for the target with;
    ``host_cc`` and ``host_linker`` are the same for build scripts. ``linker_target`` is the GNU triplet that the linker
    makes code for, where it can be told. ``start_files`` are those of that linker, ``sysroot`` where it looks for them
    (empty: the root itself), ``glibc`` the version of the C library that it links with.
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
