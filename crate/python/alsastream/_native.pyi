from typing import Literal, final

from typing_extensions import Buffer

__all__ = ["AlsaError", "Card", "PcmName", "alsa_version", "cards", "pcm_names", "play", "record"]

class AlsaError(OSError): ...

@final
class Card:
    @property
    def index(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def long_name(self) -> str: ...

@final
class PcmName:
    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def playback(self) -> bool: ...
    @property
    def capture(self) -> bool: ...

def alsa_version() -> str: ...
def cards() -> list[Card]: ...
def pcm_names() -> list[PcmName]: ...
def play(
    samples: Buffer,
    *,
    pcm: str = "default",
    format: Literal["i16", "f32"] = "i16",
    rate: int = 48_000,
    channels: int = 2,
    period: int = 1024,
) -> None: ...
def record(
    frames: int,
    *,
    pcm: str = "default",
    format: Literal["i16", "f32"] = "i16",
    rate: int = 48_000,
    channels: int = 2,
    period: int = 1024,
) -> bytes: ...
