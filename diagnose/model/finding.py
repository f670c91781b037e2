"""The vocabulary: findings, their evidence and their fixes.

Facts and findings are ``NamedTuple`` classes: immutable, typed, and, unlike dataclasses, they cost a command next to
nothing at start-up (``dataclasses`` alone imports for longer than the interpreter starts).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import Enum, NamedTuple


class Severity(Enum):
    """How bad a finding is. ``ERROR``: fails now, or at the users'. ``WARNING``: may. ``NOTE``: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the worst, so that sorting by rank puts errors first."""
        return _RANK[self]


_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


class Phase(Enum):
    """When a build meets a cause. Earlier phases mask later ones, so they are fixed first."""

    START = 0  # a program cannot be started at all
    PACKAGES = 1  # the package manager works at all, so that what is not there yet can be brought
    RUST = 2  # the compiler has nothing to compile against
    PYTHON = 3  # maturin and PyO3 look for the interpreter
    PROBE = 4  # build scripts look for pkg-config, and the crate lets them
    SEARCH = 5  # pkg-config looks for the module
    COMPILE = 6  # build scripts compile C and read headers
    LINKER = 7  # the linker starts
    LINK = 8  # the linker reads the libraries
    AUDIT = 9  # the finished file is judged and repaired
    LATER = 10  # what no build meets in this order


class FixStage(Enum):
    """When a command of a fix has to run; fixes of several findings merge by this order."""

    SOURCES = 0  # package sources rewritten
    ARCHITECTURE = 1  # dpkg --add-architecture
    UPDATE = 2  # apt-get update, apk update
    PACKAGES = 3  # the system's package manager
    TOOLCHAIN = 4  # rustup, pip
    BUILD = 5  # cargo, maturin, auditwheel: acts on the project or the wheel


class Command(NamedTuple):
    """One shell command line of a fix, POSIX ``sh``, idempotent."""

    line: str
    """The line; it may run twice."""
    stage: FixStage
    """When it runs among the commands of all fixes."""


def unsetting(name: str) -> str:
    """Return the line of POSIX ``sh`` that takes the variable *name* out of the shell that builds.

    Some are named as no shell can name them (``PKG_CONFIG_armv7-unknown-linux-gnueabihf``): only env(1) reaches those,
    for one command, and the line is a comment that says how.
    """
    if name.isascii() and name.isidentifier():
        return f"unset {name}"
    return f"# no shell can unset {name}: start the build with env -u '{name}'"


class FileEdit(NamedTuple):
    """A file before and after the edit. ``before`` is None for a file that does not exist yet."""

    path: str
    """Relative to the working directory, or absolute: as seen from inside the root."""
    before: str | None
    after: str
    """The whole text after the edit."""


class Repack(NamedTuple):
    """A change to the files inside a wheel, in parts, so that several changes of one wheel merge into one script."""

    wheel: str
    """The path of the wheel."""
    folder: str
    """The folder into which it is unpacked."""
    metadata: str
    """The unpacked WHEEL file."""
    start: tuple[str, ...]
    """Command lines that unpack the wheel."""
    lines: tuple[str, ...]
    """Command lines that change unpacked files; each may run twice."""
    tags: tuple[str, ...]
    """The tags (``cp312-cp312-linux_x86_64``) that the wheel gets."""
    named: tuple[str, ...]
    """The tags in its file name before."""
    recorded: tuple[str, ...]
    """The tags in its WHEEL file before."""
    renamed: bool = False
    """Whether the project or the version in its file name changes."""


class Fix(NamedTuple):
    """One way to fix a problem, as data; :mod:`diagnose.fixes` renders it as a script, a Dockerfile step or others."""

    title: str
    """The imperative headline."""
    commands: tuple[Command, ...] = ()
    """Command lines, in order."""
    env: tuple[tuple[str, str], ...] = ()
    """Variables as (name, value); for the target alone wherever their reader supports such a form."""
    files: tuple[FileEdit, ...] = ()
    """Edits that make the same change permanent."""
    notes: str = ""
    """Conditions and limits, in words."""
    safe: bool = False
    """Whether it may be applied without asking."""
    unset: tuple[str, ...] = ()
    """Variables to remove from the environment of the build first."""
    repack: Repack | None = None
    """The same change as *commands*, in parts, where it repacks a wheel."""
    repair: tuple[str, ...] | None = None
    """The options for ``auditwheel repair``, where that is the command."""


class Evidence(NamedTuple):
    """What was read, and where: a path inside the subject (optionally ``path:line``), or another place in words.

    Exactly one of ``path`` (a file or archive member) and ``where`` (a variable, a command line, a header) is set.
    """

    detail: str
    """The quoted fact in one line, without the place."""
    path: str = ""
    where: str = ""


class Declaration(NamedTuple):
    """An intent that the user has declared, and that a finding is about."""

    number: int
    """The place of the entry in the user's settings, from 1."""
    reason: str
    """Why it is intended."""
    expires: str
    """The last day on which it applies, as ``2027-01-31``; empty: it always does."""
    names: tuple[str, ...]
    """The libraries, symbols or files of the finding that it accepts."""


class Finding(NamedTuple):
    """One problem of one subject."""

    message: str
    """One line that names the problem."""
    severity: Severity
    """How bad it is."""
    evidence: tuple[Evidence, ...]
    """The quoted facts; at least one."""
    consequence: str = ""
    """The error that the user met or will meet if the problem stays unfixed."""
    fixes: tuple[Fix, ...] = ()
    """Alternatives, best first."""
    check: str = ""
    """The id of the check; the engine fills it in."""
    consequences: tuple[Finding, ...] = ()
    """Findings that this one caused and that disappear with it; the engine fills them in."""
    aliases: tuple[str, ...] = ()
    """Other names of the check; the engine fills them in."""
    url: str = ""
    """The address of the check's page; empty without a site. The engine fills it in."""
    libraries: tuple[str, ...] = ()
    """The libraries that it is about, as others need them: users can declare that they intend it."""
    symbols: tuple[str, ...] = ()
    """The symbols that it is about, for the same purpose."""
    declarable: bool = True
    """Whether the user's intent makes a difference: a library with a folder of the build machine fails anyway."""
    declared: tuple[Declaration, ...] = ()
    """What the user has declared about it; the engine fills it in."""
    undeclared: tuple[str, ...] = ()
    """The names that no declaration accepts, where another one is accepted; the engine fills it in."""
    known: bool = False
    """Whether the user's baseline has it: then it fails nothing."""


class InputError(Exception):
    """An input that cannot be read. ``str()`` is one line that names the input and the reason."""
