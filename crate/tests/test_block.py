"""Blocks, through PCMs that need no sound card."""

from __future__ import annotations

import array
import math
import wave
from pathlib import Path

import pytest

import alsastream

RATE = 48_000


@pytest.fixture
def tone() -> array.array[int]:
    """One second of a 440 Hz sine, mono."""
    return array.array("h", (round(8192 * math.sin(2 * math.pi * 440 * n / RATE)) for n in range(RATE)))


def test_written_wav_has_every_sample(tone: array.array[int], tmp_path: Path) -> None:
    file = tmp_path / "tone.wav"
    alsastream.play(tone, pcm=f"file:{file},wav", channels=1, rate=RATE)
    with wave.open(str(file)) as written:
        assert (written.getnchannels(), written.getsampwidth(), written.getframerate()) == (1, 2, RATE)
        assert array.array("h", written.readframes(RATE + 1)) == tone


def test_tee_writes_what_it_plays(tone: array.array[int], tmp_path: Path) -> None:
    file = tmp_path / "tone.raw"
    alsastream.play(tone.tobytes(), pcm=f"tee:null,{file},raw")
    assert file.read_bytes() == tone.tobytes()


def test_unknown_pcm_is_an_os_error() -> None:
    with pytest.raises(alsastream.AlsaError, match="No such file or directory") as caught:
        alsastream.play(b"", pcm="nosuch")
    assert isinstance(caught.value, OSError)
    assert (caught.value.errno, caught.value.filename) == (2, "nosuch")


def test_record_returns_as_many_frames_as_asked() -> None:
    assert alsastream.record(1000, pcm="null", format="f32", channels=3) == bytes(1000 * 3 * 4)
