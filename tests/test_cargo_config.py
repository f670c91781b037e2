"""Cargo's configuration, edited without losing a word of it; cargo itself is the judge of the result."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import need
from hypothesis import given
from hypothesis import strategies as st

from diagnose.readers import toml
from diagnose.remedies import cargo_config

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
    assert cargo_config.edited('env = { B = "2", A = "1" }\n', [], ["A"]) == 'env = { B = "2" }\n'


def test_line_ends_and_bytes_stay_as_they_are() -> None:
    before = "# a\x85b\u2028c\r\n[env]\r\nA = '1'  # x\r\n[build]\r\njobs = 1"
    after = cargo_config.edited(before, [("A", "2"), ("B", "3"), *ARMV7[1:]])
    assert after.startswith("# a\x85b\u2028c\r\n[env]\r\nA = ")
    assert after.count("\n") == after.count("\r\n")
    raw = b"# caf\xe9\n[env]\n".decode("utf-8", "surrogateescape")
    assert cargo_config.edited(raw, [("A", "1")]) == raw + 'A = "1"\n'


def test_quoted_header_and_no_final_newline() -> None:
    before = "[target.'armv7-unknown-linux-gnueabihf']\nrunner = \"qemu\""
    after = cargo_config.edited(before, ARMV7[1:])
    assert after == before + '\nlinker = "arm-linux-gnueabihf-gcc"\n'


ARMV7_TRIPLE = "armv7-unknown-linux-gnueabihf"
NAME, LINKER = ARMV7[0][0], "arm-linux-gnueabihf-gcc"
SET = f'{NAME} = "arm-linux-gnueabihf-pkg-config"'
NEW_ENV = f"\n[env]\n{SET}\n"
NEW_TARGET = f'\n[target.{ARMV7_TRIPLE}]\nlinker = "{LINKER}"\n'
SPELLINGS = {
    "env = { A = '1' }  # why\n": f"env = {{ A = '1', {SET} }}  # why\n{NEW_TARGET}",
    "env = {}\n": f"env = {{{SET}}}\n{NEW_TARGET}",
    "env.A = '1'  # why\n": f"env.A = '1'  # why\nenv.{SET}\n{NEW_TARGET}",
    "[env.A]\nvalue = '1'  # why\n": f"[env]\n{SET}\n\n[env.A]\nvalue = '1'  # why\n{NEW_TARGET}",
    "[build]\nx = '''\n[env]\n'''\n": f"[build]\nx = '''\n[env]\n'''\n{NEW_ENV}{NEW_TARGET}",
    f"target.{ARMV7_TRIPLE}.linker = 'x' # why\n": f'target.{ARMV7_TRIPLE}.linker = "{LINKER}" # why\n{NEW_ENV}',
    f"[target]\n'{ARMV7_TRIPLE}' = {{ linker = 'x' }}\n": (
        f"[target]\n'{ARMV7_TRIPLE}' = {{ linker = \"{LINKER}\" }}\n{NEW_ENV}"
    ),
    f"[target]\n{ARMV7_TRIPLE}.linker = 'x'\n": f'[target]\n{ARMV7_TRIPLE}.linker = "{LINKER}"\n{NEW_ENV}',
    "target = { x = { linker = 'x' } }\n": (
        f"target = {{ x = {{ linker = 'x' }}, {ARMV7_TRIPLE} = {{linker = \"{LINKER}\"}} }}\n{NEW_ENV}"
    ),
    f"[target.{ARMV7_TRIPLE}]\nlinker = '''\nx''' # why\n# mine\n\n# of a\n[a]\nb = 1\n": (
        f'[target.{ARMV7_TRIPLE}]\nlinker = "{LINKER}" # why\n# mine\n\n# of a\n[a]\nb = 1\n{NEW_ENV}'
    ),
    "[env]\nA = '1'\n# mine\n\n# of a\n[a]\nb = 1\n": (
        f"[env]\nA = '1'\n{SET}\n# mine\n\n# of a\n[a]\nb = 1\n{NEW_TARGET}"
    ),
    "[env]": f"[env]\n{SET}\n{NEW_TARGET}",
    f"[env]\n{NAME} = {{ value = 'x', relative = true, force = true }}\n": (
        f'[env]\n{NAME} = {{ value = "arm-linux-gnueabihf-pkg-config", force = true }}\n{NEW_TARGET}'
    ),
    "[env]\r\nA = '1'\r\n": f"[env]\nA = '1'\n{SET}\n{NEW_TARGET}".replace("\n", "\r\n"),
}


@pytest.mark.parametrize("text", SPELLINGS)
def test_every_spelling_is_edited_in_place(text: str) -> None:
    after = cargo_config.edited(text, ARMV7)
    assert after == SPELLINGS[text]
    assert cargo_config.edited(after, ARMV7) == after


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[env\n", "Expected"),
        ("env = 1\n", "env is not a table"),
        ("[[env]]\n", "env is not a table"),
        (".".join("a" * 2000) + " = 1\n", "more than 128 parts"),
        ("a = " + "[" * 20_000, "nested too deeply"),
        ("a = " + "{a = " * 5000, "nested too deeply"),
        ("a = 1\n" * 30_000, "larger than 64 KiB|Cannot overwrite"),
        ("a = " + "1" * 5000, "digits"),
    ],
)
def test_what_cannot_be_edited_is_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refusal:
        cargo_config.edited(text, ARMV7)
    assert "\n" not in str(refusal.value)


KEYS = st.sampled_from(["A", "'B c'", '"D.e"', NAME, "F"])
VALUES = st.sampled_from(
    ["'1'", '"two\\n"', "'''\nthree'''", "{ value = 'x', force = true }", "{value='y',relative=true}"]
)


@given(
    entries=st.dictionaries(KEYS, VALUES, max_size=4),
    form=st.sampled_from(["header", "dotted", "inline", "tables"]),
    before=st.sampled_from(["", "# first\n", "[a]\nb = 1 # c\n\n"]),
    after=st.sampled_from(["", "\n# last", f"[target.'{ARMV7_TRIPLE}'] # t\nrunner='q'\n\n# end\n", "[z.y]\n[z]\n"]),
    gone=st.lists(KEYS.map(lambda key: key.strip("'\"")), max_size=2),
)
def test_any_configuration_keeps_its_comments_and_its_other_entries(
    entries: dict[str, str], form: str, before: str, after: str, gone: list[str]
) -> None:
    lines = [f"{key} = {value}  # {number}" for number, (key, value) in enumerate(entries.items())]
    text = {
        "header": "[env]\n" + "\n".join(lines) + "\n",
        "dotted": "\n".join(f"env.{line}" for line in lines) + "\n",
        "inline": "env = { " + ", ".join(f"{key} = {value}" for key, value in entries.items()) + " }\n",
        "tables": "".join(f"[env.{key}]\nvalue = 'z' # {number}\n" for number, key in enumerate(entries)),
    }[form]
    text = (text + before if form in ("dotted", "inline") else before + text) + after
    result = cargo_config.edited(text, ARMV7, [name for name in gone if name != NAME])
    old, new = toml.parse(text), toml.parse(result)
    kept = {name: value for name, value in old.get("env", {}).items() if name not in gone and name != NAME}
    mine = new["env"].pop(NAME)
    assert (mine["value"] if isinstance(mine, dict) else mine) == ARMV7[0][1]
    assert new.pop("env") == kept
    assert new["target"][ARMV7_TRIPLE].pop("linker") == LINKER
    assert {**new, "target": None} == {**{k: v for k, v in old.items() if k != "env"}, "target": None}
    comments = {line.partition("#")[2] for line in (before + after).splitlines() if "#" in line}
    assert all(comment in result for comment in comments)


@given(st.text(), st.text(alphabet="AB_c", min_size=1))
def test_any_value_survives(value: str, name: str) -> None:
    text = cargo_config.block([(name, value)])
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    assert toml.parse(text) == {"env": {name: value}}


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
