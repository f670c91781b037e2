"""``diagnose run`` is the command that it runs, to whoever started it; and it explains a failure."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from diagnose.readers.system.machine import this_machine

if sys.platform == "win32":
    pytest.skip("signals and process groups", allow_module_level=True)

ROOT = Path(__file__).parents[2]
LOG = ROOT / "fixtures" / "logs" / "real" / "linking" / "cmake-cc-missing.log"
RUN = [sys.executable, "-m", "diagnose", "run"]


def run(*command: str, options: tuple[str, ...] = (), **more: object) -> subprocess.CompletedProcess[str]:
    words = [*RUN, *options, "--", *command]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, **more)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("script", "status"),
    [("exit 0", 0), ("exit 1", 1), ("exit 101", 101), ("exit 255", 255), ("kill -9 $$", 137), ("kill -11 $$", 139)],
)
def test_status(script: str, status: int) -> None:
    result = run("sh", "-c", script)
    assert (result.returncode, result.stdout) == (status, "")
    assert (result.stderr == "") == (status == 0)


def test_commands_that_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "no-run-bit").write_text("#!/bin/sh\n")
    (tmp_path / "bad").write_bytes(b"\x7fELF\0\0")
    (tmp_path / "bad").chmod(0o755)
    (tmp_path / "lost").write_text("#!/no/such/interpreter\n")
    (tmp_path / "lost").chmod(0o755)
    for command, status in (
        ("no-such-command", 127),
        (str(tmp_path / "no-such"), 127),
        (str(tmp_path / "no-run-bit"), 126),
        (str(tmp_path), 126),
        (str(tmp_path / "bad"), 126),
        (str(tmp_path / "lost"), 126),
    ):
        result = run(command)
        assert (result.returncode, result.stdout) == (status, ""), command
        assert result.stderr.startswith(f"diagnose: {command}: ")
        assert result.stderr.count("\n") == 1


def test_output_passes_through_unchanged_and_apart(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    (tmp_path / "data").write_bytes(data)
    done = subprocess.run([*RUN, "sh", "-c", "cat data; cat data >&2"], capture_output=True, cwd=tmp_path, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, data, data)


def test_output_passes_through_as_it_comes() -> None:
    started = subprocess.Popen([*RUN, "--", "sh", "-c", "printf first; read line; echo $line"], stdin=-1, stdout=-1)
    assert started.stdin is not None and started.stdout is not None
    assert started.stdout.read(5) == b"first"  # before the line's end, and before the command's
    started.stdin.write(b"second\n")
    started.stdin.close()
    assert started.stdout.read() == b"second\n"
    started.stdout.close()
    assert started.wait(20) == 0


def test_a_failure_is_explained_on_standard_error() -> None:
    result = run("sh", "-c", f"cat {LOG} >&2; exit 101")
    assert (result.returncode, result.stdout) == (101, "")
    said = result.stderr.partition("\ndiagnose: ")[2]
    assert said.startswith(f"`sh -c 'cat {LOG} >&2; exit 101'` failed with exit status 101\n")
    assert "error[host-cc-missing]" in said


def test_success_is_not_explained() -> None:
    assert run("cat", str(LOG)).stderr == ""


def test_both_outputs_are_read_together(tmp_path: Path) -> None:
    lines = LOG.read_text().splitlines(keepends=True)
    script = "".join(f"printf %s {line!r} >&{1 + number % 2}; sleep 0.05\n" for number, line in enumerate(lines))
    (tmp_path / "script").write_text(f"{script}exit 2\n")
    result = run("bash", "script", cwd=tmp_path)
    assert result.returncode == 2
    assert "error[host-cc-missing]" in result.stderr


def test_a_failure_of_unknown_cause_gets_no_tick() -> None:
    for script in ("exit 1", "echo fine; exit 1", "echo 'Finished release profile'; exit 1"):
        result = run("sh", "-c", script)
        assert result.returncode == 1
        assert "failed with exit status 1" in result.stderr
        assert "✓" not in result.stderr
        report = json.loads(run("sh", "-c", script, options=("--format", "json")).stderr)
        assert report["subjects"][0]["outcome"] == "failed-unknown-cause"


def started(*command: str, **more: object) -> subprocess.Popen[str]:
    words = [*RUN, "--", *command]
    process = subprocess.Popen(words, stdout=-1, stderr=-1, text=True, **more)  # type: ignore[call-overload]
    assert process.stdout.readline() == "ready\n"
    return process  # type: ignore[no-any-return]


def sleeping(seconds: str) -> list[int]:
    found = subprocess.run(["pgrep", "-xf", f"sleep {seconds}"], capture_output=True, text=True).stdout
    return [int(word) for word in found.split()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_reach_the_whole_group(number: signal.Signals) -> None:
    seconds = f"61.{os.getpid()}{number:d}"
    process = started("sh", "-c", f"sleep {seconds} | sleep {seconds} & echo ready; sleep {seconds}")
    while len(sleeping(seconds)) < 3:
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (out, err) == ("", "")  # whoever stopped it knows why
    assert process.returncode == 128 + number
    left = sleeping(seconds)
    for one in left:
        os.kill(one, signal.SIGKILL)
    assert len(left) == (2 if number == signal.SIGINT else 0)  # sh lets its background jobs ignore SIGINT


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_stopped_hears_of_signals(number: signal.Signals) -> None:
    process = subprocess.Popen([*RUN, "--", "sh", "-c", "kill -STOP $$; exit 3"], start_new_session=True)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 20
    while not any("State:\tT" in Path(f"/proc/{one}/status").read_text() for one in children.read_text().split()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(timeout=10) == 128 + number


def test_a_command_that_handles_the_signal_keeps_its_own_status() -> None:
    process = started("sh", "-c", "trap 'echo cleaned; exit 7' TERM; echo ready; while :; do sleep 0.1; done")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (7, "cleaned\n")
    assert "diagnose" not in err  # sh may name the sleep that the signal ended


def test_a_process_left_behind_is_not_waited_for() -> None:
    begin = time.monotonic()
    result = run("sh", "-c", "(sleep 8; :) & echo out; exit 3")
    assert (result.returncode, result.stdout) == (3, "out\n")
    assert time.monotonic() - begin < 7


def test_a_reader_that_has_gone_ends_the_command() -> None:
    script = f"{' '.join(RUN)} -- yes | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("y\n141\n", "")


@pytest.mark.parametrize("source", ["yes 'a line of a log that says nothing'", "cat /dev/zero"])
def test_memory_is_bounded(source: str) -> None:
    # A process starts with its parent's peak as its own, so the one that measures is small and starts nothing else.
    measure = """if True:
        import os, sys
        _, status, usage = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
        print(os.waitstatus_to_exitcode(status), usage.ru_maxrss, file=sys.stderr)
    """
    command = [*RUN, "--", "sh", "-c", f"{source} | head -c 200M; exit 1"]
    small = subprocess.run(
        [sys.executable, "-ISc", measure, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    code, kilobytes = map(int, small.stderr.splitlines()[-1].split())
    assert code == 1
    assert kilobytes < 100_000


def test_no_terminal_unless_asked_for() -> None:
    code = "import os, sys; print(os.isatty(1), os.isatty(2)); print('x\\ny', file=sys.stderr); sys.exit(4)"
    plain, tty = (run(sys.executable, "-c", code, options=options) for options in ((), ("--tty",)))
    assert (plain.returncode, plain.stdout) == (4, "False False\n")
    assert (tty.returncode, tty.stdout) == (4, "True True\n")
    assert tty.stderr.startswith("x\ny\n")


def test_ctrl_c_at_a_terminal_reaches_the_command_once() -> None:
    """The terminal sends it to all: the command counts how often it came, and is asked again 0.5 s later."""
    import pty

    code = (
        "import signal, sys, time\n"
        "seen = []\n"
        "signal.signal(signal.SIGINT, lambda *_: seen.append(1))\n"
        "print('ready', flush=True)\n"
        "end = time.monotonic() + 20\n"
        "while not seen and time.monotonic() < end: time.sleep(0.05)\n"
        "time.sleep(0.5)\n"
        "print('seen', len(seen), flush=True)\n"
        "sys.exit(5)\n"
    )
    process, terminal = pty.fork()
    if not process:
        os.execv(sys.executable, [*RUN, "--", sys.executable, "-c", code])
    out = b""
    while b"ready" not in out:
        out += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    try:
        while part := os.read(terminal, 1000):
            out += part
    except OSError:
        pass
    assert b"seen 1" in out
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 5
    os.close(terminal)


def test_without_memory_for_threads_the_command_still_runs() -> None:
    code = (
        "import threading\n"
        'def start(self): raise RuntimeError("can\'t start new thread")\n'
        "threading.Thread.start = start\n"
        "from diagnose.cli import fast\n"
        "fast.main()\n"
    )
    words = [sys.executable, "-c", code, "run", "--", "sh", "-c", "echo out; exit 3"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (3, "out\n")
    assert done.stderr.splitlines()[-1] == "diagnose: not enough memory to explain it"


def test_what_this_machine_builds_is_installed_with_this_machines_package_manager(tmp_path: Path) -> None:
    if this_machine().distro.family != "debian":
        pytest.skip("needs Debian or a derivative")
    log = ROOT / "fixtures" / "logs" / "composed" / "crates" / "netcdf-not-found.log"
    for name in ("cargo", "builder"):  # who knows where the other one builds
        (tmp_path / name).write_text(f"#!/bin/sh\ncat {log}\nexit 101\n")
        (tmp_path / name).chmod(0o755)
    assert "dnf install" not in run(str(tmp_path / "cargo"), "build").stderr
    assert "dnf install" in run(str(tmp_path / "builder")).stderr
