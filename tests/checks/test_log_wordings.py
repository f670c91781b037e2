"""One fault has many wordings: of a tool, of its siblings, of its older releases. Near misses of them stop nothing.

``fixtures/logs/wordings.txt`` has a block for each: a line ``=== CHECK NAME``, then a short log.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from logs import FOLDER, judged

from diagnose.model.outcome import Outcome

BLOCKS = {
    head.split()[1]: (head.split()[0], text)
    for block in (FOLDER / "wordings.txt").read_text().split("\n=== ")[1:]
    for head, _, text in [block.partition("\n")]
}
#: A build that met the words and went on, or words that only look like a fault.
HEALTHY = {name: text for name, (check, text) in BLOCKS.items() if check == "-"}
KNOWN = {name: (check, text) for name, (check, text) in BLOCKS.items() if check != "-"}


@pytest.mark.parametrize("name", KNOWN)
def test_a_wording_is_known(name: str, tmp_path: Path) -> None:
    check, text = KNOWN[name]
    log = tmp_path / "build.log"
    log.write_text(text)
    assert [finding.check for finding in judged(log).findings][:1] == [check]


@pytest.mark.parametrize("name", HEALTHY)
def test_words_that_stop_nothing_are_not_a_fault(name: str, tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    log.write_text(HEALTHY[name])
    seen = judged(log)
    assert not seen.findings
    assert seen.outcome is not Outcome.FAILED


def test_no_name_is_there_twice() -> None:
    assert len(BLOCKS) == (FOLDER / "wordings.txt").read_text().count("\n=== ")
