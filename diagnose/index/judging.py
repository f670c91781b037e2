"""Judges a batch of wheels: the one function that runs on every worker, of this machine or another."""

from __future__ import annotations

import contextlib
import os

from diagnose.engine import registry
from diagnose.engine.run import run_checks
from diagnose.index import http, remote
from diagnose.index.rows import Row, row
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, cache
from diagnose.readers.wheel import reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.index.locations import Location
    from diagnose.model.check import Check


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h


class RunFlags(NamedTuple):
    """What all wheels of a run have in common: whether each is read whole, and the ids of the checks; empty: all."""

    whole: bool = True
    checks: tuple[str, ...] = ()


def judge(batch: Sequence[Location], flags: RunFlags) -> list[Row]:
    """Return a row for each wheel of *batch*, in order; one that cannot be read is a row with the reason."""
    _keep_freed_memory()
    fetcher = http.Fetcher()
    return [_judge(location, flags, fetcher) for location in batch]


def _judge(location: Location, flags: RunFlags, fetcher: http.Fetcher) -> Row:
    before = fetcher.received

    def read() -> reader.Wheel:
        if not location.is_remote:
            return reader.read(location.place, flags.whole, threads=1)
        reader.parse_file_name(location.file_name)  # before anything is fetched
        return reader.read_bytes(location.file_name, remote.fetch(location, fetcher, flags.whole), flags.whole)

    checks = _chosen(flags.checks)
    result = run_checks("wheel", location.file_name, read, reader.facts, checks)
    not_made = tuple(check.id for check in checks if not flags.whole and check.needs in reader.NEEDS_ALL_BYTES)
    return row(location, result, not_made, fetcher.received - before)


@cache
def _keep_freed_memory() -> None:
    """Let glibc keep freed buffers, as it does by itself where the environment does not forbid it.

    Dask's nanny sets ``MALLOC_TRIM_THRESHOLD_`` for its workers (``distributed.nanny.pre-spawn-environ``). Each buffer
    then is new to the system and costs its page faults: 1.5 times the processor time.
    """
    if "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError, TypeError):  # no glibc
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, 32 << 20)
        mallopt(_TRIM_THRESHOLD, 64 << 20)


@cache
def _chosen(ids: tuple[str, ...]) -> list[Check]:
    return [check for check in registry.load("wheel") if (check.id in ids if ids else not check.pedantic)]
