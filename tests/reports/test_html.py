"""The HTML report: what inputs say stays text; the picture of a wheel says what the ELF files say."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import os
import re
from pathlib import Path

from test_markdown import HOSTILE
from test_reports import EVIL, workflow

from diagnose.engine.run import Report, Result
from diagnose.model.finding import Evidence, Severity
from diagnose.model.outcome import Outcome
from diagnose.readers.wheel import reader
from diagnose.reports import html as html_report
from diagnose.reports import wheel_picture

WHEELS = Path(__file__).resolve().parents[2] / "fixtures" / "wheels"
VOID = {"meta", "br", "path", "rect", "circle"}


class Document(html.parser.HTMLParser):
    """Reads a page, and fails if an element is not closed where it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def facts_of(pattern: str) -> dict[str, object]:
    return reader.facts(reader.read(str(next(WHEELS.glob(pattern)))))


def facts(*files: dict[str, object], none: tuple[str, ...] = ()) -> dict[str, object]:
    empty = {"size": 1, "needed": [], "needed_in_wheel": {}, "highest_versions": []}
    return {
        "tags": ["cp39-abi3-linux_x86_64"],
        "lowest_tag": "manylinux_2_17_x86_64",
        "libraries_in_no_policy": list(none),
        "elf_files": [empty | file for file in files],
    }


def test_nothing_of_an_input_becomes_markup() -> None:
    plain = [f"x{number}" for number in range(len(HOSTILE))]
    pages = []
    for names in (HOSTILE, plain):
        findings = tuple(
            EVIL._replace(message=name, check=name, url="javascript:alert(1)", evidence=(Evidence(name, path=name),))
            for name in names
        )
        files = [{"path": name, "needed": [name], "needed_in_wheel": {name: None}} for name in names]
        results = tuple(
            Result("wheel", name, facts(*files), findings, (name,), (name,), headline=name) for name in names
        )
        pages.append(Document(html_report.render(Report((*results, Result("log", names[0], error=names[0]))))))
    hostile, harmless = pages
    assert hostile.tags == harmless.tags
    assert [name for name, _ in hostile.attributes] == [name for name, _ in harmless.attributes]
    assert not {"script", "img", "iframe", "object", "link", "form", "base"} & set(hostile.tags)
    assert not [name for name, _ in hostile.attributes if name.startswith("on") or name in ("style", "src")]
    assert all(value.startswith("#s") for name, value in hostile.attributes if name == "href")
    text = "".join(hostile.words)
    assert "</code><script>alert(1)</script>" in text and "\\x1b[2J\\x00\\u202e\\udcff" in text


def test_the_policy_allows_the_style_sheet_alone() -> None:
    page = html_report.render(Report((Result("log", "x.log", {}, outcome=Outcome.OK, headline="ok"),)))
    assert page.isascii()
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert len(style) == 1 and f'http-equiv="Content-Security-Policy" content="{policy}"' in page
    assert not re.search(r"https?:|url\(|@import", page)


def test_the_picture_of_a_wheel() -> None:
    broken = {node.label: node for node in wheel_picture.nodes(facts_of("wheel_bundled_lib_missing_dotted-1*"))}
    assert {node.place for node in broken.values()} >= {"own", "system"}
    found = wheel_picture.nodes(facts_of("wheel_bundled_hazard-1*"))
    (own,) = [node for node in found if node.place == "own"]
    (bundled,) = [node for node in found if node.place == "bundled"]
    assert bundled.key in own.needs and bundled.label.startswith("libasound") and bundled.size > 0
    assert [(node.place, node.label) for node in wheel_picture.nodes(facts_of("wheel_external_lib-1*"))[1:]] == [
        ("external", "libsndfile.so.1"),
        ("system", "libc.so.6"),
    ]
    (floor,) = [node.floors for node in wheel_picture.nodes(facts_of("wheel_glibc_too_new-1*")) if node.place == "own"]
    assert floor == ("GLIBC_2.38",)


def test_files_with_the_same_needs_share_a_row() -> None:
    need = {"needed": ["libc.so.6", "libx.so"], "needed_in_wheel": {"libx.so": "p/libx.so"}}
    modules = [{"path": f"p/m{number}.so", "size": 10, **need} for number in range(5)]
    rows = wheel_picture.nodes(facts({"path": "p/libx.so"}, *modules, {"path": "p/lone.so"}))
    assert [(row.place, row.label, row.size) for row in rows] == [
        ("own", "5 files that need the same", 50),
        ("own", "lone.so", 1),
        ("bundled", "libx.so", 1),
        ("system", "libc.so.6", 0),
    ]
    assert rows[0].needs == ("\0libc.so.6", "p/libx.so")


def test_large_wheels_have_a_bounded_picture() -> None:
    names = [f"p/lib{number}.so" for number in range(300)]
    within = {os.path.basename(name): name for name in names}
    libraries = [{"path": name, "size": 1, "needed": list(within), "needed_in_wheel": within} for name in names]
    roots = [
        {"path": f"p/m{n}.so", "needed": [f"lib{n}.so", f"out{n}.so", f"sys{n}.so"], "needed_in_wheel": within}
        for n in range(300)
    ]
    none = tuple(f"out{n}.so" for n in range(300))
    given = facts(*libraries, *roots, none=none)
    rows = wheel_picture.nodes(given)
    assert len(rows) == sum(place.rows for place in wheel_picture.PLACES if place.name != "missing")
    assert sum(len(row.members) for row in rows) == 1200  # every file is in a row
    keys = {row.key for row in rows}
    assert all(set(row.needs) <= keys for row in rows)
    drawn = wheel_picture.svg(given, 1)
    assert drawn.count('class="arc') == wheel_picture.ARCS and "more needs are not drawn" in drawn
    assert len(drawn) < 150_000


def test_a_hostile_name_does_not_join_two_rows() -> None:
    rows = wheel_picture.nodes(facts({"path": " libc.so.6", "needed": ["libc.so.6"]}))
    assert [(row.place, row.needs) for row in rows] == [("own", ("\0libc.so.6",)), ("system", ())]


def test_names_are_shortened_in_their_middle() -> None:
    assert wheel_picture.elided("demo.cpython-312-x86_64-linux-gnu.so", 20) == "demo.cpyth…ux-gnu.so"
    assert len(wheel_picture.elided("x" * 999, 20)) == 20
    assert [wheel_picture.size(number) for number in (1, 999, 1000, 999_999, 1_234_567)] == [
        "1 B",
        "999 B",
        "1 kB",
        "1000 kB",
        "1.2 MB",
    ]


def test_known_findings_and_inputs_that_cannot_be_read() -> None:
    known = EVIL._replace(known=True, check="wheel-x", severity=Severity.WARNING)
    results = (Result("log", "a", {}, (known,), headline="h"), Result("log", "b", error="b: no such file"))
    text = " ".join(
        "".join(Document(html_report.render(Report(results, notices=("pyproject.toml: x",)))).words).split()
    )
    assert "In the baseline: wheel-x" in text and EVIL.consequence not in text
    assert "unreadable b: no such file" in text and "settings: pyproject.toml: x" in text


def test_the_legs_of_a_workflow_are_a_table() -> None:
    plain = Document(html_report.render(Report((workflow(),))))
    assert plain.tags.count("tr") == 3 and {"builds in", "manylinux_2_39_x86_64", "\xd7 2"} <= set(plain.words)
    for job in HOSTILE:
        assert Document(html_report.render(Report((workflow(job),)))).tags == plain.tags
