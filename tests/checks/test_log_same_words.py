"""Tools print the same words for several causes: each is told by what else the log shows, or both are named."""

from __future__ import annotations

import pytest
from logs import FOLDER, judged

#: log → words of its message; words of its first fix; words that neither may have.
TOLD = {
    "alpine-program-perhaps-absent": ("or it does not exist", "if it does not exist", ""),
    "numpy-absent": ("is not installed", "pip install numpy", "PACKAGE"),
    "numpy-older-api": ("another numpy", "--upgrade 'numpy<2'", "PACKAGE"),
    "numpy-older-api-1.25": ("another numpy", "--upgrade 'numpy<2'", "PACKAGE"),
    "numpy-older-array": ("another numpy", "--upgrade 'numpy<2'", "PACKAGE"),
}


@pytest.mark.parametrize("name", TOLD)
def test_the_words_of_several_causes_are_told_apart(name: str) -> None:
    message, first, never = TOLD[name]
    (finding,) = judged(FOLDER / "composed" / "alike" / f"{name}.log").findings
    fix = finding.fixes[0]
    words = " ".join([fix.title, *(command.line for command in fix.commands), *map("=".join, fix.env), fix.notes])
    assert message in finding.message
    assert first in words
    assert not never or never not in f"{finding.message} {words}"
