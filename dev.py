"""The one door to this repository: sets up what it needs in ``.venv``, then runs.

    python3 dev.py demo                    diagnose the shipped wheels and this machine
    python3 dev.py test [ARG...]           run the tests on all processors (arguments go to pytest)
    python3 dev.py test --accept           accept the output of every command as it is now (tests/snapshots)
    python3 dev.py fmt                     format the code, apply the linter's safe fixes, index the checks
    python3 dev.py lint                    ruff, mypy, vulture, the word list (scripts/words.txt), the index
    python3 dev.py docs                    build the documentation site into site/
    python3 dev.py new-check AREA/ID KIND  write the stubs of a new check; KIND is wheel, env or log
    python3 dev.py e2e [ARG...]            build and run for real, in fresh Debian roots (see tests/e2e/setup.sh)
    python3 dev.py fuzz KIND SECONDS       attack one reader with random input: tests/hostile/KIND.py
    python3 dev.py crate                   format, lint, type-check and test the reference crate
    python3 dev.py package                 build the wheel, install it into an empty environment and run it
    python3 dev.py bench                   measure against auditwheel and against the bare interpreter

Needs Python 3.10 or newer with venv, pip or uv, and nothing else; never touches the system's own packages.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
WHEELS = HERE / "fixtures" / "wheels"
DEMO = ("healthy_abi3-", "wheel_glibc_too_new-1-", "wheel_bundled_lib_missing-1-", "wheel_libc_mismatch-1-")
BIN = "Scripts" if os.name == "nt" else "bin"


def run(*command: str | Path) -> None:
    """Run *command* in the repository; end with its exit code if it fails."""
    code = subprocess.run([str(word) for word in command], cwd=HERE).returncode
    if code:
        sys.exit(code)


def make_venv(folder: Path) -> None:
    """Make an empty environment, also where Debian split venv's pip off into a package of its own."""
    if shutil.which("uv"):
        run("uv", "venv", "--quiet", "--python", sys.executable, folder)
        return
    if not subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True).returncode:
        return
    run(sys.executable, "-m", "venv", "--clear", "--without-pip", folder)


def install(folder: Path, *what: str) -> None:
    """Install into the environment with whichever installer the machine has."""
    python = folder / BIN / "python"
    if shutil.which("uv"):
        run("uv", "pip", "install", "--quiet", "--python", python, *what)
        return
    if subprocess.run([python, "-c", "import pip"], capture_output=True).returncode:
        borrow_pip(python)
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what)


def borrow_pip(python: Path) -> None:
    """Give the environment a pip of its own by the system's, which PEP 668 forbids to touch the system only."""
    try:
        import pip
    except ImportError:
        sys.exit("dev.py: this Python has neither venv with pip, nor pip, nor is uv installed; install one of them")
    system = str(Path(pip.__file__).parents[1])
    code = f"import sys, runpy; sys.path.append({system!r}); runpy.run_module('pip', run_name='__main__')"
    # Seen from there, the system's packages count as installed; --ignore-installed installs them here anyway.
    run(python, "-c", code, "install", "--quiet", "--ignore-installed", "pip")


def prepare(extra: str) -> Path:
    """Return the interpreter of ``.venv`` with this project, and its *extra* if any, installed once."""
    stamp = VENV / f"installed-{extra or 'plain'}"
    state = hashlib.sha256((HERE / "pyproject.toml").read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != state:
        print(f"setting up {VENV.name} …", file=sys.stderr, flush=True)
        if not (VENV / BIN / "python").exists():
            make_venv(VENV)
        install(VENV, "--editable", f".[{extra}]" if extra else ".")
        stamp.write_text(state)
    return VENV / BIN / "python"


def demo() -> None:
    """Show the main job on real input: the shipped wheels, then this machine."""
    diagnose: list[str | Path] = [prepare(""), "-m", "diagnose"]
    wheels = [path for name in DEMO for path in WHEELS.glob(f"{name}*.whl")]
    print("$ diagnose wheel", *(wheel.relative_to(HERE) for wheel in wheels), flush=True)
    run(*diagnose, "wheel", "--fail-on", "never", *wheels)
    print("\n$ diagnose env --lib alsa", flush=True)
    run(*diagnose, "env", "--fail-on", "never", "--lib", "alsa")


def activated() -> tuple[str, ...]:
    """Activate the environment, some of whose programs are run by name by the tests; return the command of pytest."""
    python = prepare("test")
    os.environ["PATH"] = os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)])
    return str(python), "-m", "pytest"


