"""The facts about pkg-config: its configuration for a target, and the answer for one library."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers.pkgconfig.link_metadata import Links

if TYPE_CHECKING:
    from diagnose.readers.cargo.variables import Setting
    from diagnose.readers.elf.library import LinkFile
    from diagnose.readers.toolchain.toolchain_facts import Program


class PkgConfig(NamedTuple):
    """The crate's decisions for one target, before it asks for any library.

    ``program`` is the program that runs; ``program.setting`` is the setting that selects it, if any. ``fallback``: it
    is ``pkgconf`` because there is no ``pkg-config``. ``allowed``: the crate permits cross-compilation; ``allowed_by``
    is the variable that decides it (None: the triples are equal, or no variable is set). ``path``, ``libdir`` and
    ``sysroot`` are the settings that the crate passes to the program. ``default_path`` is the program's own search path
    and ``default_origin`` its source. ``search_path`` is the resulting search path in order; ``absent`` are its folders
    that do not exist. ``sets`` are variables that the program, a wrapper script, always overrides. ``broken`` is its
    error message if it answers no query. ``plain`` is the program that runs if no setting names one; None if there is
    none.
    """

    triple: str
    """The target's triple."""
    host: str
    """The triple of the machine that runs the build scripts."""
    program: Program
    fallback: bool = False
    implementation: str = ""  # "pkgconf", "pkg-config", "u-config" or empty
    """``pkgconf``, ``pkg-config``, ``u-config`` or empty."""
    allowed: bool = True
    allowed_by: Setting | None = None
    path: Setting | None = None
    libdir: Setting | None = None
    sysroot: Setting | None = None
    default_path: tuple[str, ...] = ()
    default_origin: str = ""
    search_path: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    sets: tuple[tuple[str, str], ...] = ()
    broken: str = ""
    plain: Program | None = None
    system_libs: tuple[str, ...] = ()
    """The folders that the program leaves out of answers."""
    default_sysroot: str = ""
    """The sysroot of pkgconf's personality file."""
    default_static: bool = False
    """Whether that file asks for ``--static``."""

    @property
    def cross(self) -> bool:
        """Whether the crate treats this as a cross build: the triples differ."""
        return self.triple != self.host


class Missing(NamedTuple):
    """A module that has no ``.pc`` file on the search path, and the module that requires it (empty: the crate).

    ``elsewhere`` is its file, for the target or for every architecture, outside the search path.
    """

    module: str
    """The name that was searched for."""
    required_by: str = ""
    """The module whose file names it."""
    elsewhere: str = ""


class Mismatch(NamedTuple):
    """A module whose version does not match ``operator wanted`` of ``required_by`` (empty: the crate)."""

    module: str
    """The module that was found."""
    operator: str
    """``>=``, ``=`` and the others of pkg-config."""
    wanted: str
    """The version after the operator."""
    found: str
    """The version of its file."""
    required_by: str = ""


class Candidate(NamedTuple):
    """A ``.pc`` file of the module that exists but is not on the search path.

    ``debian`` is the architecture of its folder; empty for folders without one.
    """

    path: str
    """As seen from inside the root."""
    version: str = ""
    """As the file has it; empty if it could not be read."""
    debian: str = ""


class Malformed(NamedTuple):
    """A field of a ``.pc`` file that pkgconf ignores or misreads.

    ``why`` is ``quote`` (one is not closed: the whole field is ignored), ``brace`` (that of a variable is not closed:
    the rest of the field is its name) or ``bytes`` (the answer is not UTF-8: the crate panics). ``lost``: the answer
    names no library, although the field does.
    """

    field: str
    """Its name: ``Libs`` or ``Cflags``."""
    text: str
    """Its value in the file."""
    why: str
    lost: bool = False


class Library(NamedTuple):
    """One pkg-config module, as the crate finds it.

    ``outcome`` is

    - ``found``: the crate gets its flags, and they match files that the target can use;
    - ``tool-missing``: the program does not exist;
    - ``tool-failed``: the program cannot run, or crashes;
    - ``unknown``: only the program knows, and it is not run: a script of a foreign root or of a project;
    - ``cross-refused``: the crate refuses cross-compilation before it runs the program;
    - ``not-found``: the program does not find the module or one of its requirements;
    - ``wrong-arch``: the flags match a file of another architecture;
    - ``file-missing``: the flags match no file, or a broken one;
    - ``disabled``: ``<NAME>_NO_PKG_CONFIG`` is set (``disabled_by``);
    - ``misdirected``: variables of the crate name a folder without the library (``lacking``);
    - ``overridden``: cargo does not run the crate's build script (``overridden_by``).

    ``command`` is the command line as the crate prints it; empty if it runs none. ``pc`` is the file that answers.
    ``libs`` and ``cflags`` are the words of the answer, ``link_dirs`` its ``-L`` folders. ``static``: the crate asks
    for ``--static``; ``static_by`` is the setting that causes it. ``output`` is the error output of the program.
    ``alone``: the crate links without pkg-config, as ``directed_by`` configures it, if set. ``words`` is the whole
    answer in order, ``links`` the part of it that reaches the linker. ``system_libs``: the crate requests the system's
    folders in the answer.
    """

    module: str
    """pkg-config's name of it."""
    outcome: str
    requirement: str = ""
    """The constraint (``>= 1.0``); empty without one."""
    command: str = ""
    pc: str = ""
    version: str = ""
    """Of the file that answers; empty without an answer."""
    libs: tuple[str, ...] = ()
    cflags: tuple[str, ...] = ()
    link_dirs: tuple[str, ...] = ()
    files: tuple[LinkFile, ...] = ()
    """What the linker finds for each ``-l`` of the answer."""
    static: bool = False
    static_by: Setting | None = None
    disabled_by: Setting | None = None
    overridden_by: str = ""
    missing: tuple[Missing, ...] = ()
    """The modules that were not found: this one, or required ones."""
    mismatches: tuple[Mismatch, ...] = ()
    """The modules of another version than required."""
    candidates: tuple[Candidate, ...] = ()
    """Its files outside the search path."""
    crate: str = ""
    """``name version`` of the crate that asks; empty if ``--lib`` asked."""
    status: int | None = None
    """The exit status of the program; None if none was run or computed."""
    output: str = ""
    refused: str = ""
    """What the original pkg-config says of a `.pc` file that it refuses; empty without one."""
    malformed: tuple[Malformed, ...] = ()
    """The fields of its `.pc` file that pkgconf ignores or misreads."""
    alone: bool = False
    directed_by: tuple[Setting, ...] = ()
    lacking: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    links: Links = Links()
    system_libs: bool = True

    @property
    def found(self) -> bool:
        """Whether the crate gets its flags, and they match files that the target can use."""
        return self.outcome == "found"
