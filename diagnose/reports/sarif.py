"""SARIF 2.1.0: one run with a result for each finding, for code scanning and other viewers.

What GitHub's code scanning asks beyond the standard is kept, too: every location has an artifact.
"""

from __future__ import annotations

import json
import os

from diagnose import __version__
from diagnose.engine import internal, registry
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.outcome import Outcome
from diagnose.model.site import SITE
from diagnose.reports import page, sarif_fixes, wording
from diagnose.reports.style import Style, clean

if TYPE_CHECKING:
    from typing import Any

    from diagnose.engine.run import Report, Result
    from diagnose.model.finding import Evidence, Finding

SCHEMA_URL = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
"""The address of the schema that the document names as its own."""
FINGERPRINT = "diagnoseFinding/v1"
"""The name of a result's fingerprint. It stays the same while versions of wheels and numbers of lines change."""

_SUPPRESSED = [{"kind": "external", "justification": "ignored by the configuration file"}]


def render(report: Report) -> str:
    """Return *report* as one JSON document, ASCII only, with a final newline."""
    return (
        json.dumps({"$schema": SCHEMA_URL, "version": "2.1.0", "runs": [_SarifRun(report).document()]}, indent=2) + "\n"
    )


class _SarifRun:
    """Builds the ``run`` object; artifacts and rules are numbered as they are met."""

    def __init__(self, report: Report) -> None:
        self.report = report
        found = {one.check for result in report.results for one in (*result.findings, *result.ignored)}
        kinds = dict.fromkeys(result.kind for result in report.results if result.findings or result.ignored)
        known = {check.id: check for kind in kinds for check in registry.load(kind)} | {internal.ID: internal.page()}
        self.rules = [known.get(name) or Check(since="", id=name, doc=name) for name in sorted(found)]
        self.numbers = {check.id: number for number, check in enumerate(self.rules)}
        self.artifacts: dict[tuple[str, int], int] = {}
        self.fingerprints: dict[str, int] = {}

    def document(self) -> dict[str, Any]:
        results = []
        for result in self.report.results:
            results += [self._result(result, finding) for finding in result.findings]
            results += [self._result(result, finding) | {"suppressions": _SUPPRESSED} for finding in result.ignored]
        driver = {
            "name": "diagnose",
            "version": __version__,
            "rules": [_rule(check) for check in self.rules],
            **({"informationUri": SITE} if SITE else {}),
        }
        kinds = dict.fromkeys(result.kind for result in self.report.results)
        return {
            "tool": {"driver": driver},
            **({"automationDetails": {"id": f"diagnose/{'-'.join(kinds)}/"}} if kinds else {}),
            "invocations": [
                {
                    "executionSuccessful": self.report.complete,
                    "exitCode": self.report.exit_code(),
                    "toolExecutionNotifications": [note for one in self.report.results for note in _notifications(one)],
                    "toolConfigurationNotifications": [
                        {"level": "note", "message": {"text": _message(notice)}} for notice in self.report.notices
                    ],
                }
            ],
            "artifacts": [
                {"location": {"uri": uri}, **({"parentIndex": parent} if parent >= 0 else {})}
                for uri, parent in self.artifacts
            ],
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": {"subjects": [_subject(result) for result in self.report.results]},
        }

    def _result(self, result: Result, finding: Finding) -> dict[str, Any]:
        places = [self._location(result, item) for item in finding.evidence]
        found = [number for number, item in enumerate(finding.evidence) if wording.setting(item)]
        found += [number for number, item in enumerate(finding.evidence) if item.path]
        first = found[0] if found else 0
        document: dict[str, Any] = {
            "ruleId": finding.check,
            "ruleIndex": self.numbers[finding.check],
            "level": finding.severity.value,
            "message": {"text": _message("\n".join([f"{result.name}: {finding.message}", *wording.lines(finding)]))},
            "locations": [places[first]],
            "relatedLocations": [
                {"id": number, **place, "message": {"text": _message(f"{wording.place(item)}: {item.detail}")}}
                for number, (place, item) in enumerate(zip(places, finding.evidence, strict=True))
            ],
            "partialFingerprints": self._fingerprints(result, finding),
        }
        if finding.known:
            document["baselineState"] = "unchanged"
        if finding.known:
            document["suppressions"] = [{"kind": "external", "justification": "in the baseline"}]
        if fixes := sarif_fixes.fixes(result, finding):
            document["fixes"] = fixes
        return document

    def _location(self, result: Result, item: Evidence) -> dict[str, Any]:
        """Return the place of *item*: a file in the wheel or root, a line of the log or workflow, or all of them."""
        subject = self._artifact(_subject_uri(result))
        region = {}
        uri, number = subject
        if item.path and result.kind == "wheel":
            uri, number = self._artifact(sarif_fixes.uri_of(item.path), parent=number)
        elif item.path:
            path, *numbers = _positioned(item.path)
            region = dict(zip(("startLine", "startColumn"), (int(text) for text in numbers), strict=False))
            if result.kind != "log":
                uri, number = self._artifact(sarif_fixes.file_uri(result, path))
        elif setting := wording.setting(item):
            region = {"startLine": setting[1]}
            uri, number = self._artifact(sarif_fixes.uri_of(setting[0]))
        place: dict[str, Any] = {"artifactLocation": {"uri": uri, "index": number}}
        if region:
            place["region"] = region
        where = [] if item.path or wording.setting(item) else [{"fullyQualifiedName": clean(item.where)}]
        return {"physicalLocation": place, **({"logicalLocations": where} if where else {})}

    def _artifact(self, uri: str, parent: int = -1) -> tuple[str, int]:
        return uri, self.artifacts.setdefault((uri, parent), len(self.artifacts))

    def _fingerprints(self, result: Result, finding: Finding) -> dict[str, str]:
        """Return what is the same for one problem in another release of a wheel, or in another run of a build.

        Numbers are left out, and the hashes that auditwheel adds to names. Problems that are then alike are counted.
        """
        import hashlib

        name = result.name if result.kind in ("wheel", "workflow") else ""
        words = "\n".join((result.kind, name, finding.check, finding.message))
        plain = re.sub(r"\d[\d.]*", "#", re.sub(r"-[0-9a-f]{8}(?=\.)", "", words))
        digest = hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self.fingerprints[digest] = self.fingerprints.get(digest, 0) + 1
        value = f"{digest}:{self.fingerprints[digest]}"
        # The one that code scanning uses. Where it has the file, it makes one of the line itself.
        return {FINGERPRINT: value} | ({} if result.kind == "workflow" else {"primaryLocationLineHash": value})


