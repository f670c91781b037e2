"""JUnit XML: what fails there is what makes the exit code."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from test_reports import EVIL, FACTS, REPORT

from diagnose.engine import internal
from diagnose.engine.run import Report, Result
from diagnose.model.finding import Evidence, Severity
from diagnose.model.outcome import Outcome
from diagnose.reports import junit


def parsed(*results: Result, **gate: Any) -> ElementTree.Element:
    text = junit.render(Report(results, **gate))
    assert text.isascii()
    root = ElementTree.fromstring(text)
    _check(root)
    return root


def _check(root: ElementTree.Element) -> None:
    """Fail unless the counts are right, and every suite and case has the attributes that CI servers need."""
    assert root.tag == "testsuites"
    for scope in (root, *root):
        cases = list(scope.iter("testcase"))
        assert scope.get("tests") == str(len(cases)) and cases
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert scope.get(name) == str(sum(case.find(tag) is not None for case in cases))
    for suite in root:
        names = [(case.get("classname"), case.get("name")) for case in suite.iter("testcase")]
        assert all(part for name in names for part in name) and len(set(names)) == len(names)
        order = [child.tag for child in suite]
        assert order == sorted(order, key=["testcase", "system-out"].index)
        assert all(len(case) <= 1 for case in suite.iter("testcase"))


def ways(root: ElementTree.Element) -> dict[str | None, str]:
    return {case.get("name"): case[0].tag if len(case) else "passed" for case in root.iter("testcase")}


def test_a_case_for_each_check_and_finding() -> None:
    again = EVIL._replace(message="again", evidence=(Evidence("x", where="y"),))
    warning = EVIL._replace(severity=Severity.WARNING, check="c")
    one = Result(
        "wheel", "w.whl", FACTS, (EVIL, again, warning), ("p",), not_applicable=("n",), left_out=("l",), ignored=(EVIL,)
    )
    expected = {"a-b": "failure", "a-b (2)": "failure", "c": "system-out", "p": "passed"}
    expected |= {"n": "skipped", "l": "skipped", "a-b (ignored)": "skipped"}
    assert ways(parsed(one)) == expected
    assert ways(parsed(one, fail_on=Severity.WARNING)) == expected | {"c": "failure"}
    assert set(ways(parsed(one, fail_on=None)).values()) == {"system-out", "passed", "skipped"}


@pytest.mark.parametrize("fail_on", [None, *Severity])
@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("outcome", list(Outcome))
def test_failures_and_errors_give_the_exit_code(
    fail_on: Severity | None, unknown: bool, severity: Severity, outcome: Outcome
) -> None:
    one = Result("wheel", "w.whl", FACTS, (EVIL._replace(severity=severity),), outcome=outcome)
    for results in ((one,), (one, one._replace(findings=())), (Result("log", "x", error="x: gone"), one)):
        report = Report(results, fail_on, unknown)
        root = parsed(*results, fail_on=fail_on, unknown=unknown)
        code = 2 if root.get("errors") != "0" else int(root.get("failures") != "0")
        assert code == report.exit_code()


def test_a_check_that_failed_is_an_error() -> None:
    finding = internal.finding("a-b", ValueError("x"))
    assert ways(parsed(Result("env", "x", FACTS, (finding,)))) == {"internal-error": "error"}


def test_a_healthy_log_is_one_case_that_passes() -> None:
    assert ways(parsed(Result("log", "x.log", FACTS, passed=("a", "b")))) == {"outcome": "passed"}
    assert ways(parsed(Result("log", "x.log", FACTS, outcome=Outcome.CANNOT_TELL))) == {"outcome": "skipped"}


def test_no_subject_is_a_document_too() -> None:
    assert ElementTree.fromstring(junit.render(Report(()))).get("tests") == "0"


def test_hostile_text_stays_text() -> None:
    text = "]]> <a b='\"'>&amp; \x00\x1b\ud800\ufffe\uffff\r\n"
    evil = EVIL._replace(message=text, consequence=text, evidence=(Evidence(text, path=text),))
    root = parsed(Result("wheel", text, FACTS, (evil,), unseen=(text,), headline=text))
    shown = "]]> <a b='\"'>&amp; \\x00\\x1b\\ud800\\ufffe\\uffff\\r\\n"
    (case,) = root.iter("testcase")
    assert case[0].get("message") == shown
    assert f"{shown}\n" in (case[0].text or "")
    assert root[0].get("name") == shown


def test_the_text_has_evidence_consequence_and_fixes() -> None:
    failure = next(parsed(*REPORT.results).iter("failure"))
    words = [
        "$PKG_CONFIG: unset",
        "ImportError: nothing loads",
        "Fix: install it",
        "export PKG_CONFIG_x='a b'",
        "or not",
    ]
    places = [(failure.text or "").index(word) for word in words]
    assert places == sorted(places)
    error = next(parsed(*REPORT.results).iter("error"))
    assert (error.get("type"), error.get("message")) == ("unreadable", "x.whl: not a zip archive")
