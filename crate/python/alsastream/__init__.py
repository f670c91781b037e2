"""Plays and records blocks and streams of samples through ALSA."""

from alsastream._native import AlsaError, Card, PcmName, alsa_version, cards, pcm_names, play, record

__all__ = ["AlsaError", "Card", "PcmName", "alsa_version", "cards", "pcm_names", "play", "record"]
