"""``diagnose try`` runs the code of wheels: what it reports is what happened, and the code reaches nothing outside."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import need

from diagnose.cli import trial_report
from diagnose.readers.elf.elf_parser import Elf
from diagnose.readers.wheel import reader
from diagnose.readers.wheel.reader import read
from diagnose.trial import attempt, places, sandbox, trial_roots, wheelhouse
from diagnose.trial.attempt import Failure, is_of_the_loader
from diagnose.trial.opener import interpreter_symbols
from diagnose.trial.places import TrialPlace

LINUX = sys.platform.startswith("linux")
TRY = [sys.executable, "-m", "diagnose", "try"]


@pytest.fixture(autouse=True)
def _sandbox() -> None:
    why = sandbox.missing() if LINUX else "this is not Linux"
    need(not why, f"there is no sandbox: {why}")


def wheel(folder: Path, files: dict[str, str], name: str = "demo", requires: str = "") -> Path:
    """Write a pure wheel with *files*."""
    path = folder / f"{name}-1-py3-none-any.whl"
    info = f"{name}-1.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{'Requires-Dist: ' * bool(requires)}{requires}"
    members = {
        **files,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in members.items():
            archive.writestr(member, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{member},,\n" for member in [*members, f"{info}/RECORD"]))
    return path


def run(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*TRY, "--offline", *map(str, words)], capture_output=True, text=True, timeout=120, cwd=cwd)


def tried(*words: str | Path) -> dict[str, Any]:
    done = run("--format", "json", *words)
    (one,) = json.loads(done.stdout)["tried"]
    result: dict[str, Any] = one
    return result


def test_what_a_wheel_provides_is_imported(tmp_path: Path) -> None:
    files = {"demo/__init__.py": "", "other.py": "import demo", "demo.libs/x.py": "", "no-module.py": ""}
    done = run(wheel(tmp_path, files))
    assert done.returncode == 0 and "imported demo, other\n" in done.stdout, done.stdout + done.stderr


def test_a_failure_is_shown_with_its_cause(tmp_path: Path) -> None:
    path = wheel(tmp_path, {"demo.py": "import ctypes; ctypes.CDLL('libnothing.so.7')", "fine.py": ""})
    one = tried(path)
    assert (one["outcome"], one["imported"]) == ("failed", ["fine"])
    assert "libnothing.so.7: cannot open shared object file" in one["failed"][0]["error"]
    assert "loader-library-missing" in one["failed"][0]["causes"] or one["failed"][0]["causes"]
    assert run(path).returncode == 1


def test_a_process_that_dies_is_not_the_end(tmp_path: Path) -> None:
    one = tried(wheel(tmp_path, {"a.py": "", "b.py": "import os; os.abort()", "c.py": ""}))
    assert one["imported"] == ["a", "c"]
    assert [(failure["module"], failure["error"]) for failure in one["failed"]] == [("b", "died of SIGABRT")]


def test_a_missing_dependency_is_no_failure(tmp_path: Path) -> None:
    path = wheel(tmp_path, {"demo.py": ""}, requires="no-such-project-here")
    one = tried(path)
    assert one["outcome"] == "cannot-tell" and "no-such-project-here" in one["not_tried"]
    assert run(path).returncode == 0
    assert run("--fail-on", "unknown", path).returncode == 1


def test_dependencies_come_from_folders(tmp_path: Path) -> None:
    wheel(tmp_path, {"needed.py": ""}, name="needed")
    path = wheel(tmp_path, {"demo.py": "import needed"}, requires="needed")
    assert tried("--find-links", tmp_path, path)["outcome"] == "ok"


_LOOKS = """
import ctypes, json, os, socket
def attempt(what):
    try:
        what()
        return "done"
    except OSError as error:
        return type(error).__name__
