"""One attempt: a wheel, a place, and what its imports did there."""

from __future__ import annotations

import json
import os
import signal
import tempfile

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError
from diagnose.trial import importable, opener, places, wheelhouse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from diagnose.readers.wheel.reader import Wheel
    from diagnose.trial.places import TrialPlace
    from diagnose.trial.sandbox import SandboxExit

_SECONDS = 120.0  # for all imports of a wheel, or for the program of --run
_EMULATED = 600.0  # the same where an emulator runs them, 10 to 20 times as slowly
_TRACE = 20_000  # characters of a traceback that are kept


class Failure(NamedTuple):
    """A module that was not imported, or a program that failed.

    ``error`` is one line. ``trace`` is the traceback, or what was printed. ``slow`` says that it did not end in time:
    it may wait forever, or the machine may be busy.
    """

    module: str
    error: str
    trace: str
    slow: bool = False


class Attempt(NamedTuple):
    """What happened to one wheel in one place.

    ``skipped`` says why it was not tried, or why its modules were not imported but only loaded; empty if they were
    imported. ``imported`` are modules, ``loaded`` the files of modules that the loader took without an interpreter,
    ``failures`` what failed. ``aside`` are extension modules that did not load although the packages they are in were
    imported.
    """

    wheel: str
    place: TrialPlace | None
    skipped: str = ""
    imported: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    aside: tuple[Failure, ...] = ()
    loaded: tuple[str, ...] = ()

    @property
    def tried(self) -> bool:
        """Whether anything of the wheel was imported or loaded, or failed to be."""
        return bool(not self.skipped or self.loaded or self.failures)

    @property
    def outcome(self) -> str:
        """``ok``, ``failed`` or ``cannot-tell``, as in other reports."""
        if any(not failure.slow for failure in self.failures):
            return "failed"
        return "ok" if self.tried and not self.failures else "cannot-tell"


def attempt(wheel: Wheel, place: TrialPlace, find_links: Sequence[str], offline: bool, program: str | None) -> Attempt:
    """Install *wheel* for *place*, import what it provides there, and run *program*, if any."""
    name = os.path.basename(wheel.path)
    refused = wheelhouse.fits_platform(place, wheel)
    if refused:
        return Attempt(name, place, refused)
    refused = wheelhouse.fits_interpreter(place, wheel)
    if refused:
        return _load(wheel, place, refused)
    top = importable.top_level(wheel)
    if not top and not program:
        return Attempt(name, place, "it provides no module that can be imported")
    with tempfile.TemporaryDirectory(prefix="diagnose-") as folder:
        site = os.path.join(folder, "site")
        os.mkdir(site)
        os.chmod(folder, 0o755)
        try:
            wheelhouse.install(wheel, place, site, find_links, offline)
            return _imported(wheel, place, site, top, program)
        except (InputError, wheelhouse.NotInstalledError) as error:
            return Attempt(name, place, str(error))


def is_of_the_loader(failure: Failure) -> bool:
    """Whether the system, not Python's code, refused an extension module: its error names the file.

    Python names the file, too, of a module that has run, but imports itself in a circle unless its package does so
    first: scipy's linalg._matfuncs_sqrtm_triu.
    """
    by_python = failure.error.startswith("ImportError: cannot import name ")
    return failure.slow or failure.error.startswith("died") or (".so" in failure.error and not by_python)


def _imported(wheel: Wheel, place: TrialPlace, site: str, top: list[str], program: str | None) -> Attempt:
    """Import the modules *top* of *wheel*, then its extension modules below them, and run *program*, if any."""
    below = [name for name in importable.extensions(wheel) if name not in top and name.partition(".")[0] in top]
    imported, failed = _each([*top, *below], lambda left: places.run(place, site, left, _limit(place)), place)
    failures = tuple(one for one in failed if one.module in top)
    not_loaded = [one for one in failed if one.module not in top]
    by_loader = tuple(one for one in not_loaded if is_of_the_loader(one))
    aside = tuple(one for one in not_loaded if one not in by_loader)
    if program and not failures:
        failures = _program(place, site, program)
    name = os.path.basename(wheel.path)
    return Attempt(name, place, "", imported, (*failures, *by_loader), aside)


def _load(wheel: Wheel, place: TrialPlace, why: str) -> Attempt:
    """Open the extension modules of *wheel* in *place* without an interpreter, since *why*."""
    name, files = os.path.basename(wheel.path), importable.extension_files(wheel)
    if not files or place.target is None:
        return Attempt(name, place, why)
    with tempfile.TemporaryDirectory(prefix="diagnose-") as folder:
        os.chmod(folder, 0o755)
        site, built = os.path.join(folder, "site"), os.path.join(folder, "built")
        os.mkdir(site)
        os.mkdir(built)
        try:
            program = opener.build(place.root, place.target, opener.interpreter_symbols(wheel), built)
            wheelhouse.unpack(wheel, site)
            loaded, failures = _each(
                files, lambda left: places.open_files(place, site, program, left, _limit(place)), place
            )
        except (InputError, wheelhouse.NotInstalledError) as error:
            return Attempt(name, place, f"{why}; {error}")
        return Attempt(name, place, why, (), failures, (), loaded)


def _each(
    names: Sequence[str], start: Callable[[list[str]], SandboxExit], place: TrialPlace
) -> tuple[tuple[str, ...], tuple[Failure, ...]]:
    """Try *names* one after the other in one process, and go on in another after one that ended it.

    *start* runs a process that tries what it is given and writes the events. A module below a package that failed is
    not tried.
    """
    left, done, failures = list(names), [], []
    while left:
        ended = start(left)
        began = ""
        for line in ended.events.splitlines():
            event = _event(line)
            if "begin" in event:
                began = str(event["begin"])
            elif "done" in event:
                done.append(str(event["done"]))
                began = ""
            elif "failed" in event:
                trace = str(event["trace"])[-_TRACE:]
                last = trace.strip().rpartition("\n")[2]
                failures.append(Failure(str(event["failed"]), last, trace))
                began = ""
        left = _left(left, done, failures)
        if not left:
            break
        slow = ended.status is None
        failures.append(Failure(began or left[0], _how(ended, place), ended.output[-_TRACE:], slow))
        left = _left(left, done, failures)
    return tuple(done), tuple(failures)


def _left(names: list[str], done: list[str], failures: list[Failure]) -> list[str]:
    """Return those of *names* that are still to be tried."""
    failed = {failure.module for failure in failures}
    return [name for name in names if not failed.intersection((name, name.partition(".")[0])) and name not in done]


def _event(line: str) -> dict[str, object]:
    """Return the event in a line of JSON; an empty one for other lines, which the code of a wheel may write itself."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) and ("failed" not in event or "trace" in event) else {}


def _program(place: TrialPlace, site: str, program: str) -> tuple[Failure, ...]:
    folder, name = os.path.split(os.path.abspath(program))
    ended = places.run(place, site, [], _limit(place), name, folder)
    if ended.status == 0:
        return ()
    return (Failure(name, _how(ended, place), ended.output[-_TRACE:], ended.status is None),)


def _limit(place: TrialPlace) -> float:
    return _EMULATED if place.emulator else _SECONDS


def _how(ended: SandboxExit, place: TrialPlace) -> str:
    """Return how a process ended in *place*, in words."""
    if ended.status is None:
        return f"took more than {_limit(place):.0f} seconds"
    number = -ended.status if ended.status < 0 else ended.status - 128 if ended.status > 128 else 0
    if number in {one.value for one in signal.Signals}:
        return f"died of {signal.Signals(number).name}"
    return f"ended with exit status {ended.status}"
