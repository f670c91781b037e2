"""Real processes in real trouble: one line, a documented exit code, no traceback, no hang, no process left behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from diagnose.cli import workers

if sys.platform == "win32":
    pytest.skip("signals, limits and /proc", allow_module_level=True)

ROOT = Path(__file__).parents[2]
PATH = os.pathsep.join([str(ROOT), str(ROOT / "checks")])
WHEELS = ROOT / "fixtures" / "wheels"
LOG = ROOT / "fixtures" / "logs" / "real" / "linking" / "cmake-cc-missing.log"
HEALTHY = next(WHEELS.glob("healthy_abi3-*.whl"))
BROKEN = next(WHEELS.glob("wheel_glibc_too_new-1-*.whl"))
DIAGNOSE = f"{sys.executable} -m diagnose"
DOOR = f"{sys.executable} -c 'from diagnose.cli.fast import main; main()'"


def shell(script: str, cwd: Path = ROOT, **environ: str | None) -> subprocess.CompletedProcess[str]:
    """Run *script*, in which $D is the command; None in *environ* removes a variable."""
    wanted = {**os.environ, "D": DIAGNOSE, "PYTHONPATH": PATH, **environ}
    env = {name: value for name, value in wanted.items() if value is not None}
    return subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, errors="replace", timeout=60, cwd=cwd, env=env
    )


def calm(result: subprocess.CompletedProcess[str], lines: int = 1) -> None:
    """Assert that standard error has at most *lines* lines, and nothing a traceback has."""
    assert "Traceback" not in result.stderr + result.stdout
    assert "internal error:" not in result.stderr + result.stdout
    assert result.stderr.count("\n") <= lines, result.stderr


COMMANDS = [
    "--help",
    "--version",
    "wheel --help",
    f"wheel {HEALTHY}",
    f"wheel {HEALTHY} {BROKEN}",
    "env --lib alsa",
    "env --lib alsa --fix-format sh",
    f"log {LOG}",
    "explain",
    "explain pc-missing",
    "targets",
    "targets armhf",
    f"run -- cat {LOG}",
]


@pytest.mark.parametrize("command", [*COMMANDS, "undo"])
def test_full_standard_output(command: str, tmp_path: Path) -> None:
    result = shell(f"$D {command} > /dev/full", XDG_STATE_HOME=str(tmp_path))
    assert (result.returncode, result.stderr) == (2, "diagnose: standard output: No space left on device\n")


@pytest.mark.parametrize("command", [*COMMANDS[:-1], "undo"])
def test_closed_standard_output(command: str, tmp_path: Path) -> None:
    result = shell(f"$D {command} >&-", XDG_STATE_HOME=str(tmp_path))
    assert (result.returncode, result.stderr) == (2, "diagnose: standard output is closed\n")


@pytest.mark.parametrize("command", [*COMMANDS, "nonsense", f"run -- sh -c 'cat {LOG}; exit 9'"])
def test_closed_standard_error_changes_nothing(command: str) -> None:
    plain, closed, full = shell(f"$D {command}"), shell(f"$D {command} 2>&-"), shell(f"$D {command} 2>/dev/full")
    assert (closed.returncode, closed.stdout) == (plain.returncode, plain.stdout) == (full.returncode, full.stdout)


@pytest.mark.parametrize("command", ["log -", "wheel -"])
def test_closed_standard_input(command: str) -> None:
    result = shell(f"$D {command} <&-")
    assert (result.returncode, result.stdout) == (2, "✗ standard input is closed\n")


def test_everything_closed() -> None:
    assert shell(f"$D wheel {HEALTHY} <&- >&- 2>&-").returncode == 2


@pytest.mark.parametrize("command", COMMANDS[:-1])
def test_a_reader_that_has_gone_does_not_change_the_exit_code(command: str) -> None:
    expected = shell(f"$D {command}").returncode
    result = shell(f"$D {command} | true; echo ${{PIPESTATUS[0]}}")
    assert (result.stdout, result.stderr) == (f"{expected}\n", "")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("command", [*COMMANDS, f"run -- sh -c 'cat {LOG}; exit 9'", "nonsense-✓"])
def test_small_character_sets(command: str, encoding: str) -> None:
    plain = shell(f"$D {command} 2>&1 | cat -v", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    result = shell(f"$D {command} 2>&1 | iconv -f {encoding} -t utf-8", PYTHONIOENCODING=encoding, LC_ALL="C")
    calm(result, 0)
    assert plain.returncode == result.returncode == 0
    assert "\\u2713" not in result.stdout or command.startswith("nonsense")


def test_a_script_of_fixes_is_never_changed_by_the_character_set(tmp_path: Path) -> None:
    project = tmp_path / "grün"
    project.mkdir()
    for command in ("env --lib alsa --target armhf --fix-format sh", "env --lib alsa --target armhf --diff"):
        plain = shell(f"$D {command}", cwd=project)
        assert shell(f"$D {command}", cwd=project, PYTHONIOENCODING="ascii").stdout == plain.stdout != ""


@pytest.mark.parametrize("files", [4, 5, 6, 8, 10, 12, 16, 20])
def test_few_file_descriptors(files: int) -> None:
    result = shell(f"ulimit -n {files}; $D wheel {WHEELS} -q")
    if "Error processing line" not in result.stderr:  # by a .pth file of the environment, before the first line of ours
        calm(result)
    if files >= 8:
        assert (result.returncode, result.stdout) == (1, shell(f"$D wheel {WHEELS} -q").stdout)


@pytest.mark.parametrize("kilobytes", [30_000, 40_000, 50_000, 70_000, 100_000])
def test_little_memory(kilobytes: int) -> None:
    # Compiled modules, because CPython's compiler answers a lack of memory with errors of other kinds.
    assert shell(f"$D wheel {HEALTHY} -q", PYTHONDONTWRITEBYTECODE=None).returncode == 0
    result = shell(f"ulimit -v {kilobytes}; $D wheel {WHEELS} -q", PYTHONDONTWRITEBYTECODE=None)
    calm(result) if result.returncode not in (1, 127) or result.stdout else None  # Python itself may not start
    assert result.returncode in (1, 2, 127, 134)


def children(process: int) -> list[int]:
    paths = Path(f"/proc/{process}/task").glob("*/children")
    return [int(word) for path in paths for word in path.read_text().split()]


def alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


SLOW = """
import os, sys, time
from diagnose.readers.wheel import reader as wheel
read = wheel.read
def slow(path, **options):
    if "healthy" in path:
        time.sleep(float(os.environ.get("SLOW", "0.3")))
    return read(path, **options)
