"""``diagnose try``: installs wheels in a sandbox and imports them. Only it and ``run`` execute what they are given."""

from __future__ import annotations

import os
import platform
import sys

from diagnose.cli import console
from diagnose.cli.destinations import planned, publish
from diagnose.cli.errors import UsageError
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError

if TYPE_CHECKING:
    from diagnose.cli.destinations import Destination
    from diagnose.cli.options import Output, Selection, TryOptions
    from diagnose.readers.wheel.reader import Wheel
    from diagnose.trial.attempt import Attempt
    from diagnose.trial.places import TrialPlace


def main(options: TryOptions, selection: Selection, output: Output) -> int:
    """Try each wheel; return 2 if one cannot be read, else 1 if one failed, else 0."""
    if not sys.platform.startswith("linux"):
        raise UsageError(f"try needs Linux, for its sandbox; this is {platform.system()}: use a container or a VM")
    from diagnose.cli import ending
    from diagnose.trial import sandbox, trial_roots

    ending.clean_up()
    if options.clean:
        gone, kept = trial_roots.clean()
        for folder in gone:
            console.warn(f"removed {folder}")
        for folder in kept:
            console.warn(f"kept {folder}: it is in use, or not yours to remove")
    if not options.paths:
        if options.clean:
            return 0
        raise UsageError("try needs WHEEL...: wheels")
    if sum(map(bool, (options.root, options.release, options.processor))) > 1:
        raise UsageError("--root, --release and --processor exclude each other")
    reports = planned(output, options.paths)
    if options.run is not None and not os.path.isfile(options.run):
        raise UsageError(f"--run: {options.run}: no such file")
    why = "" if options.no_sandbox else sandbox.missing()
    if why:
        raise UsageError(f"there is no sandbox: {why}; --no-sandbox does without, in a container of your own")
    tried = [_try(path, options) for path in options.paths]
    pairs = list(zip(options.paths, tried, strict=True))
    publish(reports, lambda place: _report(pairs, place, output))
    if any(isinstance(one, str) for one in tried):
        return 2
    bad = {"never": (), "unknown": ("failed", "cannot-tell")}.get(output.fail_on, ("failed",))
    return int(any(not isinstance(one, str) and one.outcome in bad for one in tried))


def _report(pairs: list[tuple[str, Attempt | str]], place: Destination, output: Output) -> str:
    """Return the report in the format of *place*."""
    from diagnose.cli import trial_report

    if place.format in ("text", "json"):
        return trial_report.text(pairs) if place.format == "text" else trial_report.json(pairs)
    from diagnose.cli import report
    from diagnose.engine.run import Report
    from diagnose.model.finding import Severity

    severity = None if output.fail_on == "never" else Severity.ERROR
    results = trial_report.results(pairs)
    return report.render(Report(results, severity, unknown=output.fail_on == "unknown"), place, output)


def _try(path: str, options: TryOptions) -> Attempt | str:
    """Return what happened to the wheel *path*, or why it cannot be read."""
    from diagnose.readers.wheel import reader
    from diagnose.trial.attempt import Attempt, attempt

    try:
        wheel = reader.read(path)
    except InputError as error:
        return str(error)
    try:
        place = _place(wheel, options)
    except InputError as error:
        return Attempt(os.path.basename(path), None, str(error))
    return attempt(wheel, place, options.find_links, options.offline, options.run)


_PLACES: dict[tuple[str, ...], TrialPlace | InputError] = {}


def _place(wheel: Wheel, options: TryOptions) -> TrialPlace:
    """Return where *wheel* is tried; a place is made, and asked what it is, only once.

    Raises:
        InputError: there is no such place, or its interpreter does not start.
    """
    from diagnose import policies

    tags = [policies.split(tag) for tag in wheel.platforms]
    arches = sorted({tag.arch for tag in tags} - {""}) or [os.uname().machine]
    libc = tags[0].libc if len({tag.libc for tag in tags}) == 1 else ""
    if options.release and len(arches) > 1:
        raise InputError(f"its tags are for {' and '.join(arches)}: make a root for one, and use --root")
    key = (libc, arches[0]) if options.release else (libc,) if options.root else ()
    if key not in _PLACES:
        try:
            _PLACES[key] = _made(options, arches[0], libc)
        except InputError as error:
            _PLACES[key] = error
    place = _PLACES[key]
    if isinstance(place, InputError):
        raise place
    return place


def _made(options: TryOptions, arch: str, libc: str) -> TrialPlace:
    """Return the place that *options* name, for the architecture *arch* and the C library *libc*, if one is known."""
    from diagnose.model import targets
    from diagnose.trial import places, trial_roots

    sandboxed = not options.no_sandbox
    if options.release:
        debian = [row.debian for row in targets.TARGETS if row.wheel == arch and row.debian and row.libc == "glibc"]
        if not debian:
            raise InputError(f"Debian has no {arch}")
        root = trial_roots.made(options.release, debian[0], libc or "glibc", options.mirror, console.warn)
        return places.in_root(root, options.python, sandboxed, libc)._replace(name=f"Debian {options.release}")
    if options.root:
        return places.in_root(options.root, options.python, sandboxed, libc)
    return places.here(options.python, sandboxed, options.processor)
