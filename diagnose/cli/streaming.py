"""JSON Lines while the inputs are judged: each row is written when it is known, and little of it is kept."""

from __future__ import annotations

from contextlib import ExitStack

from diagnose.cli.destinations import growing
from diagnose.engine.run import Report, Result
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Finding
from diagnose.reports import jsonl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from diagnose.cli.destinations import Destination
    from diagnose.cli.options import Selection


def write_rows(
    results: Iterable[Result],
    places: Iterable[Destination],
    report_on: Callable[[Iterable[Result]], Report],
    selection: Selection,
    keep: bool,
) -> Report:
    """Write a row for each of *results* to all *places*, and return what *report_on* makes of them at the end.

    *keep* says that other formats need all of them; otherwise only what exit code and notices depend on is kept.

    Raises:
        OutputError: a row cannot be written; files are then as they were.
    """
    kept: dict[Any, Result] = {}
    with ExitStack() as stack:
        adders = [stack.enter_context(growing(place)) for place in places]
        for number, result in enumerate(results):
            row = jsonl.row(result)
            for add in adders:
                add(row)
            rest = result if keep else _essence(result, selection)
            kept.setdefault(number if keep else _key(rest), rest)
        report = report_on(kept.values())
        for add in adders:
            add(jsonl.last(report.notices))
    return report


def _key(result: Result) -> object:
    """Return what two results without a difference for exit code and notices have in common."""
    return repr(result)


def _essence(result: Result, selection: Selection) -> Result:
    """Return what exit code and notices depend on, which is the same for most subjects."""
    facts: dict[str, Any] = {}
    name = ""
    passed: tuple[str, ...] = ()
    if selection.settings is not None and selection.settings.excludes:
        needed = {name for elf in result.facts.get("elf_files", ()) for name in elf["needed"]}
        facts["elf_files"] = [{"needed": sorted(needed)}]
    if selection.known is not None:
        name = result.name
        facts.update((key, result.facts[key]) for key in ("target", "layout", "name", "arch") if key in result.facts)
        listed = {one.check for one in selection.known.findings}
        passed = tuple(check for check in result.passed if check in listed)
    error = None if result.error is None else ""
    findings = tuple(map(_verdict, result.findings))
    aside = tuple(_verdict(finding) for finding in (*result.ignored, *result.recovered) if any(_declared(finding)))
    return Result(result.kind, name, facts, findings, passed, error=error, outcome=result.outcome, recovered=aside)


def _verdict(finding: Finding) -> Finding:
    declared = tuple(one._replace(names=()) for one in _declared(finding))
    return Finding("", finding.severity, (), check=finding.check, known=finding.known, declared=declared)


def _declared(finding: Finding) -> Iterator[Any]:
    yield from finding.declared
    for follower in finding.consequences:
        yield from _declared(follower)
