from __future__ import annotations

from typing import Any

import pytest

from diagnose.engine.registry import Check, select
from diagnose.engine.run import Report, run_checks
from diagnose.model.finding import Evidence, Finding, InputError, Phase, Severity

EVIDENCE = (Evidence("seen", where="here"),)


def cause(name: str, *findings: Finding, aliases: tuple[str, ...] = ()) -> Check:
    return Check(name, "area", "Title.\n\nBody.", aliases, {"wheel": lambda facts: iter(findings)})


def report(*findings: Finding) -> Report:
    return Report((run_checks("wheel", "w", lambda: None, lambda facts: {}, [cause("a-b", *findings)]),))


def finding(severity: Severity) -> Finding:
    return Finding(f"a {severity.value}", severity, EVIDENCE)


def test_findings_carry_their_check_and_the_worst_comes_first() -> None:
    judged = report(finding(Severity.NOTE), finding(Severity.ERROR)).results[0]
    assert [(f.check, f.severity) for f in judged.findings] == [("a-b", Severity.ERROR), ("a-b", Severity.NOTE)]
    assert judged.passed == ()


def test_among_equals_what_a_build_meets_first_comes_first() -> None:
    causes = [
        cause("a-late", finding(Severity.ERROR)),
        cause("b-early", finding(Severity.ERROR))._replace(phase=Phase.RUST),
        cause("c-note", finding(Severity.NOTE))._replace(phase=Phase.START),
    ]
    judged = run_checks("wheel", "w", lambda: None, lambda facts: {}, causes)
    assert [f.check for f in judged.findings] == ["b-early", "a-late", "c-note"]


@pytest.mark.parametrize(
    ("severity", "codes"),
    [
        (Severity.ERROR, {"error": 1, "warning": 1, "note": 1, "never": 0}),
        (Severity.WARNING, {"error": 0, "warning": 1, "note": 1, "never": 0}),
        (Severity.NOTE, {"error": 0, "warning": 0, "note": 1, "never": 0}),
    ],
)
def test_exit_code(severity: Severity, codes: dict[str, int]) -> None:
    judged = report(finding(severity))
    levels: dict[str, Any] = {level: None if level == "never" else Severity(level) for level in codes}
    assert {level: judged.exit_code(value) for level, value in levels.items()} == codes


def test_unreadable_input_beats_findings() -> None:
    def read() -> None:
        raise InputError("x.whl: not a zip archive")

    broken = run_checks("wheel", "x.whl", read, lambda facts: {}, [])
    judged = Report((*report(finding(Severity.ERROR)).results, broken))
    assert judged.exit_code(None) == 2
    assert judged.unreadable == 1


def test_selection_by_id_prefix_and_alias() -> None:
    causes = [cause("wheel-rpath"), cause("wheel-linux-tag", aliases=("pypi-tag-rejected",)), cause("pc-missing")]

    def ids(wanted: list[str], unwanted: list[str]) -> list[str]:
        return [chosen.id for chosen in select(causes, wanted, unwanted)]

    assert ids(["wheel"], []) == ["wheel-rpath", "wheel-linux-tag"]
    assert ids(["wheel-"], ["wheel-rpath"]) == ["wheel-linux-tag"]
    assert ids(["pypi-tag-rejected"], []) == ["wheel-linux-tag"]
    assert ids(["whe"], []) == []
    assert ids([], ["pc"]) == ["wheel-rpath", "wheel-linux-tag"]
