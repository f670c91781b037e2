"""Cargo's configuration, edited without losing a word of it; cargo itself is the judge of the result."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import need
from hypothesis import given
from hypothesis import strategies as st

from diagnose.fixes import cargo_config

ARMV7 = (
    ("PKG_CONFIG_armv7_unknown_linux_gnueabihf", "arm-linux-gnueabihf-pkg-config"),
    ("CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER", "arm-linux-gnueabihf-gcc"),
)
BLOCK = """\
[env]
PKG_CONFIG_armv7_unknown_linux_gnueabihf = "arm-linux-gnueabihf-pkg-config"

[target.armv7-unknown-linux-gnueabihf]
linker = "arm-linux-gnueabihf-gcc"
"""


def test_block() -> None:
    assert cargo_config.block(ARMV7) == BLOCK


def test_new_file_and_second_run() -> None:
    assert cargo_config.edited("", ARMV7) == BLOCK
    assert cargo_config.edited(BLOCK, ARMV7) == BLOCK


def test_everything_else_is_kept() -> None:
    before = """\
# ours
[build]
jobs = 2        # few

[target.armv7-unknown-linux-gnueabihf]   # the board
# the old one:
linker = "wrong-gcc"   # why?
rustflags = ["-C", "link-arg=-s"]

# the end of it
[env]
A = "1"

[target.aarch64-unknown-linux-gnu]
linker = "other"
"""
    after = before.replace('"wrong-gcc"', '"arm-linux-gnueabihf-gcc"').replace(
        'A = "1"\n', 'A = "1"\nPKG_CONFIG_armv7_unknown_linux_gnueabihf = "arm-linux-gnueabihf-pkg-config"\n'
    )
    assert cargo_config.edited(before, ARMV7) == after


def test_what_is_wrong_goes_and_its_comment_with_it() -> None:
    before = '# mine\n[env]\nA = "1"  # a slip\n"B" = "2"\n\n[target.x86_64-unknown-linux-gnu]\nlinker = "cc"\n'
    after = cargo_config.edited(before, [("C", "3")], ["A", "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", "ABSENT"])
    assert after == '# mine\n[env]\n"B" = "2"\nC = "3"\n\n[target.x86_64-unknown-linux-gnu]\n'
    assert cargo_config.removed(before, after) == {"A"}
    with pytest.raises(ValueError, match="line by line"):
        cargo_config.edited('env = { A = "1" }\n', [], ["A"])


def test_quoted_header_and_no_final_newline() -> None:
    before = "[target.'armv7-unknown-linux-gnueabihf']\nrunner = \"qemu\""
    after = cargo_config.edited(before, ARMV7[1:])
    assert after == before + '\nlinker = "arm-linux-gnueabihf-gcc"\n'


@pytest.mark.parametrize(
    "text",
    [
        "env = { A = '1' }\n",
        "env.A = '1'\n",
        "target.armv7-unknown-linux-gnueabihf.linker = 'x'\n",
        "[target]\narmv7-unknown-linux-gnueabihf = { linker = 'x' }\n",
        "[env\n",
        "env = 1\n",
        "[build]\nx = '''\n[env]\n'''\n",
    ],
)
def test_what_cannot_be_edited_is_refused_or_right(text: str) -> None:
    try:
        after = cargo_config.edited(text, ARMV7)
    except ValueError:
        return
    assert text in after


@given(st.text(), st.text(alphabet="AB_c", min_size=1))
def test_any_value_survives(value: str, name: str) -> None:
    text = cargo_config.block([(name, value)])
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    assert cargo_config._parse(text) == {"env": {name: value}}


def test_cargo_reads_it(tmp_path: Path) -> None:
    need(shutil.which("cargo"), "cargo is not installed")
    (tmp_path / ".cargo").mkdir()
    (tmp_path / ".cargo/config.toml").write_text(cargo_config.edited("# mine\n[build]\njobs = 1\n", ARMV7))
    (tmp_path / "src").mkdir()
    (tmp_path / "src/lib.rs").write_text("")
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "a"\nversion = "0.1.0"\nbuild = "build.rs"\n')
    (tmp_path / "build.rs").write_text(
        'fn main() { println!("cargo:warning={}", std::env::var("PKG_CONFIG_armv7_unknown_linux_gnueabihf").unwrap()) }'
    )
    run = subprocess.run(["cargo", "build", "--offline"], cwd=tmp_path, capture_output=True, text=True)
    assert "a@0.1.0: arm-linux-gnueabihf-pkg-config" in run.stderr, run.stderr
