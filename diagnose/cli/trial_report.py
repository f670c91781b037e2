"""What ``diagnose try`` reports: as text, as JSON, and as the results from which the other formats are made.

A cause is named whatever checks the user's settings leave out: nothing is judged here that happened already.
"""

from __future__ import annotations

import os

from diagnose.cli.options import Selection
from diagnose.cli.report import inspect, log_patterns
from diagnose.engine.run import Result
from diagnose.model._lazy_stdlib import TYPE_CHECKING, cache
from diagnose.model.finding import Evidence, Finding, Severity
from diagnose.model.outcome import Outcome
from diagnose.model.versions import name_key
from diagnose.reports.style import clean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from diagnose.trial.attempt import Attempt, Failure

    Tried = tuple[str, "Attempt | str"]  # the path of a wheel, and what happened, or why it cannot be read

_SHOWN = 20  # lines of a traceback
_UNKNOWN = "unknown-failure"
"""The check of logs with a failure that no other check knows."""


def text(tried: Iterable[Tried]) -> str:
    """Return the report as text: a section for each wheel."""
    return "".join(_section(path, one) for path, one in tried)


def results(tried: Iterable[Tried]) -> tuple[Result, ...]:
    """Return the report as results of the kind ``trial``: a finding for each cause of each failure."""
    return tuple(_result(path, one) for path, one in tried)


def json(tried: Iterable[Tried]) -> str:
    """Return the report as JSON."""
    from json import dumps

    return dumps({"tried": [_row(path, one) for path, one in tried]}, indent=2) + "\n"


def _section(path: str, one: Attempt | str) -> str:
    if isinstance(one, str):
        return f"✗ {clean(one)}\n"
    mark = {"ok": "✓", "failed": "✗"}.get(one.outcome, "–")
    lines = [f"{mark} {clean(one.wheel)}: {clean(_headline(one))}", *(f"  {clean(line)}" for line in _details(one))]
    alike: dict[tuple[str, str], list[Failure]] = {}
    for failure in one.failures:
        alike.setdefault((failure.error, failure.trace), []).append(failure)
    for failure, *others in alike.values():
        names = _some(other.module for other in (failure, *others))
        lines += [f"  {clean(', '.join(names))}: {clean(failure.error)}"]
        trace = failure.trace.strip().splitlines()[-_SHOWN:]
        lines += [f"    {clean(line)}" for line in trace if trace != [failure.error]]
        lines += [f"  {line}" for line in _explained(path, failure)]
    lines += [f"  {clean(line)}" for line in _aside(one)]
    return "\n".join(lines) + "\n"


def _headline(one: Attempt) -> str:
    if not one.tried:
        return f"not tried: {one.skipped}" + (f" ({one.place.words()})" if one.place else "")
    if one.failures:
        names = ", ".join(_some(failure.module for failure in one.failures))
        return f"{names} failed" if one.outcome == "failed" else f"cannot tell: {names} did not end in time"
    return _done(one) or f"nothing was {_word(one)}"


def _word(one: Attempt) -> str:
    return "loaded" if one.skipped else "imported"


def _done(one: Attempt) -> str:
    done = one.loaded if one.skipped else one.imported
    return f"{_word(one)} {', '.join(_some(done))}" if done else ""


def _details(one: Attempt) -> list[str]:
    """Return where it was tried, what was not, and what worked beside a failure."""
    if not one.tried or one.place is None:
        return []
    lines = [f"with {one.place.loader_words() if one.skipped else one.place.words()}", *_gap(one)]
    if one.skipped:
        lines.append(f"not imported: {one.skipped}")
    if one.failures and _done(one):
        lines.append(_done(one))
    return lines


def _aside(one: Attempt) -> list[str]:
    return [f"note: {failure.module} does not import by itself: {failure.error}" for failure in one.aside]


def _some(names: Iterable[str]) -> list[str]:
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
    return [f"not tried: glibc {first}" + (f" to {last}" if last != first else "")]


def _causes(path: str, failure: Failure) -> list[Finding]:
    """Return the causes of *failure*: what ``wheel`` foretold of the wheel *path*, else what ``log`` sees."""
    import re

    said = re.sub(r"/\S*/", "", failure.error).removeprefix("ImportError: ")
    foretold = [finding for finding in _foretold(path) if said and said in finding.consequence]
    return foretold or [finding for finding in _judged(failure).findings if finding.check != _UNKNOWN]


@cache
def _foretold(path: str) -> list[Finding]:
    """Return the errors that ``wheel`` reports of the wheel *path*; it is judged once."""
    from diagnose.readers.wheel import reader

    result = inspect("wheel", path, lambda: reader.read(path), reader.facts, Selection())
    return [finding for finding in result.findings if finding.severity is Severity.ERROR]


def _judged(failure: Failure) -> Result:
    """Return what ``log`` says of the traceback."""
    import io

    from diagnose.readers import buildlog

    def read() -> buildlog.BuildLog:
        return buildlog.read("traceback", log_patterns(Selection()), None, None, io.BytesIO(failure.trace.encode()))

    return inspect("log", "traceback", read, buildlog.facts, Selection())


def _explained(path: str, failure: Failure) -> list[str]:
    """Return the causes of *failure* with their fixes."""
    lines = []
    for finding in _causes(path, failure):
        lines.append(f"cause: {clean(finding.message)} ({finding.check})")
        lines += [f"  fix: {clean(fix.title)}" for fix in finding.fixes[:1]]
        lines += [f"    $ {clean(command.line)}" for fix in finding.fixes[:1] for command in fix.commands]
    return lines


def _result(path: str, one: Attempt | str) -> Result:
    if isinstance(one, str):
        return Result("trial", os.path.basename(path), error=one, outcome=Outcome.NOT_JUDGED)
    found: dict[tuple[str, str], Finding] = {}
    for failure in (failure for failure in one.failures if not failure.slow):
        seen = Evidence(failure.error, where=failure.module)
        unknown = Finding(f"{failure.module} cannot be {_word(one)}", Severity.ERROR, (), check=_UNKNOWN)
        for finding in _causes(path, failure) or [unknown]:
            key = (finding.check, finding.message)
            known = found.setdefault(key, finding._replace(severity=Severity.ERROR))
            found[key] = known._replace(evidence=(seen, *known.evidence))
    outcome = Outcome(one.outcome)
    if any(finding.check == _UNKNOWN for finding in found.values()):
        outcome = Outcome.UNKNOWN_CAUSE
    told = (*_details(one), *_aside(one))
    findings = tuple(found.values())
    return Result("trial", one.wheel, {}, findings, outcome=outcome, headline=_headline(one), details=told)


def _row(path: str, one: Attempt | str) -> dict[str, Any]:
    if isinstance(one, str):
        return {"error": one, "outcome": "not-judged"}
    return {
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
