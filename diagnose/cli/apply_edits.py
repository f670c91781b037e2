"""Edits of files that a command proposes: printed as a patch, or applied with the journal that ``undo`` reads."""

from __future__ import annotations

import sys

from diagnose.cli import console
from diagnose.cli.errors import OutputError, UsageError
from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.cli.options import WorkflowOptions
    from diagnose.fixes.plan import Plan
    from diagnose.model.finding import FileEdit


def finish(edits: Sequence[FileEdit], root: str, options: WorkflowOptions) -> None:
    """Print the *edits* of files in the folder *root* as a patch, or apply them.

    Raises:
        UsageError: they were refused, or cannot be applied.
    """
    from diagnose.fixes import apply, render
    from diagnose.fixes.disk import ApplyError
    from diagnose.fixes.plan import Plan

    plan = Plan(settings=tuple(edits))
    if options.diff:
        console.write_exactly(render.diff(plan))
        return
    if all(edit.before == edit.after for edit in edits):
        console.write("nothing to change\n")
        return
    if not options.yes and not agreed(plan):
        raise UsageError("Nothing was applied. Pass --yes to apply these changes.")
    try:
        apply.apply(edits, (), "/", root, console.warn)
    except ApplyError as error:
        raise UsageError(str(error)) from None


def agreed(plan: Plan) -> bool:
    """Ask on a terminal whether to apply *plan*; elsewhere the answer is no."""
    from diagnose.fixes import render

    if sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    commands = "".join(f"$ {command.line}\n" for command in plan.commands)
    try:
        sys.stderr.write(f"{render.diff(plan)}{commands}Apply all this? [y/N] ")
        sys.stderr.flush()
    except OSError as error:
        raise OutputError(f"standard error: {error.strerror or error}") from None
    return sys.stdin.readline().strip().lower() in ("y", "yes")
