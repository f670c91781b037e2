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
from diagnose.tables import rustc_processors

ACCEPTED = (
    "-C opt_level=3", "-Copt-level=s", "-C strip=symbols -g -O", "-gO", "--cfg x --check-cfg cfg(x)", "--cfg=x",
    "-L native=/tmp -l dylib=c -lc", "-Clink-arg=-Wl,--as-needed -C link-args=-lm", "-W unused -Aunused_variables",
    "--cap-lints warn", "--codegen debuginfo=line-tables-only", "-C target-cpu=native", "--remap-path-prefix /a=/b",
    "--emit=link,dep-info=x.d", "-C rpath", "-Cprefer-dynamic=no", "-C lto=off -C panic=abort", "-Crelro-level=full",
    "-C relocation-model=pie", "-C code-model=small -C split-debuginfo=off -C linker-flavor=gcc -Ccodegen-units=1",
)  # fmt: skip
REFUSED = (
    "--cap-lints=all", "--emit=foo", "-l nosuch=bar",
    "-C lto=maybe", "-C panic=maybe", "-C relro-level=all", "-C codegen-units=0", "-C linker-flavor=mold",
    "-C relocation-model=PIC", "-C code-model=huge", "-C split-debuginfo=yes", "-C prefer-dynamic=1",
    "-C symbol-mangling-version=v1", "-C collapse-macro-debuginfo=all",
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


PROCESSORS = {
    "-C target-cpu=x86_64-v3": True,
    "-C target-cpu=nosuch": True,
    "-Ctarget_cpu=pentium4": True,
    "-C target-cpu=native -C target-cpu=Native": True,
    "-C target-cpu=nosuch -C target-cpu=x86-64-v3": False,
    "-C target-cpu=native": False,
    "-C target-cpu=generic": False,
    "-C target-cpu=skylake_avx512": False,
}


@pytest.mark.parametrize("flags", PROCESSORS)
def test_the_processors_that_rustc_compiles_for(flags: str, tmp_path: Path) -> None:
    words = [(word, Setting("RUSTFLAGS", flags)) for word in flags.split()]
    found = rustc_flags.processors(list(rustc_flags.options(words)), "x86_64-unknown-linux-gnu")
    assert bool(found) is PROCESSORS[flags]
    assert rustc_flags.processors(list(rustc_flags.options(words)), "aarch64-unknown-linux-gnu") == []
    rustc = shutil.which("rustc", path=f"{Path.home()}/.cargo/bin:{os.environ['PATH']}")
    need(rustc, "not installed: rustc")
    (tmp_path / "empty.rs").write_text("#![no_std]\npub fn one(two: u64) -> u64 {\n    two + 1\n}\n")
    words = [str(rustc), "--crate-type=lib", "--emit=obj", "--target=x86_64-unknown-linux-gnu", *flags.split()]
    done = subprocess.run([*words, "empty.rs"], capture_output=True, cwd=tmp_path)
    assert (done.returncode != 0) is PROCESSORS[flags], done.stderr


def test_the_table_has_the_processors_of_this_rustc() -> None:
    rustc = shutil.which("rustc", path=f"{Path.home()}/.cargo/bin:{os.environ['PATH']}")
    need(rustc, "not installed: rustc")
    done = subprocess.run([str(rustc), "--version"], capture_output=True, text=True, check=True)
    if not rustc_flags.is_known(done.stdout.split()[1]):
        pytest.skip(f"{done.stdout}is not one whose processors are known")
    for target, without in (("x86_64", 40), ("riscv64gc", 30), ("loongarch64", 3)):
        words = [str(rustc), "--print=target-cpus", "--target", f"{target}-unknown-linux-gnu"]
        listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        names = {line.split()[0] for line in listed.splitlines() if line.startswith("    ")} - {"native"}
        table = rustc_processors.names(target.replace("gc", ""))
        assert {name for name, release in table.items() if release == rustc_flags.OLDEST} <= names | {"generic"}
        assert 0 < len(names - set(table)) < without  # those of 32 bits


def test_a_processor_of_a_newer_release_is_left_open(tmp_path: Path) -> None:
    case = cases.CASES["native-healthy"]
    read(case, str(tmp_path))
    root = str(tmp_path / "root")
    facts = look(case, root, RUSTFLAGS="-C target-cpu=novalake")  # of 1.95; this is 1.85
    assert list(rustc_option_unknown.env(facts)) == []
    assert any("accepts -C target-cpu=novalake" in one for one in facts.unseen)
    (finding,) = rustc_option_unknown.env(look(case, root, CARGO_BUILD_RUSTFLAGS="-C target-cpu=x86_64-v3"))
    assert finding.message == "rustc 1.85.0 does not accept -C target-cpu=x86_64-v3"
    assert finding.fixes[0].notes.startswith("Is x86-64-v3 meant?")


OF_CARGO = ("--edition=2021", "--crate-name=other", "--test", "-V", "--color=always", "--error-format=short")


@pytest.mark.parametrize("flags", ["-g --cap-lints warn", *OF_CARGO])
def test_what_cargo_says_itself_is_refused(flags: str, tmp_path: Path) -> None:
    cargo = shutil.which("cargo", path=f"{Path.home()}/.cargo/bin:{os.environ['PATH']}")
    need(cargo, "not installed: cargo")
    (tmp_path / "src").mkdir()
    (tmp_path / "src/lib.rs").write_text("")
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "empty"\nversion = "0.1.0"\nedition = "2021"\n')
    environment = {**os.environ, "RUSTFLAGS": flags}
    done = subprocess.run([str(cargo), "check", "--offline"], capture_output=True, cwd=tmp_path, env=environment)
    assert (done.returncode != 0) is (flags in OF_CARGO) is bool(refused(flags))
