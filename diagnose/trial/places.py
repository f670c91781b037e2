"""Where a wheel is tried: this machine, a root filesystem in a folder, or a Debian root that mmdebstrap makes."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.finding import InputError
from diagnose.readers.system import distro
from diagnose.readers.system.root import Root
from diagnose.trial import sandbox

if TYPE_CHECKING:
    from diagnose.model.targets import Target

_PROCESSORS = {"x86-64": "qemu64", "v2": "Nehalem", "v3": "Haswell"}
"""Level of x86_64 → the processor of QEMU that has it, and no more. Source: the x86-64 psABI, qemu -cpu help."""
_SECONDS = 120  # to start an interpreter, also an emulated one


class TrialPlace(NamedTuple):
    """A file system with an interpreter, or with a C library alone.

    ``command`` starts the interpreter, and is empty without one; ``python`` is what :mod:`diagnose.trial.inside`
    says of it; ``name`` says which place it is, in words; ``emulator`` is the program of this machine that runs foreign
    programs. ``target`` is the architecture with its C library, ``libc_version`` that one's version (``2.31``), empty
    if unknown.
    """

    root: str
    command: tuple[str, ...]
    python: dict[str, object]
    name: str
    sandboxed: bool
    emulator: str = ""
    target: Target | None = None
    libc_version: str = ""

    @property
    def version(self) -> tuple[int, int]:
        """The interpreter's version, two numbers."""
        version = self.python["version"]
        assert isinstance(version, list)
        return int(version[0]), int(version[1])

    @property
    def glibc(self) -> tuple[int, int] | None:
        """The version of glibc; None with another C library."""
        match = re.fullmatch(r"glibc (\d+)\.(\d+).*", self.libc, re.ASCII)
        return (int(match[1]), int(match[2])) if match else None

    @property
    def libc(self) -> str:
        """The C library and its version (``glibc 2.31``), without a version it is unknown; empty if both are."""
        if self.python and (self.python["libc"] or not self.python["musl"]):
            return str(self.python["libc"])
        kind = "musl" if self.python else self.target.libc if self.target else ""
        return f"{kind} {self.libc_version}".strip()

    @property
    def machine(self) -> str:
        """The architecture as platform tags name it; a 32-bit system on a 64-bit kernel has the 32-bit name."""
        if not self.python:
            return self.target.wheel if self.target else ""
        machine = str(self.python["machine"])
        small = {"x86_64": "i686", "aarch64": "armv7l", "armv8l": "armv7l", "i586": "i686"}
        return small.get(machine, machine) if self.python["bits"] == 32 else machine

    def words(self) -> str:
        """Return the interpreter, C library and architecture, in words."""
        if not self.python:
            return self.loader_words()
        version = ".".join(map(str, self.python["version"]))  # type: ignore[call-overload]
        threads = "t" if self.python["threaded"] else ""
        return f"{self.python['implementation']} {version}{threads}, {self.loader_words()}"

    def loader_words(self) -> str:
        """Return the place in words, without its interpreter."""
        return f"{self.libc or 'an unknown C library'}, {self.machine}, {self.name}"


def here(python: str | None, sandboxed: bool, processor: str = "") -> TrialPlace:
    """Return this machine as a place; *python* is the interpreter, by default the one that runs this program.

    Raises:
        InputError: there is no such interpreter, or it does not start.
    """
    path = shutil.which(python) if python else sys.executable
    if not path:
        raise InputError(f"{python}: no such interpreter")
    if not processor:
        return _described("/", (path,), "this machine", sandboxed)
    emulator = shutil.which("qemu-x86_64-static")
    if not emulator:
        raise InputError("--processor needs qemu-x86_64-static: install qemu-user-static")
    command = (f"{sandbox.FILES}/{os.path.basename(emulator)}", "-cpu", _PROCESSORS[processor], os.path.realpath(path))
    return _described("/", command, f"this machine, as {_PROCESSORS[processor]}", sandboxed, emulator)


def in_root(root: str, python: str | None, sandboxed: bool, libc: str = "") -> TrialPlace:
    """Return the root filesystem in the folder *root* as a place: with its interpreter, or its C library alone.

    Of several C libraries it is *libc*, if named.

    Raises:
        InputError: not a folder, it has neither, or the interpreter does not start.
    """
    if not os.path.isdir(root):
        raise InputError(f"{root}: not a folder")
    if not sandboxed:
        raise InputError(f"{root}: a root cannot be tried with --no-sandbox")
    names = [python] if python else ["/usr/bin/python3", "/usr/local/bin/python3"]
    inside = Root(root)
    found = next((name for name in names if inside.is_file(name)), None)
    if found:
        return _described(root, (found,), f"in {root}", sandboxed)
    for target in () if python else (row for row in targets.TARGETS if libc in ("", row.libc)):
        path, version = distro.c_library(inside, target.multiarch, target.libc)
        if path and target in targets.of_header(inside.head(path, targets.HEADER)):
            emulator = _emulator(root, _foreign(root, path))
            return TrialPlace(root, (), {}, f"in {root}", sandboxed, emulator, target, version)
    lacks = "no interpreter" if python else "neither an interpreter nor a C library"
    raise InputError(f"{root}: has {lacks} ({', '.join(names)})")


