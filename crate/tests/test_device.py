"""What there is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import alsastream


def test_version() -> None:
    assert re.fullmatch(r"1\.\d+\.\d+.*", alsastream.alsa_version())


def test_cards_are_those_of_the_kernel() -> None:
    assert [card.index for card in alsastream.cards()] == sorted(
        int(path.name[len("card") :]) for path in Path("/proc/asound").glob("card[0-9]*")
    )


def test_names_are_those_of_the_configuration(alsa_config: Callable[[str], None]) -> None:
    alsa_config("""
        pcm.attic {
            type null
            hint { description "The room\nupstairs" show on }
        }
    """)
    names = {pcm.name: pcm for pcm in alsastream.pcm_names()}
    assert "null" in names
    attic = names["attic"]
    assert (attic.description, attic.playback, attic.capture) == ("The room\nupstairs", True, True)
    assert repr(attic) == "<PcmName attic>"


def test_names_are_values() -> None:
    assert set(alsastream.pcm_names()) == set(alsastream.pcm_names())
