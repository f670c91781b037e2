"""What tests need of the machine, and what happens where it is missing."""

from __future__ import annotations

import os
import signal

import hypothesis
import pytest

# A test that is slow because the machine is busy has not failed; tests/pace.py bounds costs.
hypothesis.settings.register_profile("busy", deadline=None)
hypothesis.settings.load_profile("busy")
os.environ.pop("GITHUB_STEP_SUMMARY", None)  # what tests report is not about the step that runs them
# Ignored in the background of a script, or by nohup; the commands under test would ignore them, too.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
os.environ["CI"] = "true"  # no test sees the results of another one, or of its user


def need(condition: object, reason: str) -> None:
    """Skip with *reason* unless *condition*; fail instead where DIAGNOSE_REQUIRE says that everything must run."""
    if condition:
        return
    if os.environ.get("DIAGNOSE_REQUIRE"):
        pytest.fail(f"must run here, but {reason}", pytrace=False)
    pytest.skip(reason)
