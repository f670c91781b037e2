"""One shell script with the repacking fixes of all findings of each wheel."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.remedies.repack import merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.engine.run import Result
    from diagnose.model.finding import Finding, Fix


def render(results: Iterable[Result]) -> str:
    """Return a POSIX shell script; findings without a fix that repacks the wheel are named in comments."""
    lines = ["#!/bin/sh", "set -eu"]
    for result in results:
        lines += ["", *_script(result)]
    return "".join(line + "\n" for line in lines)


def _script(result: Result) -> Iterator[str]:
    if result.error is not None:
        yield f"# {_comment(result.error)}"
        return
    yield f"# {_comment(result.name)}: {len(result.findings) or 'no'} problem{'' if len(result.findings) == 1 else 's'}"
    chosen = [(finding, _repacking(finding)) for finding in result.findings]
    for finding, fix in chosen:
        if fix is None:
            title = finding.fixes[0].title if finding.fixes else "no fix is known"
            yield f"# by hand: {finding.check}: {_comment(title)}"
        else:
            yield f"# {finding.check}: {_comment(fix.title)}"
    yield from merged(fix for _, fix in chosen if fix is not None)


def _repacking(finding: Finding) -> Fix | None:
    """Return the first fix of *finding* that changes the finished wheel, or None."""
    return next((fix for fix in finding.fixes if fix.repack is not None), None)


def _comment(text: str) -> str:
    """Return *text* on one line of printable characters."""
    return "".join(character if character.isprintable() else " " for character in text)
