"""Unexpected exceptions: the subject, or the one check, that raised one is reported as not inspected."""

from __future__ import annotations

from diagnose.model.check import KINDS, Check
from diagnose.model.finding import Evidence, Finding, Fix, InputError, Severity

ISSUES = "https://github.com/diagnose-dev/diagnose/issues"
"""The address for bug reports."""
ID = "internal-error"
"""Replaces the check's id in a finding about a check that failed."""


def page() -> Check:
    """Return the documentation of these findings, in the form of a check's."""
    return Check(since="0.1.0", id=ID, doc=_DOC, detectors=dict.fromkeys(KINDS, lambda subject: ()))


_DOC = f"""A part of diagnose itself failed.

The named input, or one check of it, could not be inspected because of a bug in diagnose. The findings of the other
checks, and the reports on other inputs, are complete. The exit code is 2.

How to fix: repeat the command with ``--traceback``, and report the output without its private parts.

References:
    {ISSUES}
"""


def finding(check: str, error: Exception) -> Finding:
    """Return the finding in place of the result of *check*, which raised *error*."""
    return Finding(
        f"the check {check} failed; its result is missing",
        Severity.ERROR,
        (Evidence(words(error), where=check),),
        "This report is incomplete.",
        (Fix(f"repeat the command with --traceback; report its output at {ISSUES}"),),
        check=ID,
    )


def reason(name: str, error: Exception) -> str:
    """Return one line with the reason why the subject *name*, whose reading raised *error*, was not inspected."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"{name}: not enough memory to read it"
    if isinstance(error, OSError):
        return f"{name}: {error.strerror or words(error)}"
    return f"{name}: internal error: {words(error)}; please report it at {ISSUES} (--traceback shows where)"


def words(error: Exception) -> str:
    """Return the type and the beginning of the message of *error* in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def trace(error: Exception) -> str:
    """Return the Python traceback of *error*, or nothing for a known input error."""
    if isinstance(error, InputError):
        return ""
    import traceback

    return "".join(traceback.format_exception(type(error), error, error.__traceback__))
