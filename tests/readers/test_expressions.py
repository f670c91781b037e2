"""What is known of an expression before it is compiled."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.readers.buildlog.expressions import required

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
    "((nested)(groups)?)x": "x",
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


_PARTS = st.sampled_from(
    ["ab", "c", r"\.", r"\w", r"\d{1,3}", "[a-c]", "[^]x]", "x?", "y*", "z+", "(?:de|fg)", "(h)?", "(?P<n%d>ij)+",
     "k{2}", "l{0,2}", r"\(", "{", ".", r"\s+", "(?!zz)", "m??", "(?:n(?:o|p))", r"[\]q]", "é"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_PARTS, min_size=1, max_size=8), st.data())
def test_every_match_contains_it(parts: list[str], data: st.DataObject) -> None:
    expression = "".join(part % number if "%" in part else part for number, part in enumerate(parts))
    text = data.draw(st.from_regex(expression))
    found = re.search(expression, text)
    assert found is not None and required(expression, "") in found[0]
