"""What the commands with a report have in common: choosing the checks, and printing what they found."""

from __future__ import annotations

import os
import sys

from diagnose.cli import console
from diagnose.cli.destinations import planned, publish, write
from diagnose.cli.errors import OutputError, UsageError
from diagnose.config.config_file import CHOOSING
from diagnose.engine import registry
from diagnose.engine.headline import selected
from diagnose.engine.run import Report, Result, run_checks
from diagnose.model._lazy_stdlib import TYPE_CHECKING, cache
from diagnose.model.check import KINDS
from diagnose.model.finding import Severity
from diagnose.model.outcome import Outcome
from diagnose.model.spelling import did_you_mean
from diagnose.reports.style import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeVar

    from diagnose.cli.destinations import Destination
    from diagnose.cli.options import Output, Selection
    from diagnose.config.baseline import Baseline
    from diagnose.model.check import Check
    from diagnose.model.pattern import Pattern, Wordings
    from diagnose.model.subject import Subject

    _Subject = TypeVar("_Subject", bound=Subject)


@cache
def chosen(kind: str, selection: Selection, unwanted: tuple[str, ...] = ()) -> list[Check]:
    """Return the checks of *kind* that the user wants, without those that *unwanted*, ids or prefixes, names.

    The command line's ``--select`` replaces every choice of the configuration file, ``--ignore`` its ``ignore``. Of
    all choices, ``extend-select`` and then ``extend-ignore`` apply last. Checks that only advise have to be named, or
    asked for by ``--pedantic``.

    Raises:
        UsageError: an id is unknown, or belongs to another kind of subject, or no check is left.
    """
    checks = _loaded(kind)
    choices = (selection.select, selection.ignore, selection.extend_select, selection.extend_ignore)
    given = [_ids(values) for values in choices]
    for option, ids in zip(CHOOSING, given, strict=True):
        for name in ids:
            if not any(check.matches(name) for check in checks):
                raise UsageError(f"--{option}: {_unknown(name, kind, checks)}")
    select, ignore, more, less = given
    file = selection.settings
    if file is not None and not select:
        wanted = [name for name in file.value("select") or () if any(check.matches(name) for check in checks)]
        if file.value("select") and not wanted:
            raise UsageError(f"{file.place('select')}: select names no check of `{kind}`")
        select, ignore = wanted, ignore or list(file.value("ignore") or ())
        more, less = [*more, *(file.value("extend-select") or ())], [*less, *(file.value("extend-ignore") or ())]
    left = registry.select(checks, select, ignore)
    if more or less:
        kept = {check.id for check in (*left, *(registry.select(checks, more, ()) if more else ()))}
        left = registry.select([check for check in checks if check.id in kept], (), less)
    if not selection.pedantic:
        left = [check for check in left if not check.pedantic or any(map(check.matches, (*select, *more)))]
    if not left:
        if file is not None and any(file.value(key) for key in CHOOSING):
            with_line = "with the command line, " if any(given) else ""
            raise UsageError(f"{file.path}: {with_line}its select and ignore leave no check to run")
        raise UsageError(f"{'--select and --ignore leave' if select else '--ignore leaves'} no check to run")
    return registry.select(left, (), unwanted) if unwanted else left


@cache
def _loaded(kind: str) -> list[Check]:
    return registry.stand_ins(kind)


def log_patterns(selection: Selection) -> list[Pattern | Wordings]:
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
    *first, last = (f"`{other}`" for other in KINDS if any(other in one.detectors for one in others))
    kinds = f"{', '.join(first)} and {last}" if first else last
    what = "is a check" if name in names(others) else "selects checks"
    return f"{name!r} {what} of {kinds}, not of `{kind}`{did_you_mean(name, own)}"


def names(checks: Iterable[Check]) -> list[str]:
    """Return every id and alias of *checks*."""
    return [name for check in checks for name in (check.id, *check.aliases)]


def report_on(results: Iterable[Result], output: Output, selection: Selection) -> Report:
    """Return the report on *results*, which ``--fail-on`` judges."""
    return _report(results if selection.known is None else selection.known.marked(results), output, selection)


def _report(results: Iterable[Result], output: Output, selection: Selection) -> Report:
    judged = tuple(results)
    notices = _notices(judged, selection)
    if selection.known is not None and (gone := selection.known.gone(judged)):
        which = "finding is" if gone == 1 else "findings are"
        notices += (f"{selection.known.path}: {gone} {which} gone; --write-baseline writes it again",)
    if output.fail_on == "unknown":  # an error, or an undecided outcome
        return Report(judged, Severity.ERROR, unknown=True, notices=notices)
    return Report(judged, None if output.fail_on == "never" else Severity(output.fail_on), notices=notices)


def _notices(results: tuple[Result, ...], selection: Selection) -> tuple[str, ...]:
    found = selection.settings
    if found is None or not (found.allow or found.excludes) or not results:
        return ()
    from diagnose.config import adjust, excludes

    lines = adjust.unmatched(found, results, chosen(results[0].kind, selection), selection.today)
    return (*lines, *excludes.unmatched(found.excludes, results))


