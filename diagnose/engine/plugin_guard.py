"""Makes a plugin's check as sound as a built-in one: a fault in it costs its own result, and is named.

Its code runs as ours does, in this process. So its time is bounded where Python itself could be interrupted by Ctrl-C:
not in code that is compiled and does not return, and not outside the main thread, where Python has no signals.
"""

from __future__ import annotations

import signal
from itertools import islice

from diagnose.model._lazy_stdlib import TYPE_CHECKING, contextlib, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, FileEdit, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import Pattern, Wordings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from diagnose.model.check import Detector

FINDINGS_LIMIT = 1000
"""Findings of one check about one subject; more of them help no reader."""
TIME_LIMIT = 60.0
"""Seconds for an import, and for each call of a check's functions; a real one takes a fraction of the first."""

_FIELDS: dict[str, type | tuple[type, ...]] = {
    "since": str, "phase": Phase, "needs": str, "fallback": bool, "admits": bool, "pedantic": bool, "of_linux": bool,
}  # fmt: skip
_LISTS: dict[str, type | tuple[type, ...]] = {
    "patterns": (Pattern, Wordings), "log_kinds": str, "env_facts": str, "aliases": str,
}  # fmt: skip
_FINDING = {"message": str, "severity": Severity, "consequence": str, "declarable": bool}
_FINDING_LISTS = {"evidence": Evidence, "fixes": Fix, "libraries": str, "symbols": str}
_FIX = {"title": str, "notes": str, "safe": bool}
_FIX_LISTS = {"commands": Command, "files": FileEdit, "env": tuple, "unset": str}


def fault(check: Check) -> str:
    """Return what is wrong with the fields of a declaration; empty if nothing is."""
    wrong = [name for name, kind in _FIELDS.items() if not isinstance(getattr(check, name), kind)]
    wrong += [name for name, kind in _LISTS.items() if not _is_list(getattr(check, name), kind)]
    if check.applies is not None and not callable(check.applies):
        wrong.append("applies")
    if "patterns" not in wrong and not all(map(_is_sound, check.patterns)):
        wrong.append("patterns")
    return f"{', '.join(wrong)} of its CHECK {'are' if len(wrong) > 1 else 'is'} not of its kind" if wrong else ""


def _is_sound(pattern: Pattern | Wordings) -> bool:
    if isinstance(pattern, Wordings):
        return _is_list(pattern.anchors, bytes) and callable(pattern.fetch)
    try:
        re.compile(pattern.pattern).search("")
    except (re.error, TypeError):
        return False
    return isinstance(pattern.kind, str) and isinstance(pattern.anchor, str) and isinstance(pattern.lines, int)


def guarded(detector: Detector) -> Detector:
    """Return *detector* with its results examined, and with an end of the process made an ordinary error."""

    def detect(subject: Any) -> list[Finding]:
        found: list[Finding] = called(lambda: list(islice(detector(subject), FINDINGS_LIMIT + 1)))
        if len(found) > FINDINGS_LIMIT:
            raise ValueError(f"it has more than {FINDINGS_LIMIT} findings")
        for one in found:
            _examine(one)
        return found

    return detect


class _TimeUpError(BaseException):
    """Not one of the errors that a plugin may catch to try again."""


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Interrupt what runs in this context after :data:`TIME_LIMIT`; a timer that was set before waits for that long.

    Raises:
        TimeoutError: it was interrupted.
    """

    def interrupt(*_: object) -> None:
        raise _TimeUpError

    alarm = getattr(signal, "SIGALRM", None)  # Windows has none
    before = signal.getsignal(alarm) if alarm is not None else None
    try:
        if alarm is None or before is None:  # a handler that is not Python's cannot be put back
            raise ValueError
        signal.signal(alarm, interrupt)
    except ValueError:  # another thread than the main one
        yield
        return
    timer = signal.setitimer(signal.ITIMER_REAL, TIME_LIMIT)
    try:
        yield
    except _TimeUpError:
        raise TimeoutError(f"takes more than {TIME_LIMIT:g} seconds") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(alarm, before)
        signal.setitimer(signal.ITIMER_REAL, *timer)


def called(function: Callable[[], Any]) -> Any:
    """Return what *function* returns.

    Raises:
        RuntimeError: it wants to end the process.
        TimeoutError: it takes too long.
    """
    try:
        with limited():
            return function()
    except SystemExit as error:
        raise RuntimeError(f"SystemExit: {error}") from None


def _examine(finding: object) -> None:
    """Raise TypeError if *finding* is something else, or has a field that is not of its kind."""
    _fields(finding, Finding, _FINDING, _FINDING_LISTS)
    assert isinstance(finding, Finding)
    if not finding.evidence:
        raise TypeError("a finding has no evidence")
    for item in finding.evidence:
        _fields(item, Evidence, {"detail": str, "path": str, "where": str}, {})
    for fix in finding.fixes:
        _fields(fix, Fix, _FIX, _FIX_LISTS)
        for command in fix.commands:
            _fields(command, Command, {"line": str, "stage": FixStage}, {})
        for edit in fix.files:
            _fields(edit, FileEdit, {"path": str, "before": (str, type(None)), "after": str}, {})
        if not all(len(pair) == 2 and _is_list(pair, str) for pair in fix.env):
            raise TypeError("env of a Fix is not of its kind")


def _fields(value: object, kind: type, fields: dict[str, Any], lists: dict[str, Any]) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} instead of {kind.__name__}")
    for name, wanted in fields.items():
        if not isinstance(getattr(value, name), wanted):
            raise TypeError(f"{name} of a {kind.__name__} is not of its kind")
    for name, wanted in lists.items():
        if not _is_list(getattr(value, name), wanted):
            raise TypeError(f"{name} of a {kind.__name__} is not of its kind")


def _is_list(value: object, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, kind) for one in value)
