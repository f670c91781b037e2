"""What is known of an expression before it is compiled."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.engine import registry
from diagnose.readers.buildlog.expressions import choices, required
from diagnose.readers.buildlog.patterns import SHARED

LOGS = Path(__file__).resolve().parents[2] / "fixtures" / "logs"

FOUND = {
    "held broken packages": "held broken packages",
    r"linker ['`](?P<linker>\S+)['`] not found": " not found",
    r"\bdocker run (?:-\w )?image": "docker run ",
    r"a\.b\(c\)": "a.b(c)",
    "colou?r": "colo",
    "abc*de": "ab",
    "abc+de": "abc",
    "abc{0,3}de": "ab",
    "abc{,}": "ab",
    "ab{c": "a",  # a brace of its own, which it could be
    "(?:optional)?needed": "needed",
    "(?<!behind)needed(?=ahead)": "needed",
    "((nested)(groups)?)x": "nested",
    "[^]abc]x[abc]": "x",
    r"[\]abc]xy": "xy",
    "[(]xy[)]": "xy",
    r"\(xy\)": "(xy)",
    r"(\)abc)?x": "x",
    "one|another": "",
    "(?:one|another) way": " way",
    "(?i)word": "",
    "(?i:word) other": "",
    r"a\x41b": "",
    r"a(b)\1c": "",
    r"a\u0041": "",
    ".": "",
    "": "",
}


@pytest.mark.parametrize("expression", FOUND)
def test_what_is_required(expression: str) -> None:
    re.compile(expression)
    assert required(expression, "") == FOUND[expression]


def test_what_is_known_is_not_looked_for_again() -> None:
    assert required("could not find .* of it", "could not find it") == " of it"
    assert required("could not find .* of it", "could not find of it") == ""


CHOICES = {
    "could not (?:find|read) it": [("could not ",), ("find", "read"), (" it",)],
    "(?P<name>one|another) way": [("one", "another"), (" way",)],
    "one|another": [("one", "another")],
    "(?:one|another)?way": [("way",)],
    "(?:one|another){0,2}way": [("way",)],
    "(?:one|another)+?way": [("one", "another"), ("way",)],
    "(?:one|)way": [("way",)],
    "(?:one|[xy])way": [("way",)],
    r"(?:a one|b(?:two|three)|\w+four)": [("a one", "two", "three", "four")],
    "(?!not this)but that": [("but that",)],
    "(?<=a|b)(?P<first>c)(?P=first)d": [("c",), ("d",)],
    "(?:one|another(?i:word))": [("one", "another")],
    "((((a))))": [("a",)],
    r"one (?:\x41|b)": [],
}


@pytest.mark.parametrize("expression", CHOICES)
def test_of_what_a_match_has_one(expression: str) -> None:
    re.compile(expression)
    assert choices(expression) == CHOICES[expression]


def test_every_line_that_a_pattern_matches_has_what_it_requires() -> None:
    patterns = [*SHARED, *(row for check in registry.load("log") for row in check.patterns)]
    lines = [line for path in sorted(LOGS.rglob("*.log")) for line in path.read_text(errors="replace").split("\n")]
    lines += (LOGS / "wordings.txt").read_text().split("\n")
    lines = sorted({line for line in lines if len(line) < 1000})
    seen = 0
    for _, anchor, expression, _, _ in patterns:
        for line in (line for line in lines if anchor in line):
            if re.search(expression, line):
                seen += 1
                assert required(expression, anchor) in line
                assert all(any(text in line for text in choice) for choice in choices(expression)), expression
    assert seen > 1000


_PARTS = st.sampled_from(
    ["ab", "c", r"\.", r"\w", r"\d{1,3}", "[a-c]", "[^]x]", "x?", "y*", "z+", "(?:de|fg)", "(h)?", "(?P<n%d>ij)+",
     "k{2}", "l{0,2}", r"\(", "{", ".", r"\s+", "(?!zz)", "m??", "(?:n(?:o|p))", r"[\]q]", "é",
     "(?:qr|st|)", "(?:u|v+|wx?)+?"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_PARTS, min_size=1, max_size=8), st.data())
def test_every_match_contains_it(parts: list[str], data: st.DataObject) -> None:
    expression = "".join(part % number if "%" in part else part for number, part in enumerate(parts))
    text = data.draw(st.from_regex(expression))
    found = re.search(expression, text)
    assert found is not None and required(expression, "") in found[0]
    assert all(any(one in found[0] for one in choice) for choice in choices(expression))
