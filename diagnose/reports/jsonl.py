"""JSON Lines: one subject a line, in the order of the inputs, each as in the JSON report."""

from __future__ import annotations

import json

from diagnose.engine.run import Report
from diagnose.reports.json import SCHEMA, subject


def render(report: Report) -> str:
    """Return one line for each subject, ASCII only."""
    return "".join(json.dumps({"schema": SCHEMA, **subject(result)}) + "\n" for result in report.results)
