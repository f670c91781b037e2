"""Plays and records blocks and streams of samples through ALSA."""

from alsastream._native import (
    AlsaError,
    Capture,
    Card,
    PcmName,
    Playback,
    Stream,
    alsa_version,
    cards,
    dbus_version,
    pcm_names,
    play,
    record,
)

__all__ = [
    "AlsaError",
    "Capture",
    "Card",
    "PcmName",
    "Playback",
    "Stream",
    "alsa_version",
    "cards",
    "dbus_version",
    "pcm_names",
    "play",
    "record",
]
