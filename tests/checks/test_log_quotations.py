"""An error that a test quotes does not count; the test's own exception does. The output is real pytest's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from logs import judged

QUOTE = "ImportError: libquoted.so.1: cannot open shared object file: No such file or directory"
PIP = "ERROR: Could not find a version that satisfies the requirement quoted==9 (from versions: none)"
QUOTING = f'''
import sys, unittest

PIP = "{PIP}"

def test_compared():
    assert "{QUOTE}" == "{PIP}"

def test_source():
    wanted = "{QUOTE}"
    raise ValueError("other")  # {QUOTE}

def test_captured():
    print("{QUOTE}")
    print(PIP, file=sys.stderr)
    assert 0

class TestOld(unittest.TestCase):
    def test_lines(self):
        self.assertEqual("{QUOTE}", PIP)
'''
IMPORTING = """
import subprocess, sys

def test_loads():
    raise ImportError("libabsent.so.2: cannot open shared object file: No such file or directory")
"""
STYLES = ([], ["--tb=short"], ["--tb=native"], ["--tb=line", "-q"], ["-rA", "-vv", "--color=yes"])


def run(code: str, folder: Path, *arguments: str) -> str:
    (folder / "test_it.py").write_text(code)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments, "test_it.py"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CI"))}
    environment |= {"CI": "true"} if "-q" in arguments or not arguments else {}  # pytest then shows whole reasons
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def causes(text: str, folder: Path) -> list[str]:
    log = folder / "build.log"
    log.write_text(text)
    return [finding.check for finding in judged(log).findings]


@pytest.mark.parametrize("style", STYLES, ids=" ".join)
def test_what_a_failed_test_quotes_is_no_cause(style: list[str], tmp_path: Path) -> None:
    assert causes(run(QUOTING, tmp_path, *style), tmp_path) == ["unknown-failure"]


@pytest.mark.parametrize("style", STYLES, ids=" ".join)
def test_the_exception_of_a_failed_test_is_the_cause(style: list[str], tmp_path: Path) -> None:
    assert causes(run(IMPORTING, tmp_path, *style), tmp_path) == ["runtime-lib-missing"]


@pytest.mark.parametrize("prefix", ["2026-11-26T19:26:50.1234567Z ", "#12 3.456 ", "      "])
def test_the_same_behind_a_prefix(prefix: str, tmp_path: Path) -> None:
    quoting = run(QUOTING, tmp_path)
    importing = run(IMPORTING, tmp_path)
    dressed = ["".join(f"{prefix}{line}\n" for line in text.split("\n")) for text in (quoting, importing)]
    assert [causes(text, tmp_path) for text in dressed] == [["unknown-failure"], ["runtime-lib-missing"]]


def test_an_error_after_the_report_counts(tmp_path: Path) -> None:
    text = run(QUOTING, tmp_path) + f"{PIP}\nERROR: No matching distribution found for quoted==9\n"
    assert causes(text, tmp_path) == ["no-wheel-no-sdist"]


def test_unittest_shows_the_texts_that_it_compared(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(QUOTING)
    command = [sys.executable, "-m", "unittest", "-v", "test_it.TestOld"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert QUOTE in done.stderr
    assert causes(done.stderr, tmp_path) == ["unknown-failure"]


def test_a_traceback_shows_source_lines(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text(f"raise ValueError('no') or \"{QUOTE}\"\n")
    done = subprocess.run([sys.executable, "setup.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert QUOTE in done.stderr
    assert causes(done.stderr, tmp_path) == ["unknown-failure"]
