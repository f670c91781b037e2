"""The short form of the attacks on each reader; ``dev.py fuzz KIND SECONDS`` is the long one."""

from __future__ import annotations

import importlib
import os
import signal
import sys

import pytest
from conftest import need

from diagnose.model.finding import InputError
from hostile import engine

KINDS = ("apt", "archive", "cargo", "elf", "image", "loglines", "pc", "root", "workflow")


@pytest.mark.parametrize("name", KINDS)
def test_mutated_input_is_read_or_refused(name: str) -> None:
    need(sys.platform != "win32", "the time limit is a signal")
    # In a process of its own: readers are changed so that they keep nothing of an input.
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        said: list[object] = []
        code = importlib.import_module(f"hostile.{name}").main(1.5, 0, said.append)
        os.write(writing, "\n".join(map(str, said)).encode("utf-8", "replace")[:60_000])
        os._exit(code)
    os.close(writing)
    with open(reading, "rb") as file:
        shown = file.read().decode()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, shown
    assert int(shown.split()[1]) > 20, shown


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (lambda _: None, "read"),
        (lambda _: _refuse("no"), "refused"),
        (lambda _: _refuse("no\nno"), "refused in several lines"),
        (lambda _: 1 // 0, "ZeroDivisionError"),
        (lambda _: _without_end(), "Hang"),
    ],
)
def test_the_engine_notices_a_fault(
    fault: engine.Callable[[object], object], outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    need(sys.platform != "win32", "the time limit is a signal")
    monkeypatch.setattr(engine, "STUCK", 0.2)
    before = signal.signal(signal.SIGVTALRM, engine._stuck)
    try:
        assert outcome in engine.attempt(engine.Kind("x", lambda chance: None, fault), None)
    finally:
        signal.signal(signal.SIGVTALRM, before)


def _refuse(reason: str) -> None:
    raise InputError(reason)


def _without_end() -> None:
    while True:
        pass