def _positioned(path: str) -> list[str]:
    """Return the file of ``file:line:column``, and the numbers that it has."""
    match = re.fullmatch(r"(.*?)(?::([1-9]\d{0,8}))?(?::([1-9]\d{0,8}))?", path, re.DOTALL)
    return [part for part in match.groups() if part] if match else [path]


def _subject_uri(result: Result) -> str:
    if result.kind == "env":
        root = "/" if result.facts.get("live", result.name == "this machine") else os.path.abspath(result.name)
        return "file://" + sarif_fixes.uri_of(root.rstrip("/") + "/")
    return sarif_fixes.uri_of(result.name)


def _message(text: str) -> str:
    """Return *text* as a plain message, in which no text of an input becomes a link."""
    text = clean(text)
    return re.sub(r"[\\\[\]]", r"\\\g<0>", text) if "](" in text else text


def _rule(check: Check) -> dict[str, Any]:
    doc = page.parse(check.doc)
    why = re.sub(r":\w+:`~?([^`]+)`|``(.+?)``", r"\1\2", doc.why, flags=re.DOTALL)
    sections = [doc.why, f"**How to fix:** {doc.fix}" if doc.fix else ""]
    sections += ["**References**\n\n" + "\n".join(f"- {line}" for line in doc.references) if doc.references else ""]
    markdown = re.sub(r"::$", ":", "\n\n".join(filter(None, sections)).replace("``", "`"), flags=re.MULTILINE)
    return {
        "id": check.id,
        "shortDescription": {"text": doc.title},
        "fullDescription": {"text": " ".join(why.split()) or doc.title},
        "help": {"text": page.render(check, Style()), "markdown": markdown or doc.title},
        **({"helpUri": check.url} if check.url else {}),
        **({"properties": {"tags": [check.area]}} if check.area else {}),
    }


def _notifications(result: Result) -> list[dict[str, Any]]:
    """Return why *result* is not the whole truth: an unreadable input, an open outcome, what was not examined."""
    notes = []
    if result.error is not None:
        notes.append(("error", result.error))
    elif result.outcome in (Outcome.CANNOT_TELL, Outcome.NOT_JUDGED, Outcome.UNKNOWN_CAUSE):
        notes.append(("warning", f"{result.name}: {result.outcome.value}: {result.headline}"))
    notes += [("note", f"{result.name}: not examined: {words}") for words in (*result.unseen, *result.unsampled)]
    return [{"level": level, "message": {"text": _message(text)}} for level, text in notes]


def _subject(result: Result) -> dict[str, Any]:
    return {
        "kind": result.kind,
        "name": clean(result.name),
        "outcome": result.outcome.value,
        "headline": clean(result.headline),
        "details": [clean(line) for line in result.details],
        "passed": list(result.passed),
        "not_applicable": list(result.not_applicable),
        "left_out": list(result.left_out),
        "recovered": [clean(f"{finding.check}: {finding.message}") for finding in result.recovered],
    }
