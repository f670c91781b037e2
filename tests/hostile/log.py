"""Attacks the reader and the checks of build logs with mutated logs.

    python3 dev.py fuzz log SECONDS [SEED]

Every input is made of lines of the fixture logs, changed in bytes, words, line ends, colours and wrapping, filled with
what the patterns look for, or repeated. It must be read, or refused in one line, within bounds of time; no control
character and no line break of it may reach a report; and it must read the same without ``hyperscan``. A failing
input is kept in the folder that ``DIAGNOSE_FUZZ_KEEP`` names: look at it before it goes anywhere.
"""

from __future__ import annotations

import io
import os
import random
import re
import resource
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pace

from diagnose.engine import registry
from diagnose.engine.run import Report, run_checks
from diagnose.model.check import Check
from diagnose.model.pattern import Pattern
from diagnose.readers import buildlog
from diagnose.readers.buildlog import anchors
from diagnose.readers.buildlog.patterns import SHARED
from diagnose.readers.buildlog.scan import Scanner
from diagnose.reports import github, json, text

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "logs"
SLOW = 2.0  # seconds of processor time for one input of at most a megabyte: more is a hang
STUCK = 20  # seconds after which it is ended
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Commands of a workflow that a log could try to smuggle in, and bytes that parsers dislike.
NASTY = (
    "\r", "\r\n", "\0", "\x1b[31m", "\x1b]0;", "\x07", "\x85", "\u2028", "\u202e", "\x0b", "\x0c", "\t", "\\n", "\\\"",
    "\\u{1b}", "\\u{a}", "&#10;", "&#x1b;", "&#x2028;", "%0A", "::error::", "\n::set-env name=A::b", "##[error]", "²",
    "٣", "1" * 5000, "a" * 9000, "/" * 3000, " " * 4000, "a: " * 1000, "'", '"', "`", "(", ")", "[", "]", "{", "$(id)",
    "`id`", ";", "--cflags", "=", "\ufeff", "\udcff", "é", "| ", "> ", "#12 3.4 ", "12 | ", "[a 1.0.0] ",
)  # fmt: skip


def lines(patterns: list[Pattern]) -> list[str]:
    """Return the lines of all fixtures, once each, and the anchors of all *patterns*."""
    found: dict[str, None] = {}
    for path in sorted(FIXTURES.rglob("*.log")):
        found.update(dict.fromkeys(path.read_text(errors="replace").split("\n")))
    return [*found, *(pattern.anchor for pattern in patterns)]


def change(chance: random.Random, line: str) -> str:
    """Return *line* with a few changes."""
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(line) + 1)
        kind = chance.randrange(6)
        if kind == 0:
            line = line[:at] + chance.choice(NASTY) + line[at:]
        elif kind == 1:
            line = line[:at] + line[at + chance.choice((1, 3, 30)) :]
        elif kind == 2:
            words = line.split(" ")
            words[chance.randrange(len(words))] = chance.choice(NASTY)
            line = " ".join(words)
        elif kind == 3:
            line = line[:at] + "\n" + " " * chance.randrange(4) + line[at:]
        elif kind == 4:
            part = line[at : at + chance.choice((1, 8, 40))]
            line = line[:at] + part * chance.choice((2, 50, 2000)) + line[at:]
        else:
            line = re.sub(r"\d+", lambda _: chance.choice(("9" * 400, "0", "٣", "-1", "1.2.3")), line, count=1)
        line = line[:60_000]
    return line


def mutate(chance: random.Random, known: list[str]) -> bytes:
    """Return a log."""
    kind = chance.randrange(8)
    start = chance.randrange(len(known))
    if kind == 0:
        some = known[start : start + chance.choice((20, 200))]
    else:
        some = [chance.choice(known) for _ in range(chance.choice((1, 5, 40)))]
    made = [change(chance, line) if chance.random() < 0.5 else line for line in some]
    if kind == 1:
        made *= chance.choice((10, 500))
    end = chance.choice(("\n", "\n", "\n", "\r\n", "\r", "\n\n", "\\n", " "))
    data = end.join(made)[:1_000_000].encode(errors="surrogateescape" if kind == 2 else "replace")
    if kind == 3:
        data = data.decode(errors="replace").encode("utf-16")
    if kind == 4:
        out = bytearray(data)
        for _ in range(chance.randrange(1, 20)):
            out.insert(chance.randrange(len(out) + 1), chance.randrange(256))
        data = bytes(out)
    return data


class Hang(BaseException):
    """One input takes too long."""


def attempt(path: Path, data: bytes, checks: list[Check], rows: list[Pattern]) -> str:
    """Judge *data* as the log *path*; return ``judged``, ``refused``, or what went wrong."""

    def stuck(*_: object) -> None:
        raise Hang

    path.write_bytes(data)
    signal.signal(signal.SIGVTALRM, stuck)
    signal.setitimer(signal.ITIMER_VIRTUAL, STUCK)
    start = time.process_time()
    try:
        result = run_checks("log", path.name, lambda: buildlog.read(str(path), rows), buildlog.facts, checks)
        took = time.process_time() - start
        if result.traces:
            return result.traces[0]
        report = Report((result,))
        for shown in (text.render(report, text.Style(80, False, False, True)), github.render(report)):
            if (unsafe := UNSAFE.search(shown)) is not None:
                around = shown[max(unsafe.start() - 80, 0) : unsafe.end() + 40]
                return f"a control character reached a report: {around!r}"
        if not all(line.startswith("::") for line in github.render(report).splitlines()[:-1]):  # but the last line
            return "a line break reached an annotation"
        json.render(report)
        if result.error is not None:
            return "refused" if "\n" not in result.error else f"refused in several lines: {result.error!r}"
        if len(data) < 20_000 and _hits(data, rows, True) != _hits(data, rows, False):
            return "without hyperscan it reads differently"
    except (Exception, Hang) as error:
        return "".join(traceback.format_exception(error)[-3:])
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return "judged" if took < SLOW or took < SLOW * pace.slowness() else f"slow: {took:.1f} s of processor time"


def _hits(data: bytes, rows: list[Pattern], fast: bool) -> list[buildlog.Hit]:
    usual = anchors.PREPARE_AFTER
    anchors.PREPARE_AFTER = 0 if fast else len(data) + 1
    try:
        return list(Scanner((*SHARED, *rows)).scan(io.BytesIO(data)))
    finally:
        anchors.PREPARE_AFTER = usual


def main(seconds: float = 60, seed: int = 0, say: Callable[[str], object] = print) -> int:
    """Judge mutated logs for *seconds*; return 1 if one of them failed, else 0."""
    import tempfile

    checks = registry.load("log")
    rows = [row for check in checks for row in check.patterns]
    known = lines([*SHARED, *rows])
    keep = os.environ.get("DIAGNOSE_FUZZ_KEEP")
    outcomes: Counter[str] = Counter()
    end = time.monotonic() + seconds
    number, slowest = 0, 0.0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        while time.monotonic() < end:
            data = mutate(random.Random(f"{seed}.{number}"), known)
            start = time.process_time()
            outcome = attempt(Path(folder) / "x.log", data, checks, rows)
            slowest = max(slowest, time.process_time() - start)
            if outcome not in ("judged", "refused"):
                say(f"seed {seed}, input {number}, {len(data)} bytes:\n{outcome}")
                if keep:
                    Path(keep, f"{seed}-{number}.log").write_bytes(data)
                outcome = "failed"
            outcomes[outcome] += 1
            number += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    say(f"{number} inputs from seed {seed}: {counted}; slowest {slowest:.2f} s, peak {peak} MB")
    return int(outcomes["failed"] > 0)
