"""Blocks: every sample arrives, every error surfaces, and nobody else has to wait."""

from __future__ import annotations

import array
import signal
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import alsastream

RATE = 48_000


@pytest.mark.parametrize("as_buffer", [bytes, bytearray, memoryview, lambda tone: tone])
def test_written_wav_has_every_sample(
    as_buffer: Callable[[array.array[int]], Any], tone: array.array[int], tmp_path: Path
) -> None:
    file = tmp_path / "tone.wav"
    alsastream.play(as_buffer(tone), pcm=f"file:{file},wav", channels=1, rate=RATE)
    with wave.open(str(file)) as written:
        assert (written.getnchannels(), written.getsampwidth(), written.getframerate()) == (1, 2, RATE)
        assert array.array("h", written.readframes(RATE + 1)) == tone


def test_tee_writes_the_floats_that_it_plays(tone: array.array[int], tmp_path: Path) -> None:
    file = tmp_path / "tone.raw"
    floats = array.array("f", (sample / 32768 for sample in tone))
    alsastream.play(floats, pcm=f"tee:null,{file},raw", format="f32", channels=2, rate=44_100)
    assert array.array("f", file.read_bytes()) == floats


def test_record_reads_every_sample(alsa_config: Callable[[str], None], tone: array.array[int], tmp_path: Path) -> None:
    tape = tmp_path / "tape.raw"
    tape.write_bytes(tone)
    alsa_config(f"""
        pcm.tape {{ type file slave.pcm null file /dev/null infile "{tape}" format raw }}
    """)
    assert array.array("h", alsastream.record(RATE, pcm="tape", channels=1)) == tone


def test_record_returns_as_many_frames_as_asked() -> None:
    assert alsastream.record(1000, pcm="null", format="f32", channels=3) == bytes(1000 * 3 * 4)
    assert alsastream.record(0, pcm="null") == b""


def test_real_time(steady: str) -> None:
    start = time.monotonic()
    alsastream.play(bytes(2 * RATE // 4), pcm=steady, channels=1, period=2400)
    assert 0.25 <= time.monotonic() - start < 1
    recorded = array.array("h", alsastream.record(RATE // 4, pcm=steady, channels=1, period=2400))
    assert recorded.tolist() == list(range(RATE // 4))
    assert 0.5 <= time.monotonic() - start < 2


@pytest.mark.parametrize("frames", [0, 1, 1000])
def test_less_than_a_buffer_is_played(frames: int, steady: str, tmp_path: Path) -> None:
    file = tmp_path / "played.raw"
    samples = array.array("h", range(frames))
    alsastream.play(samples, pcm=f"tee:{steady},{file},raw", channels=1)
    assert array.array("h", file.read_bytes()) == samples


def test_other_threads_run_meanwhile(steady: str) -> None:
    player = threading.Thread(target=alsastream.play, args=[bytes(4 * RATE)], kwargs={"pcm": steady})
    player.start()
    rounds = 0
    while player.is_alive():
        rounds += 1
        time.sleep(0.001)
    assert rounds > 20  # one would do: it could not come if the player held the interpreter


def test_ctrl_c_interrupts(steady: str) -> None:
    # A shell that runs the tests in the background leaves SIGINT ignored, and Python would keep it so.
    script = (
        "import alsastream, signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "print(flush=True); alsastream.record(10**7, pcm='steady')"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=5)
    assert stderr.rstrip().endswith(b"KeyboardInterrupt")


def test_unknown_pcm_is_an_os_error() -> None:
    with pytest.raises(alsastream.AlsaError) as caught:
        alsastream.play(b"", pcm="nosuch")
    assert isinstance(caught.value, OSError)
    assert (caught.value.errno, caught.value.filename) == (2, "nosuch")
    assert str(caught.value) == "[Errno 2] No such file or directory (snd_pcm_open): 'nosuch'"


def test_refused_parameter_names_its_function() -> None:
    with pytest.raises(alsastream.AlsaError, match=r"Invalid argument \(snd_pcm_hw_params_set_rate\): 'null'"):
        alsastream.record(1, pcm="null", rate=0)


@pytest.mark.parametrize(
    ("samples", "options", "error"),
    [
        (bytes(3), {}, ValueError),
        (bytes(4), {"channels": 0}, ValueError),
        (bytes(4), {"format": "i24"}, ValueError),
        (bytes(4), {"pcm": "nu\0ll"}, ValueError),
        (bytes(4), {"rate": -1}, OverflowError),
        (array.array("i", [0]), {}, TypeError),
        (array.array("h", [0, 0]), {"format": "f32"}, TypeError),
        ([0, 0], {}, TypeError),
    ],
)
def test_wrong_arguments(samples: Any, options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        alsastream.play(samples, **{"pcm": "null", **options})


def test_too_many_frames() -> None:
    with pytest.raises(OverflowError):
        alsastream.record(sys.maxsize, pcm="null")
