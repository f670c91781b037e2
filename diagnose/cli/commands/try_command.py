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
from diagnose.model.versions import name_key

if TYPE_CHECKING:
    from typing import Any

    from diagnose.cli.options import Output, TryOptions
    from diagnose.engine.run import Result
    from diagnose.model.finding import Finding
    from diagnose.readers.wheel.reader import Wheel
    from diagnose.trial.attempt import Attempt, Failure
    from diagnose.trial.places import TrialPlace

_SHOWN = 20  # lines of a traceback


def main(options: TryOptions, output: Output) -> int:
    """Try each wheel; return 2 if one cannot be read, else 1 if one failed, else 0."""
    if not sys.platform.startswith("linux"):
        raise UsageError(f"try needs Linux, for its sandbox; this is {platform.system()}: use a container or a VM")
    from diagnose.trial import sandbox, trial_roots

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
    if any(place.format not in ("text", "json") for place in reports):
        raise UsageError("--format: try has text and json")
    if options.run is not None and not os.path.isfile(options.run):
        raise UsageError(f"--run: {options.run}: no such file")
    why = "" if options.no_sandbox else sandbox.missing()
    if why:
        raise UsageError(f"there is no sandbox: {why}; --no-sandbox does without, in a container of your own")
    tried = [_try(path, options) for path in options.paths]
    pairs = list(zip(options.paths, tried, strict=True))
    publish(reports, lambda place: "".join(_text(*pair) for pair in pairs) if place.format == "text" else _json(pairs))
    if any(isinstance(one, str) for one in tried):
        return 2
    bad = {"never": (), "unknown": ("failed", "cannot-tell")}.get(output.fail_on, ("failed",))
    return int(any(not isinstance(one, str) and one.outcome in bad for one in tried))


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


def _text(path: str, one: Attempt | str) -> str:
    """Return the section of the wheel *path*."""
    from diagnose.reports.style import clean

    if isinstance(one, str):
        return f"✗ {clean(one)}\n"
    if not one.tried:
        where = f" ({clean(one.place.words())})" if one.place else ""
        return f"– {clean(one.wheel)}: not tried: {clean(one.skipped)}{where}\n"
    assert one.place is not None
    done, word = (one.loaded, "loaded") if one.skipped else (one.imported, "imported")
    what = f"{word} {', '.join(_some(done))}" if done else f"nothing was {word}"
    failed = ", ".join(_some([failure.module for failure in one.failures]))
    head = f"✗ {clean(one.wheel)}: {clean(failed)} failed" if one.failures else f"✓ {clean(one.wheel)}: {clean(what)}"
    place = one.place.loader_words() if one.skipped else one.place.words()
    lines = [head, f"  with {clean(place)}", *_gap(one)]
    if one.skipped:
        lines.append(f"  not imported: {clean(one.skipped)}")
    if one.failures and done:
        lines.append(f"  {clean(what)}")
    alike: dict[tuple[str, str], list[Failure]] = {}
    for failure in one.failures:
        alike.setdefault((failure.error, failure.trace), []).append(failure)
    for failure, *others in alike.values():
        names = _some(other.module for other in (failure, *others))
        lines += [f"  {clean(', '.join(names))}: {clean(failure.error)}"]
        trace = failure.trace.strip().splitlines()[-_SHOWN:]
        lines += [f"    {clean(line)}" for line in trace if trace != [failure.error]]
        lines += [f"  {line}" for line in _explained(path, failure)]
    for failure in one.aside:
        lines.append(f"  note: {clean(failure.module)} does not import by itself: {clean(failure.error)}")
    return "\n".join(lines) + "\n"


def _some(names: Any) -> list[str]:
    names = list(names)
    return [*names[:4], *([f"{len(names) - 4} more"] if len(names) > 4 else [])]


def _gap(one: Attempt) -> list[str]:
    """Return which promised versions were not tried."""
    from diagnose import policies

    assert one.place is not None
    glibc = one.place.glibc
    tags = map(policies.split, one.wheel.removesuffix(".whl").rpartition("-")[2].split("."))
    promised = [name_key(tag.policy) for tag in tags if tag.libc == "glibc"]
    if glibc is None or not promised or min(promised) >= glibc:
        return []
    first, last = (f"{major}.{minor}" for major, minor in (min(promised), (glibc[0], glibc[1] - 1)))
    return [f"  not tried: glibc {first}" + (f" to {last}" if last != first else "")]


def _causes(path: str, failure: Failure) -> list[Finding]:
    """Return the causes of *failure*: what ``wheel`` foretold of the wheel *path*, else what ``log`` sees."""
    import re

    said = re.sub(r"/\S*/", "", failure.error).removeprefix("ImportError: ")
    foretold = [finding for finding in _foretold(path) if said and said in finding.consequence]
    return foretold or [finding for finding in _judged(failure).findings if finding.check != "unknown-failure"]


_FORETOLD: dict[str, list[Finding]] = {}


def _foretold(path: str) -> list[Finding]:
    """Return the errors that ``wheel`` reports of the wheel *path*; it is judged once."""
    from diagnose.cli.options import Selection
    from diagnose.cli.report import inspect
    from diagnose.model.finding import Severity
    from diagnose.readers.wheel import reader

    if path not in _FORETOLD:
        result = inspect("wheel", path, lambda: reader.read(path), reader.facts, Selection())
        _FORETOLD[path] = [finding for finding in result.findings if finding.severity is Severity.ERROR]
    return _FORETOLD[path]


def _judged(failure: Failure) -> Result:
    """Return what ``log`` says of the traceback."""
    import io

    from diagnose.cli.options import Selection
    from diagnose.cli.report import inspect, log_patterns
    from diagnose.readers import buildlog

    def read() -> buildlog.BuildLog:
        return buildlog.read("traceback", log_patterns(Selection()), None, None, io.BytesIO(failure.trace.encode()))

    return inspect("log", "traceback", read, buildlog.facts, Selection())


def _explained(path: str, failure: Failure) -> list[str]:
    """Return the causes of *failure* with their fixes."""
    from diagnose.reports.style import clean

    lines = []
    for finding in _causes(path, failure):
        lines.append(f"cause: {clean(finding.message)} ({finding.check})")
        lines += [f"  fix: {clean(fix.title)}" for fix in finding.fixes[:1]]
        lines += [f"    $ {clean(command.line)}" for fix in finding.fixes[:1] for command in fix.commands]
    return lines


def _json(tried: list[tuple[str, Attempt | str]]) -> str:
    import json

    rows: list[dict[str, Any]] = []
    for path, one in tried:
        if isinstance(one, str):
            rows.append({"error": one, "outcome": "not-judged"})
            continue
        rows.append(
            {
                "wheel": one.wheel,
                "outcome": one.outcome,
                "place": one.place.words() if one.place else None,
                "python": one.place.python if one.place else None,
                "not_tried": one.skipped or None,
                "imported": list(one.imported),
                "loaded": list(one.loaded),
                "failed": [
                    {
                        "module": failure.module,
                        "error": failure.error,
                        "trace": failure.trace,
                        "causes": [finding.check for finding in _causes(path, failure)],
                    }
                    for failure in one.failures
                ],
                "not_imported_alone": [{"module": failure.module, "error": failure.error} for failure in one.aside],
            }
        )
    return json.dumps({"tried": rows}, indent=2) + "\n"
