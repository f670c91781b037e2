"""The table of Rust's oldest glibc says what the book of the installed Rust says."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from diagnose.model import targets
from diagnose.tables.rust_glibc import floors


def test_every_glibc_target_has_a_floor() -> None:
    assert set(floors()) == {row.triple for row in targets.TARGETS if row.libc == "glibc"}


def test_the_floors_are_those_of_the_installed_book() -> None:
    rustc = shutil.which("rustc") or str(Path.home() / ".cargo/bin/rustc")
    if not Path(rustc).exists():
        pytest.skip("needs rustc")
    sysroot = subprocess.run([rustc, "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
    book = Path(sysroot, "share/doc/rust/html/rustc/platform-support.html")
    if not book.is_file():
        pytest.skip("needs rustup's component rust-docs")
    said = {}
    for row in re.findall(r"<tr>(.*?)</tr>", book.read_text(encoding="utf-8"), re.DOTALL):
        text = html.unescape(re.sub(r"<[^>]+>", " ", row))
        if found := re.search(r"([\w.-]+-linux-gnu\w*)\b.*\bglibc (\d+\.\d+)", text, re.DOTALL):
            said[found[1]] = found[2]
    assert said, "the book's table has another form"
    assert {triple: said[triple] for triple in floors() if triple in said} == {
        triple: version for triple, version in floors().items() if triple in said
    }
    assert len(set(floors()) & set(said)) >= 10
