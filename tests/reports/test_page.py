"""A check's page: taken apart from its docstring, rendered for a terminal, and named by reports if there is a site."""

from __future__ import annotations

import json

import pytest

from diagnose.engine import registry
from diagnose.engine.run import Report, Result
from diagnose.model import site
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Severity
from diagnose.reports import github, page, text
from diagnose.reports import json as json_report

DOC = """The title
goes on.

Because ``a tool with a long name`` fails, see :mod:`some.module`.
More of it::

    $ kept   as it is

How to fix: use ``another``.

And again.

References:
    https://docs.example/a-very-long-address-that-is-not-wrapped-whatever-the-width-of-the-terminal
    ``elf.c``
"""
CHECK = Check("1.2", id="a-b", doc=DOC, detectors={"log": lambda log: ()}, aliases=("c-d",))
REFERENCE = "https://docs.example/a-very-long-address-that-is-not-wrapped-whatever-the-width-of-the-terminal"


def test_a_docstring_is_taken_apart() -> None:
    about = page.parse(DOC)
    assert about.title == "The title goes on."
    assert about.why.startswith("Because ``a tool")
    assert about.why.endswith("    $ kept   as it is")
    assert about.fix == "Use ``another``.\n\nAnd again."
    assert about.references == (REFERENCE, "``elf.c``")


@pytest.mark.parametrize("check", registry.load(), ids=lambda check: check.id)
def test_every_page_has_all_its_parts_and_fits_a_terminal(check: Check) -> None:
    about = page.parse(check.doc)
    assert all(about)
    lines = page.render(check, text.Style(80)).splitlines()
    assert lines[0] == check.id
    assert not any("``" in line or ":mod:" in line for line in lines)
    known = {"  " + reference.replace("``", "`") for reference in about.references}
    assert [
        line for line in lines if len(line) > 80 and line not in known and not line.startswith(("      ", "  `"))
    ] == []


def test_markup_is_rendered() -> None:
    plain = page.render(CHECK, text.Style(40)).splitlines()
    assert "  Because `a tool with a long name`" in plain  # code is not torn
    assert "      $ kept   as it is" in plain
    assert f"  {REFERENCE}" in plain
    assert plain[-3:] == ["Found in: log", "Since: 1.2", "Also known as: c-d"]
    colored = page.render(CHECK, text.Style(40, color=True))
    assert "\x1b[36ma tool with a long name\x1b[0m" in colored.replace("\n  ", " ")
    assert "`" not in colored


def report(url: str) -> Report:
    finding = Finding("is wrong", Severity.ERROR, (Evidence("seen", path="f"),), "fails", check="a-b", url=url)
    facts = {"lines": 1, "failed": True, "first_error": None}
    return Report((Result("log", "x.log", facts, (finding,)),))


def test_reports_name_the_page_where_there_is_one() -> None:
    url = "https://docs.example/checks/a-b/"
    assert f"    see: {url}" in text.render(report(url), text.Style())
    assert f"see: {url}" in text.render(report(url), text.Style(80, verbose=True))
    assert "see:" not in text.render(report(url), text.Style(80))
    assert "see:" not in text.render(report(""), text.Style())
    assert f"explain a-b or {url}" in github.render(report(url))
    assert json.loads(json_report.render(report(url)))["subjects"][0]["findings"][0]["url"] == url


def test_every_report_names_explain() -> None:
    assert "details: diagnose explain a-b\n" in text.render(report(""), text.Style())
    assert "explain" not in text.render(report(""), text.Style(quiet=True))
    assert "Details: diagnose explain a-b\n" in github.render(report(""))


def test_only_built_in_checks_have_a_page_and_only_where_there_is_a_site(monkeypatch: pytest.MonkeyPatch) -> None:
    assert site.page_url("a-b") == ""
    assert {check.url for check in registry.load()} == {""}
    monkeypatch.setattr(site, "SITE", "https://docs.example/")
    check = next(check for check in registry.load() if check.id == "pc-missing")
    assert check.url == "https://docs.example/checks/pc-missing/"
    assert page.render(check, text.Style()).splitlines()[-1] == f"Online: {check.url}"
