"""One shell script with the repacking fixes of all findings of each wheel."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.remedies.repack import commands, merged, repacking
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.engine.run import Result
    from diagnose.model.finding import Fix


def render(results: Iterable[Result]) -> str:
    """Return a POSIX shell script that fixes one wheel after the other, and names those that it could not fix.

    Findings without a fix that repacks the wheel are named in comments, and so are fixes that only change tags while
    an error remains: they would remove the evidence.
    """
    blocks = [list(_block(result)) for result in results]
    needs = sorted({need for result in results for fix in repacking(result.findings).values() for need in _needs(fix)})
    lines = ["#!/bin/sh", "set -u", *(f"# {need}" for need in needs), "failed="]
    for block in blocks:
        lines += ["", *block]
    lines += ["", '[ -z "$failed" ] || { echo "not fixed:$failed" >&2; exit 1; }']
    return "".join(line + "\n" for line in lines)


def _block(result: Result) -> Iterator[str]:
    if result.error is not None:
        yield f"# {_comment(result.error)}"
        return
    yield f"# {_comment(result.name)}: {len(result.findings) or 'no'} problem{'' if len(result.findings) == 1 else 's'}"
    chosen = repacking(result.findings)
    for number, finding in enumerate(result.findings):
        if number in chosen:
            yield f"# {finding.check}: {_comment(chosen[number].title)}"
        else:
            title = finding.fixes[0].title if finding.fixes else "no fix is known"
            yield f"# by hand: {finding.check}: {_comment(title)}"
    if (parts := merged(chosen.values())) is not None:
        yield "{ " + " &&\n  ".join(commands(parts)) + "; } ||"
        yield f'  failed="$failed "{quote(result.name)}'


def _needs(fix: Fix) -> Iterator[str]:
    if "Needs: " in fix.notes:
        yield "Needs: " + _comment(fix.notes.partition("Needs: ")[2])
    if "llvm-strip" in fix.notes:
        yield "Needs: the strip of each wheel's architecture, from binutils; or LLVM's, 17 or later."


def _comment(text: str) -> str:
    """Return *text* on one line of printable characters."""
    return "".join(character if character.isprintable() else " " for character in text)
