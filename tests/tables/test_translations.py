"""The linker's messages in other languages."""

from __future__ import annotations

import re

import pytest

from diagnose.tables import translations

MESSAGES = tuple((kind, message) for kind, messages in translations._MESSAGES for message in messages)
FACTS = {"lib": "foo", "file": "/x/libfoo.so", "symbol": "foo_new"}


@pytest.mark.parametrize(("kind", "message"), MESSAGES)
@pytest.mark.parametrize("quoted", ["{}", '"{}"', "`{}'", '" {} "'])  # other quotes are replaced before
def test_a_fact_is_read_with_any_quotes(kind: str, message: str, quoted: str) -> None:
    pattern = translations._pattern(kind, message)
    assert pattern in translations.linker()
    words = {**FACTS, "lib": "-lfoo", "symbol": quoted.format("foo_new")}
    line = f"/usr/bin/ld: {message.format(**words)}"
    match = re.search(pattern.pattern, line)
    assert pattern.anchor in line
    assert match is not None
    assert match.groupdict() == {name: FACTS[name] for name in match.groupdict()}
