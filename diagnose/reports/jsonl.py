"""JSON Lines: one subject a line, in the order of the inputs, each as in the JSON report.

Notices about the user's settings, which the end alone can tell, are one more line that has ``notices`` instead.
"""

from __future__ import annotations

import json

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.reports.json import SCHEMA, subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.engine.run import Report, Result


def render(report: Report) -> str:
    """Return one line for each subject, ASCII only, and the line of notices, if there are any."""
    return "".join([*map(row, report.results), last(report.notices)])


def row(result: Result) -> str:
    """Return the line of *result*."""
    return json.dumps({"schema": SCHEMA, **subject(result)}) + "\n"


def last(notices: Sequence[str]) -> str:
    """Return the line of *notices*; nothing without any."""
    return json.dumps({"schema": SCHEMA, "notices": list(notices)}) + "\n" if notices else ""
