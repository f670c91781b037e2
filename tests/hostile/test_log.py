"""Build logs that were made to cost more than they weigh, or to write into a report what they like."""

from __future__ import annotations

import io
import random

import pace
import pytest

from diagnose.engine import registry
from diagnose.engine.run import Report, run_checks
from diagnose.readers import buildlog
from diagnose.readers.buildlog import scan
from diagnose.readers.buildlog.quoted import Quotations
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


FAILURES = (
    "error: could not compile `demo` (lib) due to 1 previous error",
    "make: *** [Makefile:2: all] Error 1",
    "ERROR: Job failed: exit code 1",
    "Segmentation fault (core dumped)",
    "ninja: build stopped: subcommand failed.",
    "E       AssertionError: make: *** [Makefile:2: all] Error 1",
    "error: linker `cc` not found {}",
    "FAILED tests/test_{}.py::test - ValueError: {}",
)


@pytest.mark.parametrize("seed", range(4))
def test_the_last_failure_of_each_kind_is_kept_however_often_its_line_is_repeated(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "_BLOCK", 1 << 15)
    chosen = random.Random(seed)
    lines = [chosen.choices(FAILURES, range(len(FAILURES), 0, -1))[0].format(n, n) for n in range(6000)]
    known: dict[str, set[str]] = {}
    last: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        form = line.rstrip("0123456789")
        if form not in known:
            known[form] = {hit.kind for hit in scan.Scanner(PATTERNS).scan(io.BytesIO(line.encode()))}
        last.update(dict.fromkeys(known[form], number))
    scanner = scan.Scanner(PATTERNS)
    hits = list(scanner.scan(io.BytesIO("\n".join(lines).encode())))
    marks = {kind: number for kind, number in last.items() if kind.startswith("mark ")}
    assert marks == {kind: max(hit.line for hit in hits if hit.kind == kind) for kind in marks}
    failed = {number for kind, number in marks.items() if kind.startswith("mark failed ")}
    assert failed <= scanner.surroundings.keys()


@pytest.mark.parametrize("text", ["3 failed ", " in 1.5s", "=== ", "=", "___ a", "3 failed in 1s "])
def test_what_looks_like_the_borders_of_a_test_report_is_passed_quickly(text: str) -> None:
    piece = b"= FAILURES =\n" + text.encode() * (2_000_000 // len(text))
    with pace.within(2):
        Quotations().enter(piece)