wheel.read = slow
from diagnose.cli import fast
fast.main()
"""


def parallel(folder: Path, slow: str, *args: str) -> tuple[subprocess.Popen[str], list[int]]:
    """Start an inspection of *folder* that takes a while, and return it with its workers."""
    command = [sys.executable, "-c", SLOW, "wheel", str(folder), *args]
    started = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SLOW": slow, "PYTHONPATH": PATH},
        preexec_fn=_heed,
    )
    deadline = time.monotonic() + 20
    while not (workers := children(started.pid)):
        assert time.monotonic() < deadline and started.poll() is None
        time.sleep(0.01)
    return started, workers


def _heed() -> None:
    """Undo what nohup, or a shell for jobs in its background, lets every process below it inherit."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


needs_cores = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one worker only")


@pytest.fixture
def twenty(tmp_path: Path) -> Path:
    """A folder with twenty wheels, of which two are broken."""
    for number in range(18):
        parts = HEALTHY.name.split("-")
        shutil.copy(HEALTHY, tmp_path / "-".join([parts[0], parts[1], f"{number}x", *parts[2:]]))
    shutil.copy(BROKEN, tmp_path)
    shutil.copy(next(WHEELS.glob("wheel_libc_mismatch-1-*.whl")), tmp_path)
    return tmp_path


