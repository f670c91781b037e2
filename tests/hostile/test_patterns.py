"""No text keeps a log's reader busy for longer than in proportion to its length."""

from __future__ import annotations

import itertools
import re

import pace
import pytest

from diagnose.model.pattern import Pattern
from diagnose.readers import buildlog
from hostile import patterns

BOUND = 0.2  # seconds of processor time; a search whose time grows with the square of the length takes above 0.5
# What took minutes, or seconds, in a single line.
LINES = {
    "version wanted": "lib" + "liba" * 2800 + ": version `",
    "collecting": "(from Collecting " + "a" * 8000,
    "skipping": "lld" * 32_000 + " skipping incompatible x",
    "flags": "--cflags" + "1" * 64_000,
    "linker without end": "lld-link" * 8000 + ": error: could not open",
    "skipping in German": "inkompatib" * 6400,
    "blanks before": " " * 256_000 + "error: cannot find -l",
    "redrawn": "a\rcannot find -lx\r" * 14_400,
    "braces": "Failure { command: " * 3000,
    "answers": "Response from " + "://a" * 16_000,
    "trials": "conftesta." * 6400,
    "defined nowhere": "duplicate symbol: aa >>> defined at a >>> " + " " * 64_000,
}


@pytest.mark.parametrize("pattern", patterns.all_patterns(), ids=str)
def test_a_pattern_takes_time_in_proportion(pattern: Pattern) -> None:
    search = re.compile(pattern.pattern).search
    for filler, length in itertools.product(patterns.few(pattern), (1 << 10, 1 << 12, 1 << 14)):
        if patterns.seconds(search, filler.text(length), 1) > BOUND:
            assert patterns.seconds(search, filler.text(length), 3) < BOUND * pace.slowness(), filler


@pytest.mark.parametrize("line", LINES.values(), ids=list(LINES))
def test_a_line_takes_time_in_proportion(line: str) -> None:
    rows = patterns.all_patterns()
    with pace.within(2):
        buildlog.read_text(line + "\n", "x.log", rows)


def test_a_version_of_thousands_of_digits_is_read() -> None:
    line = f"/lib/libc.so.6: version `GLIBC_2.{'1' * 5000}' not found (required by x)\n"
    assert buildlog.read_text(line, "x.log", patterns.all_patterns()).lines == 1
