"""Patterns of names: the same answers as fnmatch's, and no pattern that is slow."""

from __future__ import annotations

import random
import time
from fnmatch import fnmatchcase

import pytest

from diagnose.model import globs


def test_the_answers_are_those_of_fnmatch() -> None:
    chance = random.Random(1)
    fitting = 0
    for _ in range(60_000):
        pattern = "".join(chance.choices("ab*?[]!-\n", (4, 4, 4, 1, 1, 1, 1, 1, 1), k=chance.randint(0, 8)))
        name = "".join(chance.choices("ab-]\n", (4, 4, 1, 1, 1), k=chance.randint(0, 6)))
        assert globs.fits(name, pattern) == fnmatchcase(name, pattern), (name, pattern)
        fitting += globs.fits(name, pattern)
    assert fitting > 3000


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("*a" * 500_000 + "b", id="stars"),
        pytest.param("a" * 500_000 + "*", id="long"),
        pytest.param("*" * 1_000_000, id="run"),
        pytest.param("[" * 500_000, id="brackets"),
        pytest.param("?*" * 16, id="any"),
        pytest.param("*[a]" * 16, id="sets"),
    ],
)
def test_no_pattern_is_slow(pattern: str) -> None:
    begun = time.process_time()
    for name in ("a" * 60_000, "a" * 60_000 + "b", "b"):
        for _ in range(20):
            globs.fits(name, pattern)
    assert time.process_time() - begun < 2


def test_a_pattern_of_many_choices_is_refused() -> None:
    assert not globs.is_excessive("*" * 1000)
    assert not globs.is_excessive("[a-z]*" * 16)
    assert globs.is_excessive("?*" * 17)
    assert not globs.fits("a" * 40, "?" * 40)
