"""What judging one subject came to: the one answer that text, tables, JSON and exit codes share."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import Enum


class Outcome(Enum):
    """What judging one subject came to.

    ``OK``: everything that was looked at is right; warnings and notes may remain. ``FAILED``: an error was found, and
    its cause is named. ``UNKNOWN_CAUSE``: it failed (a build's log says so), and no check knows why. ``CANNOT_TELL``:
    something that decides it could not be read or asked. ``NOT_JUDGED``: no check knows such a
    subject, or it could not be read.
    """

    OK = "ok"
    FAILED = "failed"
    UNKNOWN_CAUSE = "failed-unknown-cause"
    CANNOT_TELL = "cannot-tell"
    NOT_JUDGED = "not-judged"
