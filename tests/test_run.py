from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from diagnose.engine.registry import select
from diagnose.engine.run import Report, Result, run_checks
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, InputError, Phase, Severity
from diagnose.model.outcome import Outcome

EVIDENCE = (Evidence("seen", where="here"),)


class Timeless:
    """A subject without facts and without an order of time."""

    unseen = ()

    def position(self, evidence: Evidence) -> None:
        return None

    def is_recovered(self, finding: Finding) -> bool:
        return False

    def without_recovered(self, findings: Sequence[Finding]) -> None:
        return None

    def concluded(self, findings: Sequence[Finding]) -> Timeless:
        return self

    def offers(self, basis: str) -> bool:
        """Whether it has what a check needs: always, because it has one layout only."""
        return True

    def was_examined(self, phase: Phase) -> bool:
        return True


def check(name: str, *findings: Finding, aliases: tuple[str, ...] = ()) -> Check:
    return Check("1.0", id=name, doc="Title.", aliases=aliases, detectors={"wheel": lambda facts: iter(findings)})


def report(*findings: Finding) -> Report:
    return Report((run_checks("wheel", "w", Timeless, lambda facts: {}, [check("a-b", *findings)]),))


def finding(severity: Severity) -> Finding:
    return Finding(f"a {severity.value}", severity, EVIDENCE)


def test_findings_carry_their_check_and_the_worst_comes_first() -> None:
    judged = report(finding(Severity.NOTE), finding(Severity.ERROR)).results[0]
    assert [(f.check, f.severity) for f in judged.findings] == [("a-b", Severity.ERROR), ("a-b", Severity.NOTE)]
    assert judged.passed == ()


def test_among_equals_what_a_build_meets_first_comes_first() -> None:
    checks = [
        check("a-late", finding(Severity.ERROR)),
        check("b-early", finding(Severity.ERROR))._replace(phase=Phase.RUST),
        check("c-note", finding(Severity.NOTE))._replace(phase=Phase.START),
    ]
    judged = run_checks("wheel", "w", Timeless, lambda facts: {}, checks)
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
    assert {level: judged._replace(fail_on=value).exit_code() for level, value in levels.items()} == codes


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.OK, 0),
        (Outcome.CANNOT_TELL, 1),
        (Outcome.UNKNOWN_CAUSE, 1),
        (Outcome.NOT_JUDGED, 0),  # a wheel for another system: no build of it changes that
    ],
)
def test_exit_code_of_what_is_unknown(outcome: Outcome, code: int) -> None:
    judged = Report((Result("wheel", "w.whl", outcome=outcome),))
    assert judged._replace(fail_on=Severity.ERROR, unknown=True).exit_code() == code
    assert [judged._replace(fail_on=level).exit_code() for level in (*Severity, None)] == [0, 0, 0, 0]


def test_unreadable_input_beats_findings() -> None:
    def read() -> Timeless:
        raise InputError("x.whl: not a zip archive")

    broken = run_checks("wheel", "x.whl", read, lambda facts: {}, [])
    judged = Report((*report(finding(Severity.ERROR)).results, broken))
    assert judged._replace(fail_on=None).exit_code() == 2
    assert judged.unreadable == 1


def test_selection_by_id_prefix_and_alias() -> None:
    checks = [check("wheel-rpath"), check("wheel-linux-tag", aliases=("pypi-tag-rejected",)), check("pc-missing")]

    def ids(wanted: list[str], unwanted: list[str]) -> list[str]:
        return [chosen.id for chosen in select(checks, wanted, unwanted)]

    assert ids(["wheel"], []) == ["wheel-rpath", "wheel-linux-tag"]
    assert ids(["wheel-"], ["wheel-rpath"]) == ["wheel-linux-tag"]
    assert ids(["pypi-tag-rejected"], []) == ["wheel-linux-tag"]
    assert ids(["whe"], []) == []
    assert ids([], ["pc"]) == ["wheel-rpath", "wheel-linux-tag"]
