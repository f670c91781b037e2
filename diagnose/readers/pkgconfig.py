"""What the pkg-config crate would do here: which program, with which variables, for which answer.

The decisions are those of ``src/lib.rs`` of rust-lang/pkg-config-rs 0.3.34: ``Config::targeted_env_var``,
``target_supported``, ``run``, ``command`` and ``infer_static``.
"""

from __future__ import annotations

from typing import NamedTuple

from diagnose.readers.toolchain import Program
from diagnose.readers.variables import Setting, Variables


class PkgConfig(NamedTuple):
    """The crate's decisions for one target, before any library is asked for.

    ``program`` is what runs (``program.setting`` chose it, if anything did); ``fallback`` says that it is ``pkgconf``
    because there is no ``pkg-config``. ``allowed`` is the cross guard's verdict, ``allowed_by`` the variable that
    decided it (None: the triples are equal, or nothing is set). ``path``, ``libdir`` and ``sysroot`` are the settings
    that the crate hands to the program. ``default_path`` is the program's own search path, ``default_origin`` where
    that is known from; ``search_path`` what is searched in the end, in this order.
    """

    triple: str
    host: str
    program: Program
    fallback: bool = False
    implementation: str = ""  # "pkgconf", "pkg-config" or empty
    allowed: bool = True
    allowed_by: Setting | None = None
    path: Setting | None = None
    libdir: Setting | None = None
    sysroot: Setting | None = None
    default_path: tuple[str, ...] = ()
    default_origin: str = ""
    search_path: tuple[str, ...] = ()

    @property
    def cross(self) -> bool:
        """Whether the crate takes this for a cross build: the triples differ."""
        return self.triple != self.host


class Missing(NamedTuple):
    """A module that has no ``.pc`` file on the search path, and the module that requires it (empty: the asker)."""

    module: str
    required_by: str = ""


class Mismatch(NamedTuple):
    """A module whose version does not satisfy what ``required_by`` (empty: the asker) wants: ``operator wanted``."""

    module: str
    operator: str
    wanted: str
    found: str
    required_by: str = ""


class LinkFile(NamedTuple):
    """What one ``-l`` flag leads the linker to.

    ``path`` is the first file that matches in the flags' folders (``searched``), or else in the linker's own;
    ``real`` is where its links end. ``kind`` is ``shared``, ``static``, ``script`` (a linker script; ``members`` are
    the files that it names), ``dangling`` (a link to nothing), ``unreadable`` or ``missing``. ``accepted`` says whether
    the target's linker can use it, None where the file does not tell. ``glibc`` is the highest GLIBC version that it
    needs, as ``2.34``. ``default`` says that only the linker's own folders had it. ``saved_by`` is a file of the
    target's own folders that a linker which skips unfitting files would use instead.
    """

    name: str
    kind: str = "missing"
    path: str = ""
    real: str = ""
    accepted: bool | None = None
    libc: str = ""
    glibc: str = ""
    members: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    default: bool = False
    saved_by: str = ""


class Candidate(NamedTuple):
    """A ``.pc`` file of the module that exists but that is not on the search path.

    ``debian`` is the architecture of the folder it lies in, empty for folders that belong to none.
    """

    path: str
    version: str = ""
    debian: str = ""


class Library(NamedTuple):
    """One pkg-config module, as the crate would find it.

    ``outcome`` is

    - ``found``: the crate gets its flags, and they lead to files that the target can use;
    - ``tool-missing``: there is no such program;
    - ``tool-failed``: the program cannot be run, or dies;
    - ``cross-refused``: the crate's cross guard stops before the program is run;
    - ``not-found``: the program has no such module, or not everything that it requires;
    - ``wrong-arch``: the flags lead to a file of another architecture;
    - ``disabled``: ``<NAME>_NO_PKG_CONFIG`` is set (``disabled_by``);
    - ``overridden``: cargo does not run the crate's build script (``overridden_by``).

    ``command`` is the command line as the crate prints it, empty where it does not come to that. ``pc`` is the file
    that answers. ``libs`` and ``cflags`` are the words of the answer, ``link_dirs`` its ``-L`` folders. ``static`` says
    that the crate asks for ``--static``, ``static_by`` why. ``output`` is what the program says when it fails.
    """

    module: str
    outcome: str
    requirement: str = ""
    command: str = ""
    pc: str = ""
    version: str = ""
    libs: tuple[str, ...] = ()
    cflags: tuple[str, ...] = ()
    link_dirs: tuple[str, ...] = ()
    files: tuple[LinkFile, ...] = ()
    static: bool = False
    static_by: Setting | None = None
    disabled_by: Setting | None = None
    overridden_by: str = ""
    missing: tuple[Missing, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    crate: str = ""
    status: int | None = None
    output: str = ""


def names(variable: str, triple: str, host: str) -> tuple[str, ...]:
    """Return the names under which the crate looks for *variable*, in its order."""
    kind = "HOST" if triple == host else "TARGET"
    return (f"{variable}_{triple}", f"{variable}_{triple.replace('-', '_')}", f"{kind}_{variable}", variable)


def targeted(variables: Variables, variable: str, triple: str, host: str) -> Setting | None:
    """Return what the crate takes *variable* to be for a build for *triple* on *host*."""
    return variables.first(*names(variable, triple, host))


def guard(variables: Variables, triple: str, host: str) -> tuple[bool, Setting | None]:
    """Return whether the crate is willing to run the program, and the setting that decided."""
    if triple == host:
        return True, None
    allow = targeted(variables, "PKG_CONFIG_ALLOW_CROSS", triple, host)
    if allow is not None:
        return allow.value != "0", allow
    for variable in ("PKG_CONFIG", "PKG_CONFIG_SYSROOT_DIR"):
        if (setting := targeted(variables, variable, triple, host)) is not None:
            return True, setting
    return False, None


def envify(module: str) -> str:
    """Return *module* as the crate writes it in variable names: upper case (ASCII only), dashes as underscores."""
    return "".join(c.upper() if c.isascii() else c for c in module).replace("-", "_")


def static(variables: Variables, module: str) -> tuple[bool, Setting | None]:
    """Return whether the crate asks for ``--static``, and the setting that decided."""
    name = envify(module)
    for variable, answer in (
        (f"{name}_STATIC", True),
        (f"{name}_DYNAMIC", False),
        ("PKG_CONFIG_ALL_STATIC", True),
        ("PKG_CONFIG_ALL_DYNAMIC", False),
    ):
        if (setting := variables.get(variable)) is not None:
            return answer, setting
    return False, None
