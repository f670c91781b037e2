"""JUnit XML, which CI servers show as test results: a suite for each subject, a case for each check and finding."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from diagnose.engine import internal
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.outcome import Outcome
from diagnose.reports import wording
from diagnose.reports.style import clean, one_line

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from diagnose.engine.run import Report, Result
    from diagnose.model.finding import Finding

_OPEN = (Outcome.CANNOT_TELL, Outcome.NOT_JUDGED, Outcome.UNKNOWN_CAUSE)


def render(report: Report) -> str:
    """Return *report* as an XML document, ASCII only, with a final newline.

    A case fails if it makes the exit code 1, and is an error if it makes that 2; other findings pass, with their text.
    """
    root = ElementTree.Element("testsuites", {"name": "diagnose"})
    for number, result in enumerate(report.results):
        root.append(_suite(report, result, number))
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, 0)) for suite in root)))
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, "us-ascii", xml_declaration=True)
    return document.decode("ascii") + "\n"


def _suite(report: Report, result: Result, number: int) -> Element:
    suite = ElementTree.Element("testsuite", {"name": xml_text(one_line(result.name)), "id": str(number)})
    cases: list[Element] = []
    if result.error is not None:
        cases.append(_case(result, "readable"))
        _add(cases[-1], "error", result.error, "unreadable")
    elif report.rejects_outcome(result) or result.outcome in _OPEN:
        cases.append(_case(result, "outcome"))
        rejected = report.rejects_outcome(result)
        _add(cases[-1], "failure" if rejected else "skipped", result.headline, result.outcome.value)
    names: dict[str, int] = {}
    for finding in result.findings:
        names[finding.check] = names.get(finding.check, 0) + 1
        more = f" ({names[finding.check]})" if names[finding.check] > 1 else ""
        cases.append(_finding(report, result, finding, finding.check + more))
    if result.kind != "log":  # there each check is merely one more known cause
        cases += [_case(result, check) for check in result.passed]
        for check in result.not_applicable:
            cases.append(_case(result, check))
            _add(cases[-1], "skipped", "there is nothing to examine")
        for check in result.left_out:
            cases.append(_case(result, check))
            _add(cases[-1], "skipped", "deselected")
    for finding in result.ignored:
        cases.append(_case(result, f"{finding.check} (ignored)"))
        _add(cases[-1], "skipped", f"ignored by the configuration file: {finding.message}")
    if not cases:
        cases.append(_case(result, "outcome"))
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
    suite.extend(cases)
    told = [result.headline, *result.details, *(f"not examined: {words}" for words in result.unseen)]
    if any(told):
        ElementTree.SubElement(suite, "system-out").text = xml_text("\n".join(map(one_line, filter(None, told))))
    return suite


def _case(result: Result, name: str) -> Element:
    return ElementTree.Element("testcase", {"classname": xml_text(f"diagnose.{result.kind}"), "name": xml_text(name)})


def _finding(report: Report, result: Result, finding: Finding, name: str) -> Element:
    case = _case(result, name)
    told = "\n".join([*wording.evidence(finding), *wording.lines(finding)])
    if finding.check == internal.ID:
        _add(case, "error", finding.message, finding.severity.value, told)
    elif report.rejects(finding):
        _add(case, "failure", finding.message, finding.severity.value, told)
    else:
        text = f"{finding.severity.value}: {one_line(finding.message)}\n{told}"
        ElementTree.SubElement(case, "system-out").text = xml_text(text)
    return case


def _add(case: Element, tag: str, message: str, kind: str = "", told: str = "") -> None:
    more = {"type": kind} if kind else {}
    child = ElementTree.SubElement(case, tag, {"message": xml_text(one_line(message)), **more})
    child.text = xml_text(told) or None


def xml_text(text: str) -> str:
    """Return *text* with the characters that XML 1.0 has not shown as escapes."""
    return clean(text).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
