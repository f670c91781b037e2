"""What is made once and kept."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "diagnose-e2e"
_within = threading.RLock()
_depth = 0  # of makings within makings, all of the one thread that is within
KEEP = 30 * 24 * 3600  # seconds for which an entry that nothing asked for stays


started = time.monotonic()


def show(text: str) -> None:
    """Print a line for whoever waits."""
    print(text, file=sys.stderr, flush=True)


def say(text: str) -> None:
    """Tell whoever waits what is going on."""
    show(f"{time.monotonic() - started:7.1f} s  {text}")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let one thread of one process at a time add to the cache; what is made from something else nests."""
    global _depth
    with _within, contextlib.ExitStack() as stack:
        if not _depth:
            CACHE.mkdir(parents=True, exist_ok=True)
            fcntl.flock(stack.enter_context(open(CACHE / "lock", "w")), fcntl.LOCK_EX)
        _depth += 1
        try:
            yield
        finally:
            _depth -= 1


def made(name: str, ingredients: object, make: Callable[[Path], None]) -> Path:
    """Return the folder that *make* fills, made only when no folder of the same *ingredients* is there.

    It appears under its name when it is complete, so an interrupted run leaves nothing half-done behind.
    """
    folder = _place(name, ingredients)
    with alone():
        _forget_old()
        if not folder.exists():
            say(f"making {name} …")
            start = time.monotonic()
            growing = folder.with_name(folder.name + ".part")
            shutil.rmtree(growing, ignore_errors=True)
            growing.mkdir()
            make(growing)
            growing.rename(folder)
            say(f"made {name} in {time.monotonic() - start:.0f} s")
        os.utime(folder)
    return folder


def found(name: str, ingredients: object) -> Path | None:
    """Return the folder that :func:`made` would return, if it is there already."""
    folder = _place(name, ingredients)
    return folder if folder.exists() else None


def _place(name: str, ingredients: object) -> Path:
    return CACHE / f"{name}-{hashlib.sha256(repr(ingredients).encode()).hexdigest()[:12]}"


def _forget_old() -> None:
    for entry in CACHE.iterdir():
        if entry.is_dir() and time.time() - entry.stat().st_mtime > KEEP:
            shutil.rmtree(entry, ignore_errors=True)
