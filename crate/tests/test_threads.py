"""Many threads at once: each gets its own samples and errors, one starts a stream, none starts one too late.

With a GIL they meet wherever ALSA is busy; the free-threaded interpreter lets them meet everywhere.
"""

from __future__ import annotations

import array
import os
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

import alsastream

THREADS = 8
Result = TypeVar("Result")


def at_once(function: Callable[[int], Result]) -> list[Result]:
    """Call a function with the number of its thread, on all threads at the same time."""
    barrier = threading.Barrier(THREADS)

    def call(number: int) -> Result:
        barrier.wait()
        return function(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(call, range(THREADS)))


def run(script: str) -> tuple[int, str, str]:
    """Run a script, for which every warning is an error, as it would run without this test's environment."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHON_GIL"}
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=10, check=False)
    return done.returncode, done.stdout, done.stderr


def test_import_leaves_the_gil_as_it_is() -> None:
    gil = not sysconfig.get_config_var("Py_GIL_DISABLED")
    script = "import alsastream, sys; print(getattr(sys, '_is_gil_enabled', lambda: True)())"
    assert run(script) == (0, f"{gil}\n", "")


def test_blocks_do_not_mix(tmp_path: Path) -> None:
    def play(number: int) -> None:
        for _ in range(5):
            samples = array.array("h", [number]) * 20_000
            file = tmp_path / f"{number}.raw"
            alsastream.play(samples, pcm=f"file:{file},raw", channels=1)
            assert array.array("h", file.read_bytes()) == samples
            assert alsastream.record(20_000, pcm="null", channels=1) == bytes(40_000)
            assert "null" in [name.name for name in alsastream.pcm_names()]

    at_once(play)


def test_one_buffer_may_be_played_and_changed(tmp_path: Path) -> None:
    buffer = bytearray(2 * 20_000)

    def use(number: int) -> None:
        file = tmp_path / f"{number}.raw"
        for _ in range(5):
            buffer[:] = bytes([number]) * len(buffer)
            alsastream.play(buffer, pcm=f"file:{file},raw", channels=1)
            assert len(file.read_bytes()) == len(buffer)

    at_once(use)


def test_streams_do_not_mix(tmp_path: Path) -> None:
    def play(number: int) -> None:
        left = 10

        def callback(frames: int) -> array.array[int]:
            nonlocal left
            left -= 1
            return array.array("h", [number]) * (frames if left else 0)

        file = tmp_path / f"{number}.raw"
        with alsastream.Playback(callback, pcm=f"file:{file},raw", channels=1) as stream:
            stream.join()
        assert array.array("h", file.read_bytes()) == array.array("h", [number]) * stream.frames

    at_once(play)


def test_one_start_of_many_opens_the_pcm(tmp_path: Path) -> None:
    file = tmp_path / "out.raw"
    for _ in range(20):
        left = 10

        def callback(frames: int) -> bytes:
            nonlocal left
            left -= 1
            return b"12" * (frames if left else 0)

        stream = alsastream.Playback(callback, pcm=f"file:{file},raw", channels=1)

        def start(number: int, stream: alsastream.Playback = stream) -> bool:
            try:
                stream.start()
            except RuntimeError:
                return False
            return True

        assert sum(at_once(start)) == 1
        stream.join()
        assert file.read_bytes() == b"12" * stream.frames  # to open it again would have emptied it


def test_others_see_a_start_that_takes_long(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    stream = alsastream.Playback(lambda frames: b"", pcm=f"file:{fifo},raw")
    starter = threading.Thread(target=stream.start)
    starter.start()  # until somebody reads
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            assert stream.join(0.05) is False
            break
        except RuntimeError:  # its thread has not come so far
            time.sleep(0.001)
    assert not stream.active
    with pytest.raises(RuntimeError, match="only once"):
        stream.start()
    with fifo.open("rb") as reader:
        starter.join()
        assert stream.join()
        assert reader.read() == b""


def test_one_of_many_hears_of_the_error() -> None:
    for _ in range(20):
        stream = alsastream.Playback(lambda frames: bytes(1 // 0), pcm="null")
        stream.start()

        def join(number: int, stream: alsastream.Playback = stream) -> bool:
            try:
                stream.join()
            except ZeroDivisionError:
                return True
            return False

        assert sum(at_once(join)) == 1


def test_every_error_goes_to_its_stream() -> None:
    def use(number: int) -> None:
        for round_ in range(10):

            def callback(block: bytes, words: str = f"{number} {round_}") -> None:
                raise ValueError(words)

            stream = alsastream.Capture(callback, pcm="null")
            stream.start()
            with pytest.raises(ValueError, match=f"^{number} {round_}$"):
                stream.join()

    at_once(use)


def test_stream_is_not_started_while_the_interpreter_exits() -> None:
    assert run("""
import atexit

@atexit.register
def last():
    try:
        alsastream.Capture(lambda block: None, pcm="null").start()
    except RuntimeError as error:
        print(error)

import alsastream
""") == (0, "no stream starts any more: the interpreter exits\n", "")


def test_interpreter_exits_while_threads_start_streams() -> None:
    assert run("""
import alsastream, threading

started = threading.Event()

def start():
    while True:
        try:
            alsastream.Playback(lambda frames: bytes(4 * frames), pcm="null").start()
        except RuntimeError:
            return
        started.set()

for _ in range(4):
    threading.Thread(target=start, daemon=True).start()
started.wait()
""") == (0, "", "")


@pytest.mark.parametrize("isolated", [True, False])
def test_subinterpreters_are_refused(isolated: bool) -> None:
    code, stdout, stderr = run(f"""
try:
    import _interpreters
    name = _interpreters.create({"isolated" if isolated else "legacy"!r})
except ImportError:  # before Python 3.13
    import _xxsubinterpreters as _interpreters
    name = _interpreters.create(isolated={isolated})

_interpreters.run_string(name, '''
try:
    import alsastream
except ImportError as error:
    print(error, flush=True)
''')
""")
    assert (code, stderr) == (0, "")
    assert stdout in (
        "module alsastream._native does not support loading in subinterpreters\n",  # Python's own words
        "alsastream works in the main interpreter only\n",
    )