found = {
    "write": attempt(lambda: open(%(outside)r, "w")),
    "remove": attempt(lambda: os.remove(%(outside)r)),
    "network": attempt(lambda: socket.create_connection(("127.0.0.1", %(port)d), 2)),
    "home": attempt(lambda: open(os.path.join(os.environ["HOME"], "x"), "w")),
    "kill": attempt(lambda: os.kill(%(pid)d, 0)),
    "chroot": attempt(lambda: os.chroot("/tmp")),
    "kernel": attempt(lambda: open("/proc/sys/kernel/domainname", "w")),
    "capabilities": next(l for l in open("/proc/self/status") if l.startswith("CapEff")).split()[1].strip("0"),
    "devices": sorted(os.listdir("/dev")),
}
raise SystemExit(json.dumps(found))
"""


def test_the_code_reaches_nothing_outside(tmp_path: Path) -> None:
    _reaches_nothing(tmp_path, tried)


def test_nor_without_root() -> None:
    """A user who is not root tries a wheel: mount tells such a namespace less, and folders are closed to it."""
    need(os.geteuid() == 0 and shutil.which("setpriv"), "root and setpriv, to run as somebody else")
    python = shutil.which("python3", path="/usr/bin")
    asked = [str(python), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 10))"]
    need(python and subprocess.run(asked).returncode == 0, "/usr/bin/python3 with pip, of 3.10 or newer")
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        folder = Path(name)
        for module in ("diagnose", "diagnose_checks", "packaging"):
            source = Path(str(importlib.import_module(module).__file__)).parent
            shutil.copytree(source, folder / "lib" / module, ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run(["chown", "-R", "65534:65534", name], check=True)
        own = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "-i", f"PATH={os.environ['PATH']}",
               f"PYTHONPATH={folder}/lib", f"HOME={name}", str(python), "-m", "diagnose", "try"]  # fmt: skip

        def as_somebody(path: Path) -> dict[str, Any]:
            done = subprocess.run([*own, "--offline", "--format", "json", str(path)], capture_output=True, cwd=name)
            (one,) = json.loads(done.stdout)["tried"]
            found: dict[str, Any] = one
            return found

        _reaches_nothing(folder, as_somebody)


def _reaches_nothing(folder: Path, attempt: Callable[[Path], dict[str, Any]]) -> None:
    outside = folder / "outside"
    outside.write_text("kept")
    outside.chmod(0o666)
    with socket.create_server(("127.0.0.1", 0)) as server:
        values = {"outside": str(outside), "port": server.getsockname()[1], "pid": os.getpid()}
        one = attempt(wheel(folder, {"demo.py": _LOOKS % values}))
    assert one["failed"], one
    found = json.loads(one["failed"][0]["error"].partition(": ")[2])
    assert found.pop("home") == "done"
    assert found.pop("devices") == ["full", "null", "random", "urandom", "zero"]
    assert found.pop("capabilities") == ""
    assert "done" not in found.values(), found
    assert outside.read_text() == "kept"


def test_memory_is_limited(tmp_path: Path) -> None:
    one = tried(wheel(tmp_path, {"demo.py": "x = bytearray(5 << 30)"}))
    assert "MemoryError" in one["failed"][0]["error"]


def test_a_program_runs_after_the_imports(tmp_path: Path) -> None:
    program = tmp_path / "example.py"
    program.write_text("import demo, sys; sys.exit(demo.x)")
    good, bad = (wheel(tmp_path, {"demo.py": f"x = {number}"}, name=name) for number, name in ((0, "good"), (3, "bad")))
    assert run("--run", program, good).returncode == 0
    done = run("--run", program, bad)
    assert done.returncode == 1 and "example.py: ended with exit status 3" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_an_import(number: signal.Signals, tmp_path: Path) -> None:
    # The program runs only while the import does; before that, the sandbox ends by itself: no one reads its events.
    # Tests run beside each other: a process of another one must not be taken for this one's.
    seconds = f"601.{os.getpid()}{number:02}"
    path = wheel(tmp_path, {"sleeper.py": f"import subprocess; subprocess.run(['sleep', '{seconds}'])"})
    _interrupted(["--offline", str(path)], lambda: _with_words(f"sleep\0{seconds}".encode()), number, tmp_path)
    if number != signal.SIGKILL:  # a killed process cannot remove what it wrote
        assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_download(number: signal.Signals, tmp_path: Path) -> None:
    path = wheel(tmp_path, {"demo.py": ""}, requires="no-such-project-here")
    with socket.create_server(("127.0.0.1", 0)) as server:  # it accepts, and never answers
        index = f"http://127.0.0.1:{server.getsockname()[1]}/simple"
        words = ["env", f"PIP_INDEX_URL={index}", "PIP_NO_INDEX=", "PIP_FIND_LINKS=", *TRY, str(path)]
        _interrupted([], lambda: _with_words(b"pip\0install\0--target", within=tmp_path), number, tmp_path, words)
    if number != signal.SIGKILL:
        assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_root_that_is_being_made(number: signal.Signals, tmp_path: Path) -> None:
    need(shutil.which("mmdebstrap"), "mmdebstrap is not installed")
    path = wheel(tmp_path, {"demo.py": ""})
    with socket.create_server(("127.0.0.1", 0)) as server:
        mirror = f"http://127.0.0.1:{server.getsockname()[1]}/debian"
        words = ["--offline", "--release", "trixie", "--mirror", mirror, str(path)]
        # apt waits for the mirror; that of another program on this machine is not meant
        _interrupted(words, lambda: _with_words(b"lib/apt/methods/http", within=tmp_path), number, tmp_path)
    own = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([*TRY, "--clean"], env=own, check=True, capture_output=True)
    roots = tmp_path / "diagnose/roots"
    assert list(roots.iterdir()) == []


def _interrupted(
    words: list[str],
    started: Callable[[], list[str]],
    number: signal.Signals,
    folder: Path,
    command: list[str] | None = None,
) -> None:
    """Send *number* to a ``try`` when *started* shows processes; they, and all mounts, have to go."""
    earlier = set(started())
    own = {**os.environ, "TMPDIR": str(folder), "XDG_CACHE_HOME": str(folder)}
    with subprocess.Popen(command or [*TRY, *words], env=own, stderr=subprocess.DEVNULL) as process:
        _until(lambda: set(started()) - earlier)
        process.send_signal(number)
        assert process.wait(30) == (-number if number == signal.SIGKILL else 128 + number)
    _until(lambda: not set(started()) - earlier)
    _until(lambda: str(folder) not in Path("/proc/self/mountinfo").read_text() and not _with_words(bytes(folder)))


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _with_words(mark: bytes, within: Path | None = None) -> list[str]:
    """Return the processes whose command line has *mark*, and whose environment names the folder *within*."""
    return [
        process.name
        for process in Path("/proc").glob("[0-9]*")
        if mark in _read(process / "cmdline") and (within is None or bytes(within) in _read(process / "environ"))
    ]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # the process has ended
        return b""


def test_bad_input_is_one_line_and_the_others_are_tried(tmp_path: Path) -> None:
    broken = tmp_path / "broken-1-py3-none-any.whl"
    broken.write_bytes(b"no archive")
    done = run(broken, wheel(tmp_path, {"demo.py": ""}))
    assert done.returncode == 2
    assert "broken-1" in done.stdout and "imported demo" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--root", "/nowhere"], "/nowhere: not a folder"),
        (["--python", "python-of-nobody"], "no such interpreter"),
    ],
)
def test_a_place_that_is_none_is_said(words: list[str], said: str, tmp_path: Path) -> None:
    assert said in run(*words, wheel(tmp_path, {"demo.py": ""})).stdout


def test_without_a_place_nothing_is_claimed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    one = tried("--root", root, wheel(tmp_path, {"demo.py": ""}))
    assert one["outcome"] == "cannot-tell" and "has neither an interpreter nor a C library" in one["not_tried"]


FIXTURES = Path(__file__).parents[2] / "fixtures" / "wheels"
OTHER = FIXTURES / "wheel_rpath_relative-1-cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
"""A wheel for one CPython, whose library is found only from one working directory."""


def _loads() -> None:
    need(os.uname().machine == "x86_64", "the fixtures are for x86_64")
    need(sys.version_info[:2] != (3, 12), "the fixtures are for this interpreter")
    need(shutil.which("cc") or shutil.which("gcc"), "no C compiler")


def test_without_the_interpreter_modules_are_loaded() -> None:
    _loads()
    good, bad = OTHER.with_name(OTHER.name.replace("-1-", "-2-")), OTHER
    one = tried(good)
    assert (one["outcome"], one["imported"]) == ("ok", []) and one["loaded"], one
    assert "its tags are for cp312-cp312" in one["not_tried"]
    done = run(bad)
    assert done.returncode == 1
    assert "libsndfile-1c2d3e4f.so.1: cannot open shared object file" in done.stdout
    assert "cause: does not find libsndfile-1c2d3e4f.so.1 in the wheel (wheel-rpath)" in done.stdout
    assert "nothing was" not in done.stdout and "not imported: its tags are for" in done.stdout


@pytest.mark.parametrize(
    ("error", "by_loader"),
    [
        ("ImportError: /tmp/site/demo/_a.so: undefined symbol: gone", True),
        ("ImportError: libdemo.so.1: cannot open shared object file: No such file or directory", True),
        ("died of signal 4 (Illegal instruction)", True),
        ("ModuleNotFoundError: No module named '_cffi_backend'", False),
        # The words of Python 3.13 about scipy 1.18.1.
        (
            "ImportError: cannot import name 'within_block_loop' from partially initialized module 'scipy.linalg._m' "
            "(most likely due to a circular import) (/tmp/site/scipy/linalg/_m.cpython-313-x86_64-linux-gnu.so)",
            False,
        ),
    ],
)
def test_only_what_the_system_refuses_is_a_failure_of_a_private_module(error: str, by_loader: bool) -> None:
    assert is_of_the_loader(Failure("demo._a", error, "")) == by_loader


def test_symbols_of_every_interpreter_are_provided(tmp_path: Path) -> None:
    names = ("GraalPy_SIZE", "PyPyList_New", "_Py_NoneStruct", "_Py_NoneStructReference", "PyList_New")
    elf = Elf("demo.so", undefined=(*names, "qsort", "graalPy_SIZE"))
    one = read(str(wheel(tmp_path, {"demo.py": ""})))._replace(elves=(elf,))
    assert set(interpreter_symbols(one)) == set(names)


def test_without_a_compiler_nothing_is_loaded(tmp_path: Path) -> None:
    _loads()
    for name in ("unshare", "mount", "sh", "true", "touch", "mkdir"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    words = [*TRY, "--offline", "--format", "json", str(OTHER)]
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "PATH": str(tmp_path)}, check=True)
    (one,) = json.loads(done.stdout)["tried"]
    assert one["outcome"] == "cannot-tell" and "no compiler to build a loader for x86_64" in one["not_tried"]


def test_a_root_that_takes_no_sandbox_accuses_no_wheel(tmp_path: Path) -> None:
    _loads()
    library = next(path for path in ("/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6") if os.path.exists(path))
    (tmp_path / "lib/x86_64-linux-gnu").mkdir(parents=True)
    shutil.copy(library, tmp_path / "lib/x86_64-linux-gnu")
    (tmp_path / "tmp").mkdir()
    one = tried("--root", tmp_path, OTHER)
    assert (one["outcome"], one["failed"]) == ("cannot-tell", [])
    assert "it lacks the folders /proc and /dev" in one["not_tried"]


def test_a_root_may_be_named_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _loads()
    loader = Path("/lib64/ld-linux-x86-64.so.2")
    need(loader.exists(), "the dynamic linker of x86_64")
    for name in ("lib/x86_64-linux-gnu", "lib64", "proc", "dev", "tmp"):
        (tmp_path / name).mkdir(parents=True)
    library = next(path for path in ("/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6") if os.path.exists(path))
    shutil.copy(library, tmp_path / "lib/x86_64-linux-gnu")
    shutil.copy(loader, tmp_path / "lib64")
    good = OTHER.with_name(OTHER.name.replace("-1-", "-2-"))
    monkeypatch.chdir(tmp_path.parent)
    seen = [tried("--root", root, good) for root in (tmp_path, tmp_path.name)]
    assert [(one["outcome"], bool(one["loaded"])) for one in seen] == [("ok", True)] * 2, seen


def test_an_import_without_an_end_is_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "_SECONDS", 3.0)
    path = wheel(tmp_path, {"a.py": "", "b.py": "import time; time.sleep(600)"})
    one = attempt.attempt(reader.read(str(path)), places.here(None, True), (), True, None)
    assert (one.outcome, one.imported) == ("cannot-tell", ("a",))
    assert [(failure.module, failure.error) for failure in one.failures] == [("b", "took more than 3 seconds")]
    said = trial_report.text([(str(path), one)])
    assert said.startswith("– demo-1-py3-none-any.whl: cannot tell: b did not end in time") and "imported a" in said
    (result,) = trial_report.results([(str(path), one)])
    assert (result.outcome.value, result.findings) == ("cannot-tell", ())


def test_what_code_writes_among_the_events_is_no_traceback(tmp_path: Path) -> None:
    lines = ["{x}", "[1]", '{"failed": "y"}', "[" * 9000]
    code = f"import os\nfor line in {lines!r}: os.write(int(os.environ['DIAGNOSE_EVENTS']), line.encode() + b'\\n')"
    assert tried(wheel(tmp_path, {"demo.py": code}))["imported"] == ["demo"]


def test_roots_make_room_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(trial_roots, "LIMIT", 250_000)
    monkeypatch.setattr(trial_roots, "_locks", {})
    monkeypatch.setattr(trial_roots, "_make", lambda folder, *_: (os.mkdir(folder), _fill(folder)))
    first, second = (trial_roots.made("x", arch, "glibc", None, print) for arch in ("a", "b"))
    os.utime(first, (1, 1))
    own, trial_roots._locks = trial_roots._locks, {}  # as another process, while this one uses both
    third = trial_roots.made("x", "c", "musl", None, print)
    assert {path.name for path in (tmp_path / "diagnose/roots").iterdir() if path.is_dir()} == {
        "x-a",
        "x-b",
        "x-c-musl",
    }
    assert trial_roots.clean() == ([third], [first, second])
    for descriptor in own.values():
        os.close(descriptor)
    fourth = trial_roots.made("x", "d", "glibc", None, print)
    assert sorted(path for path in (first, second, fourth) if os.path.exists(path)) == [second, fourth]
    assert trial_roots.clean() == ([second, fourth], [])
    assert not list((tmp_path / "diagnose/roots").iterdir())


def _fill(folder: str) -> None:
    Path(folder, "file").write_bytes(b"x" * 100_000)


def test_a_wrong_call_is_one_line(tmp_path: Path) -> None:
    for words in ([], ["--root", "x", "--release", "trixie", "y.whl"], ["--run", "nothing.py", "y.whl"]):
        done = run(*words, cwd=tmp_path)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done.stderr


def place(libc: str = "glibc 2.31", version: tuple[int, int] = (3, 12), threaded: bool = False) -> TrialPlace:
    python: dict[str, object] = {
        "implementation": "CPython",
        "name": "cpython",
        "soabi": f"cpython-{version[0]}{version[1]}{'t' if threaded else ''}-x86_64-linux-gnu",
        "version": [*version, 0],
        "machine": "x86_64",
        "bits": 64,
        "libc": libc,
        "musl": not libc,
        "threaded": threaded,
    }
    return TrialPlace("/", ("python3",), python, "a test", True)


def pypy() -> TrialPlace:
    """Return a place with Debian 13's PyPy."""
    known = place(version=(3, 11))
    return known._replace(python={**known.python, "implementation": "PyPy", "name": "pypy", "soabi": "pypy311-pp73"})


