"""Build logs that were made to cost more than they weigh, or to write into a report what they like."""

from __future__ import annotations

import pace
import pytest

from diagnose.engine import registry
from diagnose.engine.run import Report, run_checks
from diagnose.readers import buildlog
from diagnose.reports import github, text
from hostile import log as fuzz
from hostile.patterns import all_patterns

CHECKS = registry.load("log")
PATTERNS = all_patterns()
ANCHORS = sorted({pattern.anchor for pattern in PATTERNS})


def test_mutated_logs_are_judged_or_refused() -> None:
    said: list[object] = []
    assert fuzz.main(5, 0, said.append) == 0, said


@pytest.mark.parametrize(
    "sign", ["\x1b]0;a\x07", "\r\n::error::a", "\x85", "\u2028", "\x0b", "\u202e", "\\u{1b}[2J", "&#x2028;"]
)
def test_no_control_character_reaches_a_report(sign: str) -> None:
    line = (
        f"E: Unable to locate package libasound2-dev:armhf{sign}\n/usr/bin/ld: cannot find -la{sign}b: No such file\n"
    )
    result = run_checks("log", "x.log", lambda: buildlog.read_text(line, "x.log", PATTERNS), buildlog.facts, CHECKS)
    assert result.findings
    for shown in (text.render(Report((result,)), text.Style()), github.render(Report((result,)))):
        assert fuzz.UNSAFE.search(shown) is None
    *rows, last = github.render(Report((result,))).splitlines()
    assert all(row.startswith("::") for row in rows)
    assert last.startswith("1 log: ")


@pytest.mark.parametrize("between", ["\n", " ", "\r", "\n  "], ids=["lines", "one line", "redrawn", "indented"])
def test_a_log_full_of_what_is_looked_for_is_read_and_what_was_given_up_is_named(between: str) -> None:
    data = (between.join(ANCHORS) + "\n") * 200
    with pace.within(len(data) / 250_000):  # 0.25 MB/s: without limits it is a tenth of that
        log = buildlog.read_text(data, "x.log", PATTERNS)
    assert log.lines == data.count("\n")


def test_what_filled_a_log_in_vain_is_said() -> None:
    log = buildlog.read_text(
        "PKG_CONFIG_PATH contains\n" * 100_000 + "E: Unable to locate package a\n", "x.log", PATTERNS
    )
    assert "PKG_CONFIG_PATH contains" in log.unseen[0]
    assert log.find("apt-unlocatable")


def test_a_line_that_is_redrawn_without_end_is_read() -> None:
    log = buildlog.read_text("a\rcannot find -lx\r" * 20_000, "x.log", PATTERNS)
    assert log.find("ld-no-lib")
