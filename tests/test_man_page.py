"""The manual page has every command and option, and the programs that show manual pages accept it."""

from __future__ import annotations

import runpy
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import need

from diagnose.cli import options

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("man") / "diagnose.1"
    text = runpy.run_path(str(ROOT / "scripts" / "man_page.py"))["page"]()
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def test_man_shows_every_option_without_a_warning(page: Path) -> None:
    need(shutil.which("man"), "man is not installed")
    environ = {"PATH": "/usr/bin:/bin", "MANWIDTH": "200", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": ""}
    done = subprocess.run(["man", "--warnings=w", "-l", str(page)], capture_output=True, text=True, env=environ)
    assert (done.returncode, done.stderr) == (0, "")
    shown = " ".join(done.stdout.split())
    for command in options.COMMANDS.values():
        assert f"diagnose {command.name}" in shown
        assert command.help in shown
        for option in command.options:
            assert option.name in shown and option.help in shown


def test_the_linters_of_manual_pages_accept_it(page: Path) -> None:
    need(shutil.which("mandoc") and shutil.which("groff"), "mandoc or groff is not installed")
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "all", str(page)], capture_output=True, text=True)
    # Without a date, the page is the same whenever it is made.
    assert [line.partition(": WARNING: ")[2] for line in done.stdout.splitlines()] == ['missing date, using "": TH']
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-b", "-z", str(page)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