@pytest.mark.parametrize("where", [pypy(), place(version=(3, 15), threaded=True)], ids=["pypy", "abi3t"])
def test_pip_installs_for_the_interpreter_of_the_place(where: TrialPlace, tmp_path: Path) -> None:
    tag = "pp311-pypy311_pp73" if where.python["name"] == "pypy" else "cp315-abi3t"
    file = tmp_path / f"demo-1-{tag}-manylinux_2_17_x86_64.whl"
    shutil.copy(wheel(tmp_path, {"demo.py": ""}), file)
    folder = tmp_path / "site"
    wheelhouse.install(read(str(file)), where, str(folder), [], True)
    assert (folder / "demo.py").exists()


@pytest.mark.parametrize(
    ("tag", "where"),
    [
        ("pp311-pypy311_pp73-manylinux_2_17_x86_64", pypy()),
        ("!pp311-pypy311_pp80-manylinux_2_17_x86_64", pypy()),
        ("!pp312-pypy312_pp73-manylinux_2_17_x86_64", pypy()),
        ("!cp311-cp311-manylinux_2_17_x86_64", pypy()),
        ("cp315-abi3t-manylinux_2_17_x86_64", place(version=(3, 15), threaded=True)),
        ("!cp315-abi3-manylinux_2_17_x86_64", place(version=(3, 15), threaded=True)),
        ("cp312-cp312-manylinux_2_31_x86_64", place()),
        ("cp39-abi3-manylinux2014_x86_64", place()),
        ("cp313-cp313t-linux_x86_64", place(version=(3, 13), threaded=True)),
        ("py3-none-any", place(libc="")),
        ("cp312-cp312-musllinux_1_2_x86_64", place(libc="")),
        ("!cp312-cp312-manylinux_2_32_x86_64", place()),
        ("!cp311-cp311-manylinux_2_17_x86_64", place()),
        ("!cp313-abi3-manylinux_2_17_x86_64", place()),
        ("!cp39-abi3-manylinux_2_17_x86_64", place(version=(3, 13), threaded=True)),
        ("!cp312-cp312-musllinux_1_1_x86_64", place()),
        ("!cp312-cp312-manylinux_2_17_aarch64", place()),
        ("!py2-none-any", place()),
    ],
)
def test_tags_decide_as_an_installer_does(tag: str, where: TrialPlace, tmp_path: Path) -> None:
    from packaging.tags import Tag, compatible_tags, cpython_tags, generic_tags

    from diagnose.readers.wheel import reader

    name = tag.lstrip("!")
    pure = wheel(tmp_path, {"demo.py": ""})
    facts = reader.read(str(pure))._replace(tags=reader.parse_file_name(f"demo-1-{name}.whl")[3])
    assert bool(wheelhouse.fits_platform(where, facts) or wheelhouse.fits_interpreter(where, facts)) == tag.startswith(
        "!"
    )
    platforms = wheelhouse.platforms(where)
    own = f"cp{where.version[0]}{where.version[1]}" + ("t" if where.python["threaded"] else "")
    known = {*cpython_tags(where.version, [own], platforms)}
    if where.python["name"] == "pypy":
        own = f"pp{where.version[0]}{where.version[1]}"
        known = {*generic_tags(own, ["pypy311_pp73"], platforms)}
    known |= {*compatible_tags(where.version, own.rstrip("t"), platforms)}
    assert (Tag(*name.split("-")) in known) == (not tag.startswith("!")), "packaging agrees"