def test(*args: str) -> None:
    """Run the tests on all processors; tests that this machine cannot run are skipped with a reason.

    One test file by name runs in one process: starting more costs more than it saves. ``--accept`` writes the golden
    files of tests/snapshots again. With DIAGNOSE_COVERAGE=1 every process is measured, also those that the tests start,
    and coverage below the floor in pyproject.toml is a failure.
    """
    if "--accept" in args:
        os.environ["DIAGNOSE_ACCEPT"] = "1"
        rest = tuple(arg for arg in args if arg != "--accept")
        args = ("tests/test_snapshots.py", "--numprocesses=auto", *rest)
    serial = any(arg.startswith(("-n", "--numprocesses", "--pdb", "-s")) for arg in args)
    serial |= sum(not arg.startswith("-") for arg in args) == 1 and any(".py" in arg for arg in args)
    command = [*activated(), *(() if serial else ("--numprocesses=auto", "--dist=loadgroup")), *args]
    if not os.environ.get("DIAGNOSE_COVERAGE"):
        run(*command)
        return
    coverage = (command[0], "-m", "coverage")
    run(*coverage, "erase")
    run(*coverage, "run", *command[1:])
    run(*coverage, "combine", "--quiet")
    run(*coverage, "report", "--skip-covered", "--show-missing")


def e2e(*args: str) -> None:
    """Run the end-to-end tests, which take minutes, root, mmdebstrap and qemu.

    What they mount is seen by them alone, and is gone with the last of their processes, however it ends.
    """
    alone = ("unshare", "--mount") if sys.platform == "linux" and os.geteuid() == 0 and shutil.which("unshare") else ()
    named = any((HERE / arg.partition("::")[0]).exists() for arg in args if not arg.startswith("-"))
    everything = ("--numprocesses=auto", "--dist=loadgroup", "--no-loadscope-reorder", "tests/e2e")
    words = [*alone, *activated(), "-m", "e2e", *(() if named else everything), *args]
    os.chdir(HERE)
    os.execvp(words[0], words)  # signals reach the tests, which then clean up


def fmt() -> None:
    """Format the code, apply those fixes of the linter that cannot change its meaning, and index the checks."""
    python = prepare("dev")
    run(python, "-m", "ruff", "check", "--fix", ".")
    run(python, "-m", "ruff", "format", ".")
    run(python, "scripts/index_checks.py")


def lint() -> None:
    """Check style, types, dead code, words, and the index of the checks."""
    python = prepare("dev")
    run(python, "-m", "ruff", "check", ".")
    run(python, "-m", "ruff", "format", "--check", ".")
    run(python, "-m", "mypy")
    run(python, "-m", "vulture")
    run(python, "scripts/words.py")
    run(python, "scripts/index_checks.py", "--check")


def docs(*args: str) -> None:
    """Build the site into ``site/``, with one generated page per check; a broken internal link is a failure.

    ``--serve`` builds it again at every change and serves it on this machine.
    """
    python = prepare("docs")
    run(python, "scripts/pages.py")
    run(python, "-m", "zensical", *(("serve",) if args == ("--serve",) else ("build", "--strict", "--clean")))


def new_check(*args: str) -> None:
    """Write the module, the fixture and the test stubs of a new check, and say which steps are left."""
    run(prepare("dev"), "scripts/new_check.py", *args)


