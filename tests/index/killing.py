"""A judge for workers that are killed by one wheel: in a module of its own, because workers import it."""

from __future__ import annotations

import os
import signal

from diagnose.index.judging import RunFlags
from diagnose.index.locations import Location
from diagnose.index.rows import Row


def judge(batch: tuple[Location, ...], flags: RunFlags) -> list[Row]:
    """Kill the process at a wheel whose name has ``poison``; else return rows that are empty but for the place."""
    for wheel in batch:
        if "poison" in wheel.file_name:
            os.kill(os.getpid(), signal.SIGKILL)
    return [Row(wheel.label, wheel.file_name, outcome="ok") for wheel in batch]
