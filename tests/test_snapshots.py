"""The whole output of every command for every fixture, so that its wording is reviewed like code.

``python3 dev.py test --accept`` writes the golden files below ``tests/snapshots`` again; read their diff before you
commit it. A failure shows the difference and nothing else.
"""

from __future__ import annotations

import difflib
import os
import platform
import sys
from pathlib import Path

import outputs
import pytest
from conftest import need

FOLDER = Path(__file__).resolve().parent / "snapshots"
ACCEPT = bool(os.environ.get("DIAGNOSE_ACCEPT"))
SHOWN = 80
"""Lines of a difference that a failure shows."""


def difference(name: str, before: str, after: str) -> str:
    """Return what a failure prints for the golden file *name*."""
    sides = (before.splitlines(), after.splitlines(), f"{name}, accepted", f"{name}, now")
    lines = list(difflib.unified_diff(*sides, n=2, lineterm=""))
    rest = [f"… and {len(lines) - SHOWN} more lines"] if len(lines) > SHOWN else []
    return "\n".join([*lines[:SHOWN], *rest, "", "If that is what you want: python3 dev.py test --accept"])


@pytest.mark.parametrize(("kind", "group"), list(outputs.snapshots()))
def test_output_is_as_accepted(kind: str, group: str) -> None:
    need(kind != "env" or (sys.platform, platform.machine()) == ("linux", "x86_64"), "the roots are for x86_64 Linux")
    file = FOLDER / kind / f"{group}.txt"
    now = outputs.golden(kind, group)
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    if now == before:
        return
    if not ACCEPT:
        pytest.fail(difference(f"{kind}/{group}.txt", before, now), pytrace=False)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(now, encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    known = {FOLDER / kind / f"{group}.txt" for kind, group in outputs.snapshots()}
    left = set(FOLDER.rglob("*.txt")) - known
    if ACCEPT:
        for file in left:
            file.unlink()
    else:
        assert not left


def test_a_difference_shows_the_changed_line_and_how_to_accept_it() -> None:
    shown = difference("log/x.txt", "$ a\nold\n", "$ a\nnew\n").splitlines()
    assert "-old" in shown
    assert "+new" in shown
    assert "--accept" in shown[-1]
    long = difference("x", "", "\n".join(map(str, range(500))))
    assert "more lines" in long
    assert len(long.splitlines()) < SHOWN + 5
