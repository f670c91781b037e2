"""Text of an input, in every place of a result, reaches no report as a control character, a line or markup."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from diagnose import api
from diagnose.engine.run import Report, Result
from diagnose.model.finding import Command, Evidence, FileEdit, Finding, Fix, FixStage, Severity
from diagnose.model.outcome import Outcome

#: Everything that a terminal, a page or a viewer of logs could obey; a line ends with "\n" only.
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
PIECES = (
    "\x00", "\x07", "\x08", "\t", "\n", "\x0b", "\x0c", "\r", "\r\n", "\x1b[2J", "\x1b]8;;https://a.example\x07",
    "\x7f", "\x85", "\x9b31m", "\u2028", "\u2029", "\u202e", "\u2066", "\udcff", "\ud800", "\n::error::x",
    "\n## x\n", "```", "`", "|", "\n| a |", "<b>", "</pre>", "<script>x</script>", "&lt;", "]]>", "<!--", "-->",
    "\"'", "![x](https://a.example)", "@a", "[x](javascript:x)", "%0A", "%0D", "\\n",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from((*PIECES, "a", " ")), max_size=6).map(lambda parts: f"a{''.join(parts)}z")
FACTS: dict[str, Any] = {
    "wheel": {"tags": ["cp312-cp312-linux_x86_64"], "lowest_tag": None, "arch": "x86_64", "elf_files": []},
    "env": {"target": "armv7-unknown-linux-gnueabihf", "libraries": []},
    "log": {"lines": 3, "failed": True, "outcome": "failed", "first_error": None, "last_error": None},
    "workflow": {},
}


def report(kind: str, text: str) -> Report:
    """Return a report on one subject that can be read, and one that cannot, with *text* in every place."""
    steps = (Command(f"apt-get install {text}", FixStage.PACKAGES),)
    fix = Fix(text, steps, env=((f"A{kind}", text),), files=(FileEdit(f"{text}.toml", "a\n", "b\n"),), notes=text)
    finding = Finding(text, Severity.ERROR, (Evidence(text, text), Evidence(text)), text, (fix, fix))
    finding = finding._replace(check="wheel-rpath")
    finding = finding._replace(consequences=(finding._replace(severity=Severity.NOTE, check="wheel-execstack"),))
    result = Result(kind, text, FACTS[kind], (finding,), unseen=(text,), unsampled=(text,), outcome=Outcome.FAILED)
    result = result._replace(recovered=(finding,), ignored=(finding,), headline=text, details=(text,))
    broken = Result(kind, text, error=text, outcome=Outcome.NOT_JUDGED, traces=(f"Traceback\n{text}",))
    return Report((result, broken), notices=(text,))


class Tags(HTMLParser):
    """The tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(tag)

    def handle_comment(self, data: str) -> None:
        self.found.append("comment")


def strings(data: object) -> list[str]:
    """Return every string inside *data*."""
    if isinstance(data, dict):
        return [text for pair in data.items() for one in pair for text in strings(one)]
    if isinstance(data, list):
        return [text for one in data for text in strings(one)]
    return [data] if isinstance(data, str) else []


@pytest.mark.parametrize("kind", FACTS)
@pytest.mark.parametrize("form", api.FORMATS)
@settings(max_examples=25, deadline=None)
@given(text=TEXTS)
@example(text="a".join(("", *PIECES, "")))
def test_no_text_of_an_input_is_obeyed(form: str, kind: str, text: str) -> None:
    shown, plain = (api.render(report(kind, one), form) for one in (text, "az"))
    found = UNSAFE.search(shown)
    assert found is None, shown[max(found.start() - 60, 0) : found.end() + 60]
    assert shown.count("\n") == plain.count("\n")
    if form == "html":
        assert Tags(shown).found == Tags(plain).found
    elif form == "junit":
        one, other = (ElementTree.fromstring(page) for page in (shown, plain))
        assert [node.tag for node in one.iter()] == [node.tag for node in other.iter()]
    elif form == "sarif":
        places = (part for part in strings(json.loads(shown)) if not part.startswith("b\n"))
        assert not any(UNSAFE.search(part) for part in places)
    elif form in ("json", "jsonl"):
        for line in [shown] if form == "json" else shown.splitlines():
            json.loads(line)
