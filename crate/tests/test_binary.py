"""What the extension is linked with."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from alsastream import _native


@pytest.fixture(scope="module")
def imported() -> list[str]:
    """The functions that the extension takes from elsewhere."""
    nm = shutil.which("nm")
    if not nm:
        pytest.skip("needs nm, from binutils")
    assert _native.__file__
    listing = subprocess.run([nm, "-D", "--undefined-only", _native.__file__], stdout=subprocess.PIPE, check=True)
    return [line.split()[-1].partition("@")[0] for line in listing.stdout.decode().splitlines()]


def test_no_time_is_exchanged_with_alsa(imported: list[str]) -> None:
    from_alsa = [name for name in imported if name.startswith("snd_")]
    assert "snd_pcm_open" in from_alsa
    assert not [name for name in from_alsa if "tstamp" in name or "timespec" in name or "tread" in name]