def render(report: Report, place: Destination, output: Output) -> str:
    """Return *report* in the format that *place* has; only text on standard output suits a terminal."""
    if place.format != "text":
        name = f"diagnose.reports.{place.format}"
        __import__(name)  # importlib's own function costs the import of a package
        rendered: str = sys.modules[name].render(report)
        return rendered
    from diagnose.reports import style, text

    look = style.Style() if place.path else style.terminal_style()
    look = look._replace(quiet=output.quiet, verbose=output.verbose)
    rendered = text.render(report, look)
    if output.statistics:
        from diagnose.reports import tables

        rendered += ("\n" if rendered else "") + tables.statistics(report, look)
    return rendered


def inspect(
    kind: str,
    name: str,
    read: Callable[[], _Subject],
    describe: Callable[[_Subject], dict[str, Any]],
    selection: Selection,
    path: str = "",
) -> Result:
    """Read one subject of *kind* and run the checks that the user wants; the others are named as left out.

    *path* is the file that the user named, if the settings may name it, too.
    """
    unwanted: tuple[str, ...] = ()
    rules = None
    if selection.settings is not None:
        from diagnose.config import adjust

        unwanted = adjust.ignored_for(selection.settings, name, path)
        rules = adjust.FindingRules(selection.settings, name, selection.today)
    checks = chosen(kind, selection, unwanted)
    result = run_checks(kind, name, read, describe, checks, rules)
    wanted = {check.id for check in checks}
    left_out = tuple(check.id for check in _loaded(kind) if check.id not in wanted)
    if not (left_out or result.ignored) or result.error is not None:
        return result
    if kind not in ("log", "workflow"):  # a log's headline is made from the findings alone
        count = selected(kind, result.facts, result.findings, len(left_out), len(result.ignored))
        result = result._replace(headline=count)
    return result._replace(left_out=left_out, outcome=result.outcome if checks else Outcome.NOT_JUDGED)


def finish(results: Iterable[Result], output: Output, selection: Selection) -> int:
    """Write the reports on *results* and return the exit code.

    Raises:
        OutputError: one cannot be written, or the baseline cannot.
    """
    results, selection = _with_baseline(results, selection)
    if output.traceback:
        results = _traced(results)
    places = planned(output)
    if any(place.format == "jsonl" for place in places):
        from diagnose.cli import streaming

        rows = [place for place in places if place.format == "jsonl"]
        if selection.known is not None:
            results = selection.known.marked(results)
        report = streaming.write_rows(
            results, rows, lambda judged: _report(judged, output, selection), selection, len(rows) < len(places)
        )
        places = [place for place in places if place not in rows]
    else:
        report = report_on(results, output, selection)
    publish(places, lambda place: render(report, place, output))
    summarize(report, places)
    return report.exit_code()


def _with_baseline(results: Iterable[Result], selection: Selection) -> tuple[Iterable[Result], Selection]:
    """Write the baseline of *results*, if the user wants one: then it is the one that they are compared with."""
    if selection.write_baseline:
        results = tuple(results)
        selection = selection._replace(known=_written(selection.write_baseline, results))
    return results, selection


def _written(path: str, results: tuple[Result, ...]) -> Baseline:
    """Write the baseline of *results* to the file *path*, and return it."""
    from diagnose.config import baseline

    if not Report(results).complete:
        raise OutputError(f"--write-baseline: {path}: not written, because not every input could be inspected")
    found = baseline.of(path, results)
    write(path, baseline.render(found))
    console.warn(f"wrote {path}: {len(found.findings)} findings")
    return found


def summarize(report: Report, places: Iterable[Destination]) -> None:
    """Append *report* to the summary of the step on GitHub Actions, where one of *places* is for people there."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    for_people = ("github", "text") if os.environ.get("GITHUB_ACTIONS") == "true" else ("github",)
    if not path or all(place.format not in for_people for place in places):
        return
    from diagnose.reports import markdown

    try:
        taken = os.path.getsize(path) if os.path.exists(path) else 0
        with open(path, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(markdown.render_summary(report, markdown.SUMMARY_LIMIT - taken))
    except OSError as error:  # the annotations are printed, so nothing is lost
        console.warn(f"diagnose: GITHUB_STEP_SUMMARY: {error.strerror or error}")


def print_fixes(text: str, results: Iterable[Result], output: Output, selection: Selection) -> int:
    """Print *text*, a script or a patch, instead of the report on *results*; return the report's exit code.

    Inputs that could not be judged are named on standard error.

    Raises:
        OutputError: it cannot be written.
    """
    judged, selection = _with_baseline(results, selection)
    if output.output and output.output != "-":
        write(output.output, text, "surrogateescape")
    else:
        console.write_exactly(text)
    report = report_on(judged, output, selection)
    for result in report.results:
        if result.error is not None:
            console.warn(clean(result.error))
    return report.exit_code()


def _traced(results: Iterable[Result]) -> Iterator[Result]:
    for result in results:
        traces([result])
        yield result


def traces(results: Iterable[Result]) -> None:
    """Print on standard error where each internal error happened."""
    for result in results:
        for trace in result.traces:
            console.warn(trace.rstrip("\n"))