def test_every_format_says_what_happened(tmp_path: Path) -> None:
    fine = wheel(tmp_path, {"fine.py": ""}, "fine")
    broken = wheel(tmp_path, {"broken.py": "raise RuntimeError('what a pity')"}, "broken")
    absent = tmp_path / "absent-1-py3-none-any.whl"
    done = run("--format", "github", fine, broken, absent)
    assert done.returncode == 2
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"::error title=unknown-failure::{broken.name}: broken cannot be imported%0A")
    assert "RuntimeError: what a pity" in lines[0]
    assert lines[1].startswith("::error title=unreadable input::") and "No such file" in lines[1]
    assert lines[2] == "3 trials: 1 ok, 1 failed, cause unknown, 1 unreadable; 1 error"
    done = run("--format", "markdown", fine, broken)
    assert done.returncode == 1
    assert f"| ✅ | `{fine.name}` | imported fine | ok |" in done.stdout
    assert "- `broken`: RuntimeError: what a pity" in done.stdout
    done = run("--format", f"junit={tmp_path / 'report.xml'}", "--fail-on", "never", fine, broken)
    assert done.returncode == 0
    suites = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert [suite.get("name") for suite in suites] == [fine.name, broken.name]
    assert (suites.get("failures"), suites.get("errors")) == ("0", "0")


