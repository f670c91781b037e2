"""Ends this process after a signal as after Ctrl-C: temporary files go, and helpers end."""

from __future__ import annotations

import signal

from diagnose.cli.errors import EndedBySignal
from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType


def clean_up() -> None:
    """From now on SIGTERM and SIGHUP end this process as an interrupt does. Signals that it ignores stay ignored."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, _: FrameType | None) -> None:
    raise EndedBySignal(number)
