"""rustc-option-unknown judges options as rustc does, of the releases that it knows only."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import need
from diagnose_checks.rust import rustc_option_unknown
from roots import cases, look, read

from diagnose.readers.cargo import rustc_flags, rustc_judgement
from diagnose.readers.cargo.variables import Setting
from diagnose.tables import rustc_options, rustc_processors

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


def split(flags: str) -> list[rustc_flags.RustcOption]:
    return list(rustc_flags.options((word, Setting("RUSTFLAGS", flags)) for word in flags.split()))


def refused(flags: str, release: str = "1.95", triple: str = "x86_64-unknown-linux-gnu") -> list[str]:
    judged = rustc_judgement.judged(split(flags), release, triple)
    return [option.refused for option in judged if option.refused]


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
    if not rustc_judgement.is_known(version):
        pytest.skip(f"rustc {version} is not one whose options are known")
    names = {line.split()[1].partition("=")[0] for line in done.stdout.splitlines() if line.split()[:1] == ["-C"]}
    assert names
    assert names <= rustc_options.table().keys() | {"help"}


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
    (unsure,) = [one for one in look(case, root, RUSTFLAGS="-C llvm-args=-x").unseen if "accepts" in one]
    assert unsure.startswith("whether this rustc accepts -C llvm-args=-x")


#: What cargo did with flags for a small program, by release: ``x`` for a failure, ``.`` for a program.
RELEASES = ("1.63", "1.85", "1.96", "1.97")
SEEN = {
    "-C linker-features=-lld": "xx..",
    "-C linker-features=+lld": "xxxx",
    "-C dwarf-version=5": "xx..",
    "-C dwarf-version=1": "xxxx",
    "-C jump-tables=no": "xx..",
    "-C relro-level=full": "x...",
    "-C collapse-macro-debuginfo=yes": "x...",
    "-C dlltool=x": "x...",
    "-C split-debuginfo=packed": "x...",
    "-C split-debuginfo=off": "x...",
    "-C strip=symbols": "....",
    "-C debuginfo=line-tables-only": "x...",
    "-C debuginfo=0": "....",
    "-C debuginfo=3": "xxxx",
    "-C soft-float": "..xx",
    "-C inline-threshold=275": "...x",
    "-C ar=ar": "...x",
    "-C no-stack-check": "...x",
    "-C symbol-mangling-version=v0": "....",
    "-C symbol-mangling-version=legacy": "xxxx",
    "-C rpath=true": "x...",
    "-C rpath=yes": "....",
    "-C force-frame-pointers=always": "x...",
    "-C force-frame-pointers=non-leaf": "xxxx",
    "-C linker-flavor=gnu-cc": "xxxx",
    "-C linker-flavor=gcc": "....",
    "-C link-self-contained=yes": ".xxx",
    "-C link-self-contained=-linker": "xx..",
    "-C link-self-contained=+linker": "xxxx",
    "-C panic=immediate-abort": "xxxx",
    "-C instrument-coverage=except-unused-generics": "xxxx",
    "-C opt-level": "xxxx",
    "-C no-vectorize-loops=no": "xxxx",
    "-C lto": "xxxx",
    "-C lto=thin": "xxxx",
    "-C lto=off": "....",
    "-C linker=": "xxxx",
    "-C help": "xxxx",
    "--check-cfg cfg(x)": "x...",
    "--remap-path-scope=all": "xx..",
    "--print=link-args": "....",
    "--print=nosuch": "xxxx",
    "--json=artifacts": "xxxx",
    "--env-set A=B": "xxxx",
    "--emit=thin-link-bitcode": "xxxx",
    "--extern noprelude:foo=bar": "xxxx",
    "--extern foo=/nowhere.rlib": "....",
    "-l dylib:+as-needed=foo": "xxxx",
    "-l raw-dylib=foo": "xxxx",
    "-l foo:bar": "xxxx",
    "--cfg a=b": "xxxx",
    '--cfg "x"': "xxxx",
    '--cfg feature="x"': "....",
    '--cfg target_os="windows"': ".xxx",
    "--remap-path-prefix=/a": "xxxx",
    "-C": "xxxx",
    "-W": "xxxx",
    "--cfg": "xxxx",
    "-D unused": "....",
    "-W clippy::all": "....",
}


@pytest.mark.parametrize("flags", SEEN)
def test_each_release_is_judged_by_its_own_options(flags: str) -> None:
    judged = "".join("x" if refused(flags, release) else "." for release in RELEASES)
    assert judged == SEEN[flags]
    for before, release in itertools.pairwise(RELEASES):  # nothing between two releases is refused that both accept
        for minor in range(int(before[2:]), int(release[2:])):
            if refused(flags, before) == [] == refused(flags, release):
                assert refused(flags, f"1.{minor}") == []


def test_what_changed_between_two_releases_that_were_asked_is_left_open() -> None:
    def unsure(flags: str, release: str) -> bool:
        judged = list(rustc_judgement.judged(split(flags), release, "x86_64-unknown-linux-gnu"))
        assert not any(option.refused for option in judged)
        return any(option.unsure for option in judged)

    assert unsure("-C linker-features=-lld", "1.90")
    assert unsure("-C force-frame-pointers=always", "1.70")
    assert unsure("-A nosuch_lint", "1.63")
    assert not unsure("-A nosuch_lint", "1.85")
    assert unsure("-C embed-bitcode=yes -C lto", "1.85")
    assert not unsure("-C link-self-contained=yes", "1.63")


def test_a_target_with_musl_has_files_of_its_own() -> None:
    assert refused("-C link-self-contained=yes", "1.85", "x86_64-unknown-linux-musl") == []
    assert refused("-C link-self-contained=maybe", "1.85", "x86_64-unknown-linux-musl")


def test_a_profile_with_lto_leaves_open_what_cargo_passes(tmp_path: Path) -> None:
    case = cases.CASES["native-healthy"]
    read(case, str(tmp_path))
    root, project = str(tmp_path / "root"), tmp_path / "project"
    manifest = '[package]\nname = "demo"\nversion = "0.1.0"\n'
    (project / "Cargo.toml").write_text(manifest)
    (project / "src").mkdir(exist_ok=True)
    (project / "src/lib.rs").write_text("")
    (finding,) = rustc_option_unknown.env(look(case, root, RUSTFLAGS="-C lto=thin"))
    assert "incompatible" in finding.consequence
    assert list(rustc_option_unknown.env(look(case, root, RUSTFLAGS="-C lto=off"))) == []
    (project / "Cargo.toml").write_text(manifest + '[profile.release]\nlto = "thin"\n')
    facts = look(case, root, RUSTFLAGS="-C lto=thin")
    assert list(rustc_option_unknown.env(facts)) == []
    assert any("accepts -C lto=thin" in one for one in facts.unseen)


def test_what_profiles_a_program_needs_a_library_of_rust(tmp_path: Path) -> None:
    case = cases.CASES["native-healthy"]
    read(case, str(tmp_path))
    root = str(tmp_path / "root")
    (finding,) = rustc_option_unknown.env(look(case, root, RUSTFLAGS="-C instrument-coverage"))
    assert "profiler_builtins" in finding.consequence
    assert list(rustc_option_unknown.env(look(case, root, RUSTFLAGS="-C instrument-coverage=off"))) == []
    library = next((tmp_path / "root").rglob("rustlib/x86_64-unknown-linux-gnu/lib"))
    (library / "libprofiler_builtins-0.rlib").write_bytes(b"!<arch>\n")
    assert list(rustc_option_unknown.env(look(case, root, RUSTFLAGS="-C instrument-coverage"))) == []
    (finding,) = rustc_option_unknown.env(look(case, root, RUSTFLAGS="-C profile-use=/nowhere.profdata"))
    assert "does not exist" in finding.consequence


def test_of_a_newer_rustc_nothing_is_said(tmp_path: Path) -> None:
    case = next(one for one in cases.CASES.values() if one.family == "bookworm")
    read(case, str(tmp_path))
    (finding,) = rustc_option_unknown.env(look(case, str(tmp_path / "root"), RUSTFLAGS="-C dlltool=x"))
    assert finding.message == "rustc 1.63.0 does not accept -C dlltool=x"
    assert not rustc_judgement.is_known("1.98.0")
    assert not rustc_judgement.is_known("1.47.0")
    assert rustc_judgement.is_known("1.97.1")


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
    found = rustc_judgement.processors(split(flags), "1.95", "x86_64-unknown-linux-gnu")
    assert bool(found) is PROCESSORS[flags]
    assert rustc_judgement.processors(split(flags), "1.95", "aarch64-unknown-linux-gnu") == []
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
    if not rustc_judgement.is_known(done.stdout.split()[1]):
        pytest.skip(f"{done.stdout}is not one whose processors are known")
    for target, without in (("x86_64", 40), ("riscv64gc", 30), ("loongarch64", 3)):
        words = [str(rustc), "--print=target-cpus", "--target", f"{target}-unknown-linux-gnu"]
        listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        names = {line.split()[0] for line in listed.splitlines() if line.startswith("    ")} - {"native"}
        table = rustc_processors.names(target.replace("gc", ""))
        assert {name for name, since in table.items() if rustc_judgement.reached(since, "1.85")} <= names | {"generic"}
        assert 0 < len(names - set(table)) < without  # those of 32 bits


def test_a_processor_of_a_newer_release_is_left_open(tmp_path: Path) -> None:
    case = cases.CASES["native-healthy"]
    read(case, str(tmp_path))
    root = str(tmp_path / "root")
    (finding,) = rustc_option_unknown.env(look(case, root, RUSTFLAGS="-C target-cpu=novalake"))  # of 1.95; this is 1.85
    assert finding.message == "rustc 1.85.0 does not accept -C target-cpu=novalake"
    between = rustc_judgement.processors(split("-C target-cpu=novalake"), "1.90", "x86_64-unknown-linux-gnu")
    assert [option.unsure for option in between] == [True]
    old = rustc_judgement.processors(split("-C target-cpu=sifive-u74"), "1.63", "riscv64gc-unknown-linux-gnu")
    assert [option.unsure for option in old] == [True]
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
