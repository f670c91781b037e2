"""PCMs that need no sound card."""

from __future__ import annotations

import array
import math
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

RATE = 48_000


@pytest.fixture(scope="session")
def tone() -> array.array[int]:
    """One second of a 440 Hz sine, mono, at 48 kHz."""
    return array.array("h", (round(8192 * math.sin(2 * math.pi * 440 * n / RATE)) for n in range(RATE)))


@pytest.fixture
def alsa_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Add definitions to ALSA's configuration."""

    def add(definitions: str) -> None:
        file = tmp_path / "asound.conf"
        file.write_text("</usr/share/alsa/alsa.conf>\n" + dedent(definitions))
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(file))

    return add


@pytest.fixture(scope="session")
def steady_plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin of steady.c, compiled."""
    compiler = os.environ.get("CC") or shutil.which("cc")
    if not compiler:
        pytest.skip("needs a C compiler")
    plugin = tmp_path_factory.mktemp("alsa-lib") / "libasound_module_pcm_steady.so"
    source = Path(__file__).with_name("steady.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-DPIC", "-o", plugin, source, "-lasound"], check=True)
    return plugin


@pytest.fixture
def steady(steady_plugin: Path, alsa_config: Callable[[str], None]) -> Iterator[str]:
    """A PCM that keeps real time and runs dry, or over; it numbers the frames that it records."""
    alsa_config(f"""
        pcm_type.steady.lib "{steady_plugin}"
        pcm.steady.type steady
    """)
    yield "steady"
