"""What the commands with a report have in common: choosing the checks, and printing what they found."""

from __future__ import annotations

from diagnose.cli import console
from diagnose.cli.errors import UsageError, did_you_mean
from diagnose.engine import registry
from diagnose.engine.headline import selected
from diagnose.engine.run import Report, Result, run_checks
from diagnose.model._lazy_stdlib import TYPE_CHECKING, cache
from diagnose.model.check import KINDS
from diagnose.model.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    from diagnose.cli.options import Output, Selection
    from diagnose.model.check import Check
    from diagnose.model.pattern import Pattern
    from diagnose.model.subject import Subject

    _Subject = TypeVar("_Subject", bound=Subject)


@cache
def chosen(kind: str, selection: Selection) -> list[Check]:
    """Return the checks of *kind* that the user wants.

    Raises:
        UsageError: an id is unknown, or belongs to another kind of subject, or no check is left.
    """
    checks = registry.load(kind)
    select, ignore = _ids(selection.select), _ids(selection.ignore)
    for option, ids in (("--select", select), ("--ignore", ignore)):
        for name in ids:
            if not any(check.matches(name) for check in checks):
                raise UsageError(f"{option}: {_unknown(name, kind, checks)}")
    left = registry.select(checks, select, ignore)
    if not left:
        raise UsageError(f"{'--select and --ignore leave' if select else '--ignore leaves'} no check to run")
    return left


def log_patterns(selection: Selection) -> list[Pattern]:
    """Return the patterns of the checks of logs that the user wants."""
    return [pattern for check in chosen("log", selection) for pattern in check.patterns]


def _ids(values: Iterable[str]) -> list[str]:
    """Return the ids in *values*, each of them one id or several with commas between; ids are written in lower case."""
    found: list[str] = []
    for value in values:
        found += [name for name in value.lower().replace(" ", "").split(",") if name] or [""]
    return found


def _unknown(name: str, kind: str, checks: Iterable[Check]) -> str:
    own, known = names(checks), registry.load()
    others = [check for check in known if check.matches(name)]
    if not others:
        return f"no check is named {name!r}{did_you_mean(name, names(known))}"
    kinds = " and ".join(f"`{other}`" for other in KINDS if any(other in one.detectors for one in others))
    what = "is a check" if name in names(others) else "selects checks"
    return f"{name!r} {what} of {kinds}, not of `{kind}`{did_you_mean(name, own)}"


def names(checks: Iterable[Check]) -> list[str]:
    """Return every id and alias of *checks*."""
    return [name for check in checks for name in (check.id, *check.aliases)]


def render(report: Report, output: Output) -> str:
    """Return *report* in the format that the user wants."""
    if output.format == "json":
        from diagnose.reports import json

        return json.render(report)
    if output.format == "github":
        from diagnose.reports import github

        return github.render(report)
    from diagnose.reports import text

    return text.render(report, text.terminal_style(output.quiet, output.verbose))


def exit_code(report: Report, output: Output) -> int:
    """Return the exit code that *report* has under ``--fail-on``."""
    if output.fail_on == "unknown":  # an error, or no answer
        return report.exit_code(Severity.ERROR, unknown=True)
    return report.exit_code(None if output.fail_on == "never" else Severity(output.fail_on))


def inspect(
    kind: str,
    name: str,
    read: Callable[[], _Subject],
    describe: Callable[[_Subject], dict[str, Any]],
    selection: Selection,
) -> Result:
    """Read one subject of *kind* and run the checks that the user wants; the others are named as left out."""
    result = run_checks(kind, name, read, describe, chosen(kind, selection))
    left_out = _left_out(kind, selection)
    if not left_out or result.error is not None:
        return result
    if kind not in ("log", "workflow"):  # a log's headline is made from the findings alone
        result = result._replace(headline=selected(kind, result.facts, result.findings, len(left_out)))
    return result._replace(left_out=left_out)


@cache
def _left_out(kind: str, selection: Selection) -> tuple[str, ...]:
    if not (selection.select or selection.ignore):
        return ()
    wanted = {check.id for check in chosen(kind, selection)}
    return tuple(check.id for check in registry.load(kind) if check.id not in wanted)


def finish(results: Iterable[Result], output: Output) -> int:
    """Print the report on *results* and return the exit code.

    Raises:
        OutputError: it cannot be printed.
    """
    report = Report(tuple(results))
    if output.traceback:
        traces(report)
    console.write(render(report, output))
    return exit_code(report, output)


def traces(report: Report) -> None:
    """Print on standard error where each internal error happened."""
    for result in report.results:
        for trace in result.traces:
            console.warn(trace.rstrip("\n"))
