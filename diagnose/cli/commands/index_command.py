"""``diagnose index``: judges very many wheels, and adds up what it found."""

from __future__ import annotations

import sys

from diagnose import __version__
from diagnose.cli import console, ending, workers
from diagnose.cli.destinations import planned, publish
from diagnose.cli.errors import UsageError
from diagnose.cli.options import Output
from diagnose.cli.report import chosen
from diagnose.index import http, locations, scheduling, store, summary
from diagnose.index.judging import RunFlags
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.cli.destinations import Destination
    from diagnose.cli.options import IndexOptions, Selection
    from diagnose.index.executors import Workers
    from diagnose.index.locations import Location
    from diagnose.index.rows import Row


def main(options: IndexOptions, selection: Selection) -> int:
    """Judge the wheels of all sources that have no row yet, and report on all rows."""
    checks = tuple(check.id for check in chosen("wheel", selection))  # a wrong --select fails before any work
    where = Output(format=options.format, output=options.output)
    if options.into is None:
        raise UsageError("index needs --into DIR, the folder for its rows")
    planned(where, options.sources)
    ending.clean_up()
    _check_modules(options)
    weights = summary.read_weights(options.weights) if options.weights else None
    complete = _judge(options, options.into, RunFlags(not options.no_hashes, checks)) if options.sources else True
    found = summary.add_up(store.read(options.into), weights)

    def render(place: Destination) -> str:
        from diagnose.reports import index_summary

        forms = {"json": index_summary.as_json, "html": index_summary.as_page}
        return forms.get(place.format, index_summary.as_text)(found)

    publish(planned(where), render, console.write)
    return 0 if complete else 2


def _check_modules(options: IndexOptions) -> None:
    """Refuse what needs a package that is not installed, before any work."""
    needed = [("parquet", "pyarrow")] if options.rows == "parquet" else []
    needed += [("index", "urllib3")] if any(map(locations.is_address, options.sources)) else []
    from importlib.util import find_spec

    for extra, module in needed:
        if find_spec(module) is None:
            raise UsageError(f"this needs {module}: install crosslink-diagnose[{extra}]")


def _judge(options: IndexOptions, folder: str, flags: RunFlags) -> bool:
    """Judge what has no row yet; return whether every source could be read to its end."""
    kept = store.Store(folder, options.rows, flags, __version__)
    try:
        sources = _Sources(options.sources, kept.known())
        judges = _workers(options)
        pace = scheduling.Pace()
        shown = sys.stderr.isatty() and not options.no_progress

        def take(rows: list[Row]) -> None:
            pace.done += len(rows)
            for row in rows:
                kept.add(row)

        def tick() -> None:
            kept.flush_old()
            if shown:
                pace.expected = sources.listed if sources.ended else 0
                console.progress(pace.words())

        try:
            scheduling.judge_all(sources.wheels(), judges, flags, take, tick)
        except BaseException:
            judges.abandon()
            raise
        finally:
            if shown:
                console.progress("")
            judges.close()
    finally:
        kept.close()
    for error in sources.errors:
        console.warn(f"diagnose: {error}")
    return not sources.errors


class _Sources:
    """The wheels of all sources that have no row in *known* and were not given before; one line for each bad source."""

    def __init__(self, sources: tuple[str, ...], known: set[bytes]) -> None:
        self._sources = sources
        self._known = known
        self.listed = 0
        self.ended = False
        self.errors: list[str] = []

    def wheels(self) -> Iterator[Location]:
        """Yield each wheel once."""
        fetcher = http.Fetcher()
        for source in self._sources:
            for one in self._located(source, fetcher):
                key = store.key(one.label)
                if key not in self._known:
                    self._known.add(key)
                    self.listed += 1
                    yield one
        self.ended = True

    def _located(self, source: str, fetcher: http.Fetcher) -> Iterator[Location]:
        try:
            yield from locations.locate(source, fetcher)
        except InputError as error:
            self.errors.append(str(error))


def _workers(options: IndexOptions) -> Workers:
    from diagnose.index import executors

    if options.scheduler is not None:
        if options.workers is not None:
            raise UsageError("--workers is for this machine, --scheduler for another")
        return executors.DaskWorkers(options.scheduler)
    if options.workers is not None and not (options.workers.isdecimal() and 0 < int(options.workers) <= 4096):
        raise UsageError(f"--workers: {options.workers!r} is not a number of processes")
    return executors.LocalWorkers(int(options.workers or workers.cores()))
