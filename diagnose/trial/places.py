"""Where a wheel is tried: this machine, a root filesystem in a folder, or a Debian root that mmdebstrap makes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.finding import InputError
from diagnose.readers.system.root import Root
from diagnose.trial import sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

_PACKAGES = "base-files,python3,libgcc-s1,libstdc++6"
_PROCESSORS = {"x86-64": "qemu64", "v2": "Nehalem", "v3": "Haswell"}
"""Level of x86_64 → the processor of QEMU that has it, and no more. Source: the x86-64 psABI, qemu -cpu help."""
_SECONDS = 120  # to start an interpreter, also an emulated one
_LONG_SECONDS = 1800  # to make a root


class TrialPlace(NamedTuple):
    """A file system with an interpreter.

    ``command`` starts the interpreter; ``python`` is what :mod:`diagnose.trial.inside` says of it; ``name`` says which
    place it is, in words; ``emulator`` is the program of this machine that runs a foreign interpreter.
    """

    root: str
    command: tuple[str, ...]
    python: dict[str, object]
    name: str
    sandboxed: bool
    emulator: str = ""

    @property
    def version(self) -> tuple[int, int]:
        """The interpreter's version, two numbers."""
        version = self.python["version"]
        assert isinstance(version, list)
        return int(version[0]), int(version[1])

    @property
    def glibc(self) -> tuple[int, int] | None:
        """The version of glibc; None with another C library."""
        match = re.fullmatch(r"glibc (\d+)\.(\d+).*", str(self.python["libc"]), re.ASCII)
        return (int(match[1]), int(match[2])) if match else None

    @property
    def machine(self) -> str:
        """The architecture as platform tags name it; a 32-bit system on a 64-bit kernel has the 32-bit name."""
        machine = str(self.python["machine"])
        small = {"x86_64": "i686", "aarch64": "armv7l", "armv8l": "armv7l", "i586": "i686"}
        return small.get(machine, machine) if self.python["bits"] == 32 else machine

    def words(self) -> str:
        """Return the place in words: interpreter, C library, architecture."""
        version = ".".join(map(str, self.python["version"]))  # type: ignore[call-overload]
        libc = str(self.python["libc"]) or ("musl" if self.python["musl"] else "an unknown C library")
        threads = "t" if self.python["threaded"] else ""
        return f"{self.python['implementation']} {version}{threads}, {libc}, {self.machine}, {self.name}"


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


def in_root(root: str, python: str | None, sandboxed: bool) -> TrialPlace:
    """Return the root filesystem in the folder *root* as a place.

    Raises:
        InputError: not a folder, no interpreter in it, or it does not start.
    """
    if not os.path.isdir(root):
        raise InputError(f"{root}: not a folder")
    if not sandboxed:
        raise InputError(f"{root}: a root cannot be tried with --no-sandbox")
    names = [python] if python else ["/usr/bin/python3", "/usr/local/bin/python3"]
    inside = Root(root)
    found = next((name for name in names if inside.is_file(name)), None)
    if found is None:
        raise InputError(f"{root}: has no interpreter ({', '.join(names)})")
    return _described(root, (found,), f"in {root}", sandboxed)


def _described(root: str, command: tuple[str, ...], name: str, sandboxed: bool, emulator: str = "") -> TrialPlace:
    """Return a place, after its interpreter has said what it is; a foreign one is started by an emulator."""
    foreign = _foreign(root, command[0]) if root != "/" else ""
    if foreign:
        emulator = shutil.which(f"qemu-{foreign}-static") or ""
        if not emulator:
            raise InputError(f"{root}: its interpreter is for {foreign}: install qemu-user-static")
        command = (f"{sandbox.FILES}/{os.path.basename(emulator)}", *command)
    place = TrialPlace(root, command, {}, name, sandboxed, emulator)
    with tempfile.TemporaryDirectory(prefix="diagnose-") as empty:
        os.chmod(empty, 0o755)
        ended = run(place, empty, [], _SECONDS)
    for line in ended.events.splitlines()[:1]:
        return place._replace(python=json.loads(line)["python"])
    said = ended.output.strip().rpartition("\n")[2]
    raise InputError(f"{root if root != '/' else command[-1]}: its interpreter does not start: {said or ended.status}")