def _emulator(root: str, foreign: str) -> str:
    """Return the program that runs those of the architecture *foreign*, by QEMU's name; empty if *foreign* is."""
    found = shutil.which(f"qemu-{foreign}-static") if foreign else ""
    if found is None:
        raise InputError(f"{root}: its programs are for {foreign}: install qemu-user-static")
    return found


def _described(root: str, command: tuple[str, ...], name: str, sandboxed: bool, emulator: str = "") -> TrialPlace:
    """Return a place, after its interpreter has said what it is; a foreign one is started by an emulator."""
    foreign = _emulator(root, _foreign(root, command[0])) if root != "/" else ""
    if foreign:
        emulator, command = foreign, (f"{sandbox.FILES}/{os.path.basename(foreign)}", *command)
    place = TrialPlace(root, command, {}, name, sandboxed, emulator)
    with tempfile.TemporaryDirectory(prefix="diagnose-") as empty:
        os.chmod(empty, 0o755)
        ended = run(place, empty, [], _SECONDS)
    for line in ended.events.splitlines()[:1]:
        place = place._replace(python=json.loads(line)["python"])
        own = (place.machine, place.libc.partition(" ")[0])
        target = next((row for row in targets.TARGETS if (row.wheel, row.libc) == own), None)
        _, version = distro.c_library(Root(root), target.multiarch, target.libc) if target else ("", "")
        return place._replace(target=target, libc_version=version)
    said = ended.output.strip().rpartition("\n")[2]
    raise InputError(f"{root if root != '/' else command[-1]}: its interpreter does not start: {said or ended.status}")


def _foreign(root: str, path: str) -> str:
    """Return QEMU's name of the architecture of the program *path* of *root*; empty if this machine runs it itself."""
    fitting = targets.of_header(Root(root).head(path, targets.HEADER))
    own = os.uname().machine
    if not fitting or own in [row.uname for row in fitting] or (own, fitting[0].machine) == ("x86_64", targets.EM_386):
        return ""
    return fitting[0].qemu


def run(
    place: TrialPlace, site: str, arguments: list[str], seconds: float, program: str = "", files: str = ""
) -> sandbox.SandboxExit:
    """Run :mod:`diagnose.trial.inside` with *arguments* in *place*, with the installed wheel in the folder *site*.

    *program* names a file in the folder *files* that is run instead, with the wheel on its path.
    """
    words = [f"{sandbox.FILES}/inside.py", sandbox.SITE, *arguments]
    copies = {"inside.py": os.path.join(os.path.dirname(__file__), "inside.py")}
    if program:
        words, copies = [f"{sandbox.FILES}/program.py"], {"program.py": os.path.join(files, program)}
    isolated = [] if program else ["-I"]
    return _started(place, site, [*place.command, *isolated, *words], copies, seconds, sandbox.SITE if program else "")


def open_files(place: TrialPlace, site: str, opener: str, paths: list[str], seconds: float) -> sandbox.SandboxExit:
    """Run the program *opener* in *place*: it opens the files *paths* below the folder *site*."""
    emulator = list(place.command[:-1])
    if place.emulator and not emulator:
        emulator = [f"{sandbox.FILES}/{os.path.basename(place.emulator)}"]
    words = [*emulator, f"{sandbox.FILES}/opener", sandbox.SITE, *paths]
    return _started(place, site, words, {"opener": opener}, seconds)


def _started(
    place: TrialPlace, site: str, command: list[str], copies: dict[str, str], seconds: float, python_path: str = ""
) -> sandbox.SandboxExit:
    """Run *command* in *place*, with a copy of each file of *copies* by its name there."""
    environment = {"HOME": sandbox.HOME, "TMPDIR": sandbox.HOME, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    if python_path:
        environment["PYTHONPATH"] = python_path
    if os.path.basename(place.emulator).startswith("qemu-aarch64"):
        environment["QEMU_CPU"] = "cortex-a72"  # the newest's pointer authentication is many times slower
    with tempfile.TemporaryDirectory(prefix="diagnose-") as folder:
        os.chmod(folder, 0o755)
        for name, source in copies.items():
            shutil.copy(source, os.path.join(folder, name))
        if place.emulator:
            shutil.copy(place.emulator, folder)
        return sandbox.run(place.root, site, folder, command, environment, seconds, place.sandboxed)
