"""rustc-option-unknown judges options as rustc does, of the releases that it knows only."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import need
from diagnose_checks.rust import rustc_option_unknown
from roots import cases, look, read

from diagnose.readers.cargo import rustc_flags
from diagnose.readers.cargo.variables import Setting

ACCEPTED = (
    "-C opt_level=3", "-Copt-level=s", "-C strip=symbols -g -O", "-gO", "--cfg x --check-cfg cfg(x)", "--cfg=x",
    "-L native=/tmp -l dylib=c -lc", "-Clink-arg=-Wl,--as-needed -C link-args=-lm", "-W unused -Aunused_variables",
    "--cap-lints warn", "--codegen debuginfo=line-tables-only", "-C target-cpu=native", "--remap-path-prefix /a=/b",
    "--edition 2021", "-C rpath", "-Cprefer-dynamic=no",
)  # fmt: skip
REFUSED = (
    "-C nonsense", "-C opt-level=9", "-C strip=all", "-C debuginfo=3", "-x", "-rdynamic", "--no-such", "stray",
    "-Cno_such=1", "-O3", "-Wl,--as-needed -Bstatic",
)  # fmt: skip


def refused(flags: str) -> list[str]:
    words = [(word, Setting("RUSTFLAGS", flags)) for word in flags.split()]
    return [option.refused for option in rustc_flags.options(words) if option.refused]


def asked(flags: str) -> str:
    rustc = shutil.which("rustc", path=f"{Path.home()}/.cargo/bin:{os.environ['PATH']}")
    need(rustc, "not installed: rustc")
    words = [str(rustc), "-", "--crate-name", "x", "--print=file-names", *flags.split()]
    done = subprocess.run(words, input="", capture_output=True, text=True)
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize("flags", ACCEPTED)
def test_what_rustc_accepts_is_accepted(flags: str) -> None:
    assert refused(flags) == []
    assert asked(flags) == ""


@pytest.mark.parametrize("flags", REFUSED)
def test_what_rustc_refuses_is_refused(flags: str) -> None:
    (first, *_) = refused(flags)
    said = asked(flags)
    assert said.startswith("error")
    assert first.partition(" `")[0] in said or "opt-level" in first


def test_every_codegen_option_of_this_rustc_is_known() -> None:
    rustc = shutil.which("rustc", path=f"{Path.home()}/.cargo/bin:{os.environ['PATH']}")
    need(rustc, "not installed: rustc")
    done = subprocess.run([str(rustc), "-C", "help"], capture_output=True, text=True, check=True)
    version = subprocess.run([str(rustc), "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    if not rustc_flags.is_known(version):
        pytest.skip(f"rustc {version} is not one whose options are known")
    names = {line.split()[1].partition("=")[0] for line in done.stdout.splitlines() if line.split()[:1] == ["-C"]}
    assert names
    assert names <= rustc_flags.CODEGEN | rustc_flags.LATER


def test_a_near_miss_is_silent(tmp_path: Path) -> None:
    case = cases.CASES["native-healthy"]
    facts = read(case, str(tmp_path))
    root = str(tmp_path / "root")

    def told(**changes: str) -> list[str]:
        return [finding.message for finding in rustc_option_unknown.env(look(case, root, **changes))]

    assert list(rustc_option_unknown.env(facts)) == []
    assert told(RUSTFLAGS="--cfg nonsense -C link-arg=-nonsense") == []
    assert told(CARGO_ENCODED_RUSTFLAGS='--cfg\x1fa="b -x"', RUSTFLAGS="-x") == []  # one word with a blank in it
    assert told(CARGO_BUILD_RUSTFLAGS="-x", CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-g") == []
    assert told(CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-Cno-such") == [
        "rustc 1.85.0 does not accept -C no-such"
    ]
    (unsure,) = [one for one in look(case, root, RUSTFLAGS="-C dwarf-version=5").unseen if "accepts" in one]
    assert unsure.startswith("whether this rustc accepts -C dwarf-version=5")


def test_of_an_older_or_newer_rustc_nothing_is_said(tmp_path: Path) -> None:
    case = next(one for one in cases.CASES.values() if one.family == "bookworm")
    read(case, str(tmp_path))
    facts = look(case, str(tmp_path / "root"), RUSTFLAGS="-C no-such")
    assert list(rustc_option_unknown.env(facts)) == []
    assert any("accepts -C no-such" in one for one in facts.unseen)
