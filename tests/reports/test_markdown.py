"""Markdown, read by a parser of GitHub's dialect: what inputs say stays text."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from test_reports import EVIL, FACTS, REPORT, workflow

from diagnose.engine.run import Report, Result
from diagnose.model.finding import Evidence, FileEdit, Fix, Severity
from diagnose.model.outcome import Outcome
from diagnose.reports import markdown

PARSER = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
WHEEL = next((Path(__file__).resolve().parents[2] / "fixtures/wheels").glob("wheel_record_invalid-1*.whl"))

HOSTILE = [
    "a|b",
    r"a\|b",
    "``x` y",
    "`",
    "</code><script>alert(1)</script>",
    "![x](https://evil.example)",
    "[x]: https://evil.example",
    "<https://evil.example>",
    "# heading",
    "- item",
    "+ item",
    "1. item",
    "===",
    "---",
    "> quote",
    "**bold** _it_ __b__ ~~s~~",
    "&lt;b&gt;",
    "line\n\nparagraph\r\n```\nx",
    "\x1b[2J\x00\u202e\udcff",
    "$`x`$",
]


def tags(text: str) -> list[str]:
    """Return the kinds of all elements of the document, in order."""
    found = []
    for token in PARSER.parse(text):
        found.append(token.type)
        found += [child.type for child in token.children or ()]
    return found


def shown(text: str) -> str:
    """Return the text of the document as a reader sees it."""
    parts = []
    for token in PARSER.parse(text):
        parts += [child.content for child in token.children or () if child.type in ("text", "code_inline")]
        parts += [token.content] if token.type == "fence" else []
    return "\n".join(parts)


def report(text: str) -> Report:
    fix = Fix(
        text, notes=text, env=(("A", text),), files=(FileEdit(text, "a\n", f"{text}\n"), FileEdit("n", None, text))
    )
    finding = EVIL._replace(message=text, consequence=text, evidence=(Evidence(text, path=text),), fixes=(fix, fix))
    one = Result("wheel", text, FACTS, (finding,), unseen=(text,), headline=text, details=(text,))
    return Report((one, Result("wheel", text, error=text), one._replace(kind="log")))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_adds_no_element(text: str) -> None:
    plain, hostile = markdown.render(report("plain")), markdown.render(report(text))
    html = [kind for kind in tags(hostile) if kind.startswith("html")]
    assert len(html) == (0 if "|" not in text else len(html))
    if "|" not in text:
        assert tags(hostile) == tags(plain)
    else:  # the only HTML is our own <code>
        rendered = PARSER.render(hostile)
        assert rendered.count("<td>") == PARSER.render(plain).count("<td>")
        assert rendered.count("<code") == rendered.count("</code>")
    assert not any(char in hostile for char in "\x1b\x00\u202e\udcff\r")


def test_names_and_commands_are_shown_as_they_are() -> None:
    text = shown(markdown.render(report("a_b *c* `d` ~x~ & <e> @f #1 https://g.example")))
    assert text.count("a_b *c* `d` ~x~ & <e> @f #1 https://g.example") > 8
    commands = shown(markdown.render(REPORT))
    assert "apt-get install --yes pkgconf:armhf\nexport PKG_CONFIG_x='a b'" in commands
    assert "-b = 1\n+b = 2" in commands


def test_all_subjects_are_in_the_table_and_problems_have_a_section() -> None:
    fine = Result("wheel", "fine.whl", FACTS)
    open_ = Result("wheel", "open.whl", FACTS, outcome=Outcome.CANNOT_TELL, unseen=("a.so: cut off",))
    out = markdown.render(Report((fine, open_, *REPORT.results)))
    assert out.startswith("## diagnose: 4 wheels: 2 ok, 1 undecided, 1 unreadable; 1 error, 1 note\n")
    rows = [line for line in out.splitlines() if line.startswith("| ") and ".whl" in line]
    assert [row.split("|")[1].strip() for row in rows] == ["✅", "❔", "❌", "❌"]
    assert [row.split("|")[-2].strip() for row in rows] == ["ok", "cannot-tell", "ok", "unreadable"]
    assert "### ✅" not in out and "not examined: a.so: cut off" in out
    assert "| `a-b` | error | 1 | 1 |" in out


def test_a_summary_keeps_to_the_limit() -> None:
    whole = markdown.render(REPORT)
    size = len(whole.encode())
    assert markdown.render_summary(REPORT, size) == whole
    short = markdown.render_summary(REPORT, size - 1)
    assert "`w.whl`" in short and "install it" not in short and len(short.encode()) < size
    assert markdown.render_summary(REPORT, 60) == "2 wheels: 1 ok, 1 unreadable; 1 error, 1 note\n"
    assert markdown.render_summary(REPORT, 0) == ""


def test_annotations_come_with_the_summary_of_the_step(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    file.write_text("before\n")

    def run(*args: str, path: Path = file, actions: str = "") -> subprocess.CompletedProcess[str]:
        env = os.environ | {"GITHUB_STEP_SUMMARY": str(path), "GITHUB_ACTIONS": actions, "PYTHONUTF8": "1"}
        command = [sys.executable, "-m", "diagnose", "wheel", str(WHEEL), *args]
        return subprocess.run(command, capture_output=True, text=True, env=env)

    assert run().returncode == 1
    assert file.read_text() == "before\n"
    expected = run("--format", "markdown").stdout
    assert run("--format", "github").returncode == 1
    assert file.read_text() == "before\n" + expected
    assert run(actions="true").returncode == run("--format", "json", actions="true").returncode == 1
    assert file.read_text() == "before\n" + 2 * expected, "text is for people there, JSON is not"
    missing = run("--format", "github", path=tmp_path / "no/such")
    assert (missing.returncode, missing.stderr) == (1, "diagnose: GITHUB_STEP_SUMMARY: No such file or directory\n")
    assert missing.stdout.startswith("::error ")


def test_notes_and_warnings_have_their_signs() -> None:
    for severity, mark in zip(Severity, ("❌", "⚠️", "ℹ️"), strict=True):
        assert f"#### {mark} {severity.value} `a-b`" in markdown.render(
            Report((Result("log", "x", FACTS, (EVIL._replace(severity=severity),)),))
        )


@pytest.mark.parametrize("job", HOSTILE)
def test_the_legs_of_a_workflow_are_a_table(job: str) -> None:
    document = markdown.render(Report((workflow(job),)))
    kinds = tags(document)
    plain = tags(markdown.render(Report((workflow(),))))
    assert kinds == plain and kinds.count("table_open") == 2
    assert kinds.count("tr_open") == 2 + 3  # the table of subjects, and a header with two different legs
    for word in ("builds in", "manylinux_2_39_x86_64", "× 2", "maturin-action is judged by its release v1.51.0"):
        assert word in shown(document)
