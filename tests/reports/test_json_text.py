"""The JSON that reports are written in is the standard library's."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.reports import json_text

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.lists(inner).map(tuple),
)


@given(DOCUMENTS)
def test_a_document_is_written_as_the_standard_library_does(document: object) -> None:
    assert json_text.dumps(document) == json.dumps(document, indent=2)


def test_every_character_is_written_as_the_standard_library_does() -> None:
    text = "".join(map(chr, (*range(0x300), 0x2028, 0xD800, 0xDFFF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF)))
    assert json_text.dumps(text) == json.dumps(text)


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, object()])
def test_what_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        json_text.dumps([value])