def test_a_cause_that_wheel_foretells_is_the_finding() -> None:
    _loads()
    done = run("--format", "github", OTHER)
    assert done.returncode == 1
    assert done.stdout.startswith(f"::error title=wheel-rpath::{OTHER.name}: does not find libsndfile-1c2d3e4f.so.1")


def test_settings_that_make_sense_are_read(tmp_path: Path) -> None:
    broken = wheel(tmp_path, {"broken.py": "raise RuntimeError"}, "broken")
    settings = tmp_path / "diagnose.toml"
    settings.write_text('fail-on = "never"\nformat = "json"\nselect = ["pc-missing"]\n')
    done = run(broken, cwd=tmp_path)
    assert done.returncode == 0 and json.loads(done.stdout)["tried"][0]["outcome"] == "failed"
    assert run("--isolated", broken, cwd=tmp_path).returncode == 1
    assert run("--fail-on", "error", "--format", "text", broken, cwd=tmp_path).stdout.startswith("✗ broken-1")
    settings.write_text('format = "sarif"\n')  # for the other commands
    assert run(broken, cwd=tmp_path).stdout.startswith("✗ broken-1")
    done = run("--format", "sarif", broken, cwd=tmp_path)
    assert done.returncode == 2 and "'sarif' is not one of 'text', 'json'" in done.stderr


def test_what_mmdebstrap_lacks_without_root_is_named(tmp_path: Path) -> None:
    said = "E: unable to pick chroot mode automatically (use --mode for manual selection)"
    tool = tmp_path / "mmdebstrap"
    tool.write_text(f"#!/bin/sh\necho $* > {tmp_path}/words\necho '{said}' >&2\nexit 25\n")
    tool.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(tmp_path)}
    words = [*TRY, "--offline", "--release", "trixie", str(wheel(tmp_path, {"demo.py": ""}))]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert "without root it needs the package uidmap" in done.stdout
    assert (tmp_path / "words").read_text().endswith(' "$1/etc/apt/sources.list" trixie -\n')
    assert not [path for path in (tmp_path / "diagnose/roots").iterdir() if path.suffix != ".lock"]
