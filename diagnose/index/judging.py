"""Judges a batch of wheels: the one function that runs on every worker, of this machine or another."""

from __future__ import annotations

from diagnose.cli.options import Selection
from diagnose.cli.report import chosen, inspect
from diagnose.index import http, remote
from diagnose.index.rows import Row, row
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers.wheel import reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.index.locations import Location


class Flags(NamedTuple):
    """What all wheels of a run have in common: whether each is read whole, and the chosen checks."""

    whole: bool = True
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


def judge(batch: Sequence[Location], flags: Flags) -> list[Row]:
    """Return a row for each wheel of *batch*, in order; one that cannot be read is a row with the reason."""
    fetcher = http.Fetcher()
    return [_judge(location, flags, fetcher) for location in batch]


def _judge(location: Location, flags: Flags, fetcher: http.Fetcher) -> Row:
    before = fetcher.received

    def read() -> reader.Wheel:
        if not location.is_remote:
            return reader.read(location.place, flags.whole, threads=1)
        reader.parse_file_name(location.file_name)  # before anything is fetched
        return reader.read_bytes(location.file_name, remote.fetch(location, fetcher, flags.whole), flags.whole)

    selection = Selection(select=flags.select, ignore=flags.ignore)
    result = inspect("wheel", location.file_name, read, reader.facts, selection)
    checks = chosen("wheel", selection)
    not_made = tuple(check.id for check in checks if not flags.whole and check.needs in reader.NEEDS_ALL_BYTES)
    return row(location, result, not_made, fetcher.received - before)
