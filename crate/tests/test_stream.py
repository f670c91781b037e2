"""Streams: what the callback gives is played, what it raises surfaces, and the end always comes."""

from __future__ import annotations

import array
import gc
import io
import subprocess
import sys
import threading
import time
import wave
import weakref
from pathlib import Path

import pytest

import alsastream

RATE = 48_000
# Long enough for a busy machine not to make an xrun of its own, as a rule.
PERIOD = 2400
BUFFER = 4 * PERIOD / RATE


def silence(frames: int) -> bytes:
    """Stereo, 16 bits."""
    return bytes(4 * frames)


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=10, check=False)


def test_plays_what_the_callback_returns(tone: array.array[int], tmp_path: Path) -> None:
    source, copy = tmp_path / "source.wav", tmp_path / "copy.wav"
    with wave.open(str(source), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(tone)
    with (
        wave.open(str(source)) as file,
        alsastream.Playback(file.readframes, pcm=f"file:{copy},wav", channels=1, rate=RATE) as stream,
    ):
        assert stream.join()
        assert not stream.active
        assert stream.frames == RATE
    assert copy.read_bytes() == source.read_bytes()


def test_callback_gets_what_is_recorded(steady: str) -> None:
    recorded = io.BytesIO()
    with wave.open(recorded, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        with alsastream.Capture(file.writeframes, pcm=steady, channels=1, period=PERIOD) as stream:
            time.sleep(0.2)
        assert file.getnframes() == stream.frames >= 0.1 * RATE
    recorded.seek(0)
    with wave.open(recorded) as file:
        assert array.array("h", file.readframes(RATE)).tolist() == list(range(stream.frames))


def test_callback_runs_on_one_thread_of_its_own(steady: str) -> None:
    seen = set()
    local = threading.local()

    def callback(frames: int) -> bytes:
        seen.add(threading.get_ident())
        local.calls = getattr(local, "calls", 0) + 1
        return silence(frames) if local.calls < 5 else b""

    with alsastream.Playback(callback, pcm=steady) as stream:
        stream.join()
    assert len(seen) == 1
    assert threading.get_ident() not in seen


def test_exception_of_the_callback_surfaces_once() -> None:
    stream = alsastream.Playback(lambda frames: bytes(1 // 0), pcm="null")
    stream.start()
    with pytest.raises(ZeroDivisionError):
        stream.join()
    assert stream.join()
    with pytest.raises(ZeroDivisionError), alsastream.Capture(lambda block: 1 // 0, pcm="null") as capture:
        while capture.active:
            time.sleep(0.001)


def test_exception_of_the_body_is_not_replaced() -> None:
    with pytest.raises(KeyError), alsastream.Playback(silence, pcm="null") as stream:
        raise KeyError
    assert not stream.active


def test_exception_that_nobody_waits_for_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: reported.append(str(unraisable.exc_value)))
    stream = alsastream.Playback(lambda frames: b"half", pcm="null", format="f32")
    stream.start()
    while stream.active:
        time.sleep(0.001)
    assert not reported
    del stream
    assert reported == ["4 bytes are not whole frames of 8 bytes"]


@pytest.mark.parametrize("block", [b"abc", None, array.array("d", [0])])
def test_block_must_be_samples(block: object) -> None:
    stream = alsastream.Playback(lambda frames: block, pcm="null")  # type: ignore[arg-type,return-value]
    stream.start()
    with pytest.raises((TypeError, ValueError)):
        stream.join()


def test_late_callback_makes_an_xrun_and_the_stream_goes_on(steady: str) -> None:
    calls = 0

    def late(frames: int) -> bytes:
        nonlocal calls
        calls += 1
        if calls == 6:
            time.sleep(2 * BUFFER)
        return silence(frames) if calls <= 8 else b""

    with alsastream.Playback(late, pcm=steady, period=PERIOD) as stream:
        stream.join()
    assert stream.frames == 8 * PERIOD
    assert stream.xruns >= 1  # a machine that stands still for as long adds one of its own


def test_late_end_is_an_end(steady: str) -> None:
    def late(frames: int) -> bytes:
        if stream.frames < 8 * 480:
            return silence(frames)
        time.sleep(0.1)
        return b""

    stream = alsastream.Playback(late, pcm=steady, period=480)
    with stream:
        stream.join()
    assert stream.frames == 8 * 480


def test_late_reader_makes_an_xrun_and_the_stream_goes_on(steady: str) -> None:
    blocks: list[bytes] = []

    def late(block: bytes) -> None:
        blocks.append(block)
        if len(blocks) == 2:
            time.sleep(2 * BUFFER)
        if len(blocks) == 6:
            stream.stop()

    stream = alsastream.Capture(late, pcm=steady, channels=1, period=PERIOD)
    with stream:
        stream.join()
    assert stream.xruns >= 1
    assert len(blocks) == 6
    # Whatever was lost, what came after it is whole again.
    last = array.array("h", blocks[-1])
    assert last[0] % PERIOD == 0
    assert last.tolist() == list(range(last[0], last[0] + PERIOD))


def test_stop_plays_what_was_given(steady: str, tmp_path: Path) -> None:
    file = tmp_path / "out.raw"
    given = bytearray()

    def callback(frames: int) -> bytes:
        block = array.array("h", range(2 * frames)).tobytes()
        given.extend(block)
        if len(given) > 20_000:
            stream.stop()
        return block

    stream = alsastream.Playback(callback, pcm=f"tee:{steady},{file},raw")
    stream.start()
    stream.join()
    assert file.read_bytes() == given


def test_unknown_pcm_can_be_tried_again(tmp_path: Path) -> None:
    stream = alsastream.Playback(silence, pcm="nosuch")
    for _ in range(2):
        with pytest.raises(alsastream.AlsaError):
            stream.start()
    with pytest.raises(RuntimeError, match="not been started"):
        stream.join()


def test_starts_only_once() -> None:
    with alsastream.Playback(silence, pcm="null") as stream:
        assert stream.active
        with pytest.raises(RuntimeError, match="only once"):
            stream.start()
    with pytest.raises(RuntimeError, match="only once"):
        stream.start()


def test_join_gives_up_in_time() -> None:
    with alsastream.Playback(silence, pcm="null") as stream:
        start = time.monotonic()
        assert stream.join(0.05) is False
        assert time.monotonic() - start < 1
        with pytest.raises(ValueError, match="negative"):
            stream.join(-1)


def test_callback_cannot_join_its_own_thread() -> None:
    stream = alsastream.Playback(lambda frames: bytes(stream.join()), pcm="null")
    stream.start()
    with pytest.raises(RuntimeError, match="the thread that it runs on"):
        stream.join()


def test_many_threads_may_use_one_stream() -> None:
    errors: list[BaseException] = []

    def use() -> None:
        try:
            stream.start()
        except RuntimeError as error:
            errors.append(error)
        stream.join(0.1)
        stream.stop()
        assert stream.join()

    stream = alsastream.Playback(silence, pcm="null")
    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 7
    assert not stream.active


def test_forgotten_stream_ends() -> None:
    calls: list[bytes] = []
    stream = alsastream.Capture(calls.append, pcm="null")
    stream.start()
    del stream
    time.sleep(0.3)
    count = len(calls)
    time.sleep(0.1)
    assert len(calls) == count


def test_cycle_through_the_callback_is_collected() -> None:
    class Owner:
        def __init__(self) -> None:
            self.stream = alsastream.Playback(self.callback, pcm="null")

        def callback(self, frames: int) -> bytes:
            return b""

    unused = weakref.ref(Owner())
    used = Owner()
    with used.stream:
        used.stream.join()
    used_reference = weakref.ref(used)
    del used
    gc.collect()
    assert (unused(), used_reference()) == (None, None)


def test_interpreter_exits_while_streams_run(steady: str) -> None:
    done = run("""
import alsastream
for pcm in "steady", "null":
    alsastream.Playback(lambda frames: bytes(4 * frames), pcm=pcm).start()
    alsastream.Capture(lambda block: None, pcm=pcm).start()
print("end of main")
""")
    assert (done.returncode, done.stdout, done.stderr) == (0, "end of main\n", "")


def test_fork_exits_while_the_parent_has_a_stream(steady: str) -> None:
    done = run("""
import alsastream, os, sys, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)
stream = alsastream.Playback(lambda frames: bytes(4 * frames), pcm="steady")
stream.start()
while not stream.frames:
    time.sleep(0.001)
child = os.fork()
if not child:
    try:
        stream.join()
    except RuntimeError:
        sys.exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), stream.active)
""")
    assert (done.returncode, done.stdout, done.stderr) == (0, "3 True\n", "")


def test_only_playback_and_capture_are_made() -> None:
    with pytest.raises(TypeError):
        alsastream.Stream()
    assert issubclass(alsastream.Playback, alsastream.Stream)
    assert issubclass(alsastream.Capture, alsastream.Stream)