@pytest.mark.parametrize("which", ["one", "all"])
def test_killed_workers_lose_nothing(twenty: Path, which: str) -> None:
    expected = shell(f"$D wheel {twenty}")
    started, workers = parallel(twenty, "0.1")
    time.sleep(0.3)
    for worker in workers[: 1 if which == "one" else None]:
        os.kill(worker, signal.SIGKILL)
    out, err = started.communicate(timeout=60)
    assert (started.returncode, out, err) == (1, expected.stdout, "")


@pytest.mark.parametrize("deadly", [(0, 1), (7, 40, 41, 199), range(0, 200, 20), (5,), ()])
def test_other_workers_go_on_where_all_were_killed(deadly: Sequence[int]) -> None:
    def process(number: int) -> int:
        if number in deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return os.getpid()

    answers = list(workers.run(process, range(200), 2))
    lost = [number for number, answer in enumerate(answers) if answer == workers.LostWorker("killed by SIGKILL")]
    assert lost == [*deadly]
    assert len({answer for answer in answers if isinstance(answer, int)}) <= 2 + 3 * len(deadly)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGHUP])
def test_workers_end_with_their_parent(twenty: Path, number: signal.Signals) -> None:
    started, workers = parallel(twenty, "30")
    time.sleep(0.2)
    workers = children(started.pid) or workers
    started.send_signal(number)
    ends(started, workers, number)


def ends(started: subprocess.Popen[str], workers: list[int], number: signal.Signals) -> None:
    """Wait for the process that got the signal *number*, and its workers."""
    out, err = started.communicate(timeout=20)
    assert (out, err) == ("", "")
    assert started.returncode == (130 if number == signal.SIGINT else -number)
    deadline = time.monotonic() + 5
    try:
        while any(map(alive, workers)):
            assert time.monotonic() < deadline, "a worker is left"
            time.sleep(0.05)
    finally:
        for worker in filter(alive, workers):
            os.kill(worker, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process is killed while it is stopped")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("which", ["one", "all"])
def test_stopped_workers_end_with_their_parent(twenty: Path, number: signal.Signals, which: str) -> None:
    started, workers = parallel(twenty, "30")
    time.sleep(0.3)
    workers = children(started.pid) or workers
    for worker in workers[: 1 if which == "one" else None]:
        os.kill(worker, signal.SIGSTOP)
    started.send_signal(number)
    ends(started, workers, number)


CUT = """
import os, sys
from diagnose.readers.wheel import archive
opened = archive.open_archive
def cut(data, name):
    if "healthy" in name:
        os.truncate(os.environ["CUT"], 0)
    return opened(data, name)
archive.open_archive = cut
from diagnose.cli import fast
fast.main()
"""


@pytest.mark.parametrize("size", [0, 9 << 20])
@pytest.mark.parametrize("others", [[], [BROKEN]])
def test_a_wheel_that_is_cut_off_while_it_is_read(size: int, others: list[Path], tmp_path: Path) -> None:
    """A large one is mapped into memory: reading what is gone kills the process. A small one is in memory by then."""
    victim = tmp_path / HEALTHY.name
    shutil.copy(HEALTHY, victim)
    with zipfile.ZipFile(victim, "a", zipfile.ZIP_STORED) as archive:
        if size:
            archive.writestr("padding", bytes(size))
    command = [sys.executable, "-c", CUT, "wheel", "--format", "json", *map(str, (victim, *others))]
    environ = {**os.environ, "CUT": str(victim), "PYTHONPATH": PATH}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environ)
    subject, *rest = json.loads(done.stdout)["subjects"]
    assert done.stderr == ""
    if size:
        assert done.returncode == 2
        assert subject["error"] == f"{HEALTHY.name}: is empty"  # the second time, alone
    else:
        assert (done.returncode, subject["error"], subject["findings"]) == (len(others), None, [])
    assert [bool(one["findings"]) for one in rest] == [True] * len(others)


