from collections.abc import Callable
from types import TracebackType
from typing import Literal, final

from typing_extensions import Buffer, Self, disjoint_base

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

@disjoint_base
class Stream:
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def join(self, timeout: float | None = None) -> bool: ...
    @property
    def active(self) -> bool: ...
    @property
    def frames(self) -> int: ...
    @property
    def xruns(self) -> int: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...

@final
class Playback(Stream):
    def __new__(
        cls,
        callback: Callable[[int], Buffer],
        *,
        pcm: str = "default",
        format: Literal["i16", "f32"] = "i16",
        rate: int = 48_000,
        channels: int = 2,
        period: int = 1024,
    ) -> Self: ...

@final
class Capture(Stream):
    def __new__(
        cls,
        callback: Callable[[bytes], object],
        *,
        pcm: str = "default",
        format: Literal["i16", "f32"] = "i16",
        rate: int = 48_000,
        channels: int = 2,
        period: int = 1024,
    ) -> Self: ...

def alsa_version() -> str: ...
def cards() -> list[Card]: ...
def dbus_version() -> tuple[int, int, int] | None: ...
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
