"""Of an unknown failure the report shows what the error itself advises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from logs import judged

if TYPE_CHECKING:
    from pathlib import Path


def _notes(text: str, tmp_path: Path) -> list[str]:
    log = tmp_path / "build.log"
    log.write_text(f"{text}\n")
    (finding,) = judged(log).findings
    assert finding.check == "unknown-failure"
    return [fix.notes for fix in finding.fixes]


@pytest.mark.parametrize(
    "text",
    [
        "error: the demo is not there, please install it",
        "error: no folder for the demo, set DEMO_HOME",
        "error: two demos fit, use --demo",
        "error: demo of another kind: option required --demo=NAME",
        "error: DEMO_HOME must be set",
        "DemoError: You need to choose a demo",
    ],
)
def test_an_error_that_advises_is_shown_as_advice(text: str, tmp_path: Path) -> None:
    notes = _notes(text, tmp_path)
    assert notes[0].startswith("It says: ")
    assert not any("not enough" in note for note in notes)


@pytest.mark.parametrize(
    "text",
    [
        "error: failed to run `demo --all`",
        "error: cannot use 'demo'",
        "error: use of a demo",
        "error: unrecognized option '-Wno-demo'; did you mean '-Wno-pragmas'?",
        "error: unable to install 'demo'",
    ],
)
def test_an_error_that_only_says_what_failed_is_not(text: str, tmp_path: Path) -> None:
    assert not any("It says" in note for note in _notes(text, tmp_path))