def _foreign(root: str, path: str) -> str:
    """Return QEMU's name of the architecture of the program *path* of *root*; empty if this machine runs it itself."""
    head = Root(root).head(path, 20)
    if head[:4] != b"\x7fELF" or len(head) < 20:
        return ""
    order = "little" if head[5] == 1 else "big"
    machine = int.from_bytes(head[18:20], "little" if head[5] == 1 else "big")
    fitting = [row for row in targets.TARGETS if (row.machine, row.bits, row.endian) == (machine, 32 * head[4], order)]
    own = os.uname().machine
    if not fitting or own in [row.uname for row in fitting] or (own, machine) == ("x86_64", targets.EM_386):
        return ""
    return fitting[0].qemu


def run(
    place: TrialPlace, site: str, arguments: list[str], seconds: float, program: str = "", files: str = ""
) -> sandbox.SandboxExit:
    """Run :mod:`diagnose.trial.inside` with *arguments* in *place*, with the installed wheel in the folder *site*.

    *program* names a file in the folder *files* that is run instead, with the wheel on its path.
    """
    with tempfile.TemporaryDirectory(prefix="diagnose-") as folder:
        os.chmod(folder, 0o755)
        if place.emulator:
            shutil.copy(place.emulator, folder)
        source = os.path.join(os.path.dirname(__file__), "inside.py")
        shutil.copy(source, folder)
        words = [f"{sandbox.FILES}/inside.py", sandbox.SITE, *arguments]
        environment = {"HOME": sandbox.HOME, "TMPDIR": sandbox.HOME, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
        if program:
            shutil.copy(os.path.join(files, program), os.path.join(folder, "program.py"))
            words, environment["PYTHONPATH"] = [f"{sandbox.FILES}/program.py"], sandbox.SITE
        if os.path.basename(place.emulator).startswith("qemu-aarch64"):
            environment["QEMU_CPU"] = "cortex-a72"  # the newest's pointer authentication is many times slower
        isolated = [] if program else ["-I"]
        command = [*place.command, *isolated, *words]
        return sandbox.run(place.root, site, folder, command, environment, seconds, place.sandboxed)


def made(release: str, architecture: str, mirror: str | None, say: Callable[[str], None]) -> str:
    """Return the folder with a Debian root of *release* for *architecture*, made by mmdebstrap if it is not cached.

    Nothing in it is configured: no maintainer script runs, so that a foreign architecture needs no emulator here.

    Raises:
        InputError: mmdebstrap is not installed, or failed.
    """
    folder = os.path.join(cache(), f"{release}-{architecture}")
    if os.path.isdir(folder):
        return folder
    program = shutil.which("mmdebstrap")
    if not program:
        raise InputError("--release needs mmdebstrap: apt-get install mmdebstrap (or use --root DIR)")
    say(f"making a Debian {release} root for {architecture}: once, in {cache()}")
    os.makedirs(cache(), mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=cache(), ignore_cleanup_errors=True) as scratch:
        new = os.path.join(scratch, "root")
        options = ["--variant=extract", f"--include={_PACKAGES}", f"--architectures={architecture}", "--quiet"]
        command = [program, *options, release, new, *([mirror] if mirror else [])]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LONG_SECONDS)
        except subprocess.TimeoutExpired:
            raise InputError(f"mmdebstrap took more than {_LONG_SECONDS} seconds") from None
        if done.returncode:
            lines = done.stderr.decode(errors="replace").splitlines()
            said = next((line for line in lines if line.startswith("E: ")), f"exit code {done.returncode}")
            raise InputError(f"mmdebstrap cannot make {release} for {architecture}: {said}")
        for name in ("proc", "tmp"):
            os.makedirs(os.path.join(new, name), exist_ok=True)
        os.chmod(new, 0o755)
        os.rename(new, folder)
    return folder


def cache() -> str:
    """Return the folder in which roots are kept, of ``XDG_CACHE_HOME``."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    base = base if os.path.isabs(base) else os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "diagnose", "roots")


def clean() -> list[str]:
    """Remove all roots that were made; return their folders."""
    try:
        names = sorted(os.listdir(cache()))
    except OSError:
        return []
    for name in names:
        shutil.rmtree(os.path.join(cache(), name), ignore_errors=True)
    return [os.path.join(cache(), name) for name in names]