def test_deleted_working_directory(tmp_path: Path) -> None:
    for command, code in (
        (f"wheel {HEALTHY} {BROKEN}", 1),
        ("wheel dist", 2),
        ("wheel 'dist/*.whl'", 2),
        (f"log {LOG}", 1),
        ("env --lib alsa", 2),
        ("explain pc-missing", 0),
        ("targets", 0),
        ("run -- true", 0),
        ("run -- sh -c 'exit 3'", 3),
    ):
        result = shell(f'mkdir gone; cd gone; rmdir "$PWD"; exec {DOOR} {command}', cwd=tmp_path)
        assert result.returncode == code, (command, result)
        calm(result, 20)  # sh reports such a folder itself, and `run` explains the failure


def test_read_only_working_directory(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    for command, code in ((f"wheel {HEALTHY} {BROKEN}", 1), (f"log {LOG}", 1), ("env", 0), (f"wheel - < {HEALTHY}", 0)):
        assert shell(f"$D {command}", cwd=tmp_path).returncode == code


@pytest.mark.parametrize(
    "variables", [{"HOME": None, "TMPDIR": None}, {"HOME": "/nonexistent", "TMPDIR": "/nonexistent"}]
)
def test_no_home_and_no_folder_for_temporary_files(variables: dict[str, str | None]) -> None:
    for command, code in (
        (f"wheel {HEALTHY} {BROKEN}", 1),
        (f"wheel - < {HEALTHY}", 0),
        (f"log {LOG}", 1),
        ("env", None),  # what is there depends on HOME
        ("explain", 0),
        ("targets", 0),
        ("undo", 0),
        ("run -- true", 0),
    ):
        result = shell(f"$D {command}", **variables)
        calm(result)
        assert result.returncode == code or (code is None and result.returncode in (0, 1)), (command, result)


ELSEWHERE = """
import os, multiprocessing, select, signal, subprocess, sys, tempfile, typer, rich.console
for name in ("uname", "sched_getaffinity", "fork", "geteuid", "getuid", "getpgrp", "setpgrp", "killpg", "tcgetpgrp"):
    vars(os).pop(name, None)
for name in ("poll", "epoll"):
    vars(select).pop(name, None)
for name in ("SIGALRM", "SIGHUP", "SIGQUIT", "SIGWINCH", "setitimer"):
    vars(signal).pop(name, None)
for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_DIRECTORY", "O_NONBLOCK", "fchmod", "chown", "getpgid", "setsid", "openpty"):
    vars(os).pop(name, None)
for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"):
    sys.modules[name] = None  # importing it raises ImportError
sys.platform = "win32"
from diagnose.cli import fast
fast.main()
"""


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (f"wheel {HEALTHY} {BROKEN}", 1),
        (f"log {LOG}", 1),
        ("explain", 0),
        ("targets", 0),
        ("undo", 2),
        (f"compare {HEALTHY} {BROKEN}", 1),
        ("completion bash", 0),
        ("config", 0),
        ("workflow ROOT", 2),  # which has none
        (f"try {HEALTHY}", 2),
        (f"wheel --apply --out-dir ROOT/out {BROKEN}", 0),
        ("wheel --elf ROOT/bin", 0),
        (f"wheel --format html=ROOT/a.html --format jsonl=ROOT/a.jsonl --format markdown {HEALTHY} {BROKEN}", 1),
        (f"wheel --write-baseline ROOT/known.json --statistics {BROKEN}", 0),
        ("run -- sh -c 'echo out; exit 3'", 3),
        pytest.param(
            "run -- nosuch-program",
            127,
            marks=pytest.mark.skipif(sys.version_info >= (3, 12), reason="shutil.which asks Windows itself"),
        ),
        ("env", 2),
        ("env --root ROOT --lib alsa --target aarch64-unknown-linux-gnu", 1),
        ("env --root ROOT --lib alsa", 1),
    ],
)
def test_hosts_without_what_unix_has(command: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    for program in ("bin/sh", "usr/bin/dpkg"):
        (tmp_path / program).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("/bin/true", tmp_path / program)
    script = command.replace("ROOT", str(tmp_path))
    # The character set of a western Windows: it lacks arrows, ticks and the lines of tables.
    variables = {"CODE": ELSEWHERE, "XDG_STATE_HOME": str(tmp_path), "PYTHONIOENCODING": "cp1252"}
    result = shell(f'{sys.executable} -c "$CODE" {script}', **variables)
    assert result.returncode == code, result
    calm(result, 20 if command.startswith(("run", "wheel --apply", "wheel --write", "try", "undo")) else 0)
    if command == "env":
        assert result.stdout.count("\n") == 1 and "--root" in result.stdout


BROKEN_CHECK = """
from diagnose_checks.wheel import wheel_rpath
def wheel(facts):
    raise KeyError("line one\\nline two \\x1b[31m")
wheel_rpath.wheel = wheel
from diagnose.cli import fast
fast.main()
"""
BROKEN_READER = """
from diagnose.readers.wheel import reader as wheel
read = wheel.read
def broken(path, **options):
    if "healthy" in path:
        raise TypeError("a bug")
    return read(path, **options)
wheel.read = broken
from diagnose.cli import fast
fast.main()
"""


@pytest.mark.parametrize("extra", ["", "--traceback"])
def test_a_bug_in_a_check_costs_that_check_only(extra: str) -> None:
    result = shell(f'{sys.executable} -c "$CODE" wheel --format json {extra} {HEALTHY} {BROKEN}', CODE=BROKEN_CHECK)
    assert result.returncode == 2
    healthy, broken = json.loads(result.stdout)["subjects"]
    assert [found["check"] for found in healthy["findings"]] == ["internal-error"]
    assert [found["check"] for found in broken["findings"]] == ["internal-error", "wheel-glibc-too-new"]
    found = healthy["findings"][0]
    assert "wheel-rpath" in found["message"] and "KeyError" in found["evidence"][0]["detail"]
    assert "wheel-rpath" not in healthy["passed"]
    assert result.stderr.count("Traceback (most recent call last):") == (2 if extra else 0)
    text = shell(f'{sys.executable} -c "$CODE" wheel {HEALTHY}', CODE=BROKEN_CHECK)
    assert text.returncode == 2 and text.stderr == ""
    assert "✓" not in text.stdout and "\x1b" not in text.stdout and "report" in text.stdout


def test_a_bug_in_a_reader_costs_that_input_only() -> None:
    result = shell(f'{sys.executable} -c "$CODE" wheel -q {HEALTHY} {BROKEN}', CODE=BROKEN_READER)
    assert (result.returncode, result.stderr) == (2, "")
    first, second, *_ = result.stdout.splitlines()
    assert re.fullmatch(rf"✗ {HEALTHY.name}: internal error: TypeError: a bug; please report it at .*", first)
    assert second.lstrip().startswith("error[wheel-glibc-too-new]")


def test_a_bug_elsewhere_is_one_line() -> None:
    code = "from diagnose.cli import fast, help_page\nhelp_page.help_page = None\nfast.main()"
    result = shell(f'{sys.executable} -c "$CODE" --help', CODE=code)
    assert result.returncode == 2
    assert result.stderr.startswith("diagnose: internal error: TypeError: ") and result.stderr.count("\n") == 1
    assert "Traceback" in shell(f'{sys.executable} -c "$CODE" --help --traceback', CODE=code).stderr


def test_internal_error_is_explained() -> None:
    assert "--traceback" in shell("$D explain internal-error").stdout