def fuzz(kind: str = "", seconds: str = "60", seed: str = "0") -> None:
    """Run ``main(seconds, seed)`` of ``tests/hostile/KIND.py``, which feeds random input to one reader.

    It prints its result; a returned number is the exit code.
    """
    modules = (HERE / "tests" / "hostile").glob("*.py")
    known = sorted(path.stem for path in modules if re.search(r"^def main\(\w+: float", path.read_text(), re.MULTILINE))
    if kind not in known:
        sys.exit(f"dev.py: fuzz KIND SECONDS [SEED]; KIND is one of: {', '.join(known) or '(none yet)'}")
    call = f"sys.exit({kind}.main({float(seconds)}, {int(seed)}))"
    python = prepare("test")
    run(python, "-c", f"import sys; sys.path.insert(0, 'tests'); from hostile import {kind}; {call}")


def crate() -> None:
    """Run the commands that the crate's README gives to whoever works on it, in an environment of its own."""
    folder = HERE / "crate"
    for tool in ("cargo-clippy", "cargo-fmt", "pkg-config"):
        if not shutil.which(tool):
            sys.exit(f"dev.py: {tool} is missing; the crate needs Rust with clippy and rustfmt, and libasound2-dev")
    venv = folder / ".venv"
    if not (venv / BIN / "maturin").exists():
        make_venv(venv)
        install(venv, "maturin")
    commands = (folder / "README.md").read_text().partition("<!-- run: work -->\n```sh\n")[2].partition("```")[0]
    activated = {"VIRTUAL_ENV": str(venv), "PATH": os.pathsep.join([str(venv / BIN), os.environ["PATH"]])}
    if shutil.which("uv"):  # an environment that uv made has no pip
        commands = commands.replace("maturin develop", "maturin develop --uv")
    code = subprocess.run(["sh", "-euxc", commands], cwd=folder, env={**os.environ, **activated}).returncode
    if code:
        sys.exit(code)


def package() -> None:
    """Build the wheel as a user's installer would, install it into an empty environment, and run both scripts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_venv(folder / "build")
        install(folder / "build", "pip", "check-wheel-contents>=0.6")
        run(folder / "build" / BIN / "python", "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, HERE)
        (wheel,) = folder.glob("*.whl")
        run(folder / "build" / BIN / "check-wheel-contents", wheel)
        make_venv(folder / "empty")
        install(folder / "empty", str(wheel))
        if not (folder / "empty" / "share" / "man" / "man1" / "diagnose.1").exists():
            sys.exit("dev.py: the wheel installs no manual page")
        for script in ("diagnose", "crosslink-diagnose"):
            run(folder / "empty" / BIN / script, "--version")
        fixture = next(WHEELS.glob(f"{DEMO[0]}*.whl"))
        os.chdir(folder)
        run(folder / "empty" / BIN / "diagnose", "wheel", "--fail-on", "note", wheel)
        for command in (["wheel", fixture], ["env"], ["explain"], ["targets", "armhf"]):
            options = ["--fail-on", "never"] if command[0] in ("wheel", "env") else []
            run(folder / "empty" / BIN / "diagnose", *command, *options)


def bench(*args: str) -> None:
    """Measure speed and memory, side by side with auditwheel and the bare interpreter."""
    run(prepare("test"), HERE / "benchmarks" / "run.py", *args)


def main() -> None:
    """Dispatch to the command named on the command line."""
    if sys.version_info < (3, 10):  # noqa: UP036  (the one file that an older Python may meet)
        sys.exit("dev.py: needs Python 3.10 or newer")
    functions = (demo, test, fmt, lint, docs, new_check, e2e, fuzz, crate, package, bench)
    commands = {function.__name__.replace("_", "-"): function for function in functions}
    name, args = (sys.argv[1:2] or [""])[0], sys.argv[2:]
    if name not in commands or (args and name not in ("test", "docs", "new-check", "e2e", "fuzz", "bench")):
        sys.exit(__doc__)
    commands[name](*args)


if __name__ == "__main__":
    main()
