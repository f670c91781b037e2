"""Settings with which cargo, rustc or gcc stops before it compiles or links, and their near misses."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import need
from readers import miniroot
from roots import judged
from test_env_states import errors, with_gcc

from diagnose.model.finding import InputError
from diagnose.readers import env

OWN = '[package]\nname = "own"\nversion = "0.1.0"\nedition = "2021"\n'
SETTINGS = [
    ("CARGO_BUILD_JOBS=0", "", True),
    ("CARGO_BUILD_JOBS=four", "", True),
    ("CARGO_BUILD_JOBS=-1", "", False),
    ("CARGO_BUILD_JOBS=default", "", False),
    ("CARGO_TERM_COLOR=blue", "", True),
    ("CARGO_TERM_VERBOSE=1", "", True),
    ("CARGO_TERM_QUIET=true", "", False),
    ("CARGO_BUILD_INCREMENTAL=maybe", "", True),
    ("CARGO_INCREMENTAL=maybe", "", False),
    ("CARGO_TARGET_DIR=", "", True),
    ("CARGO_BUILD_TARGET=x86_64-linux-gnu", "", True),
    ("CARGO_BUILD_TARGET=x86_64-unknown-linux-gnu", "", False),
    ("", '[build]\njobs = "4"\n', True),
    ("", "[build]\njobs = 4\n", False),
    ("CARGO_BUILD_JOBS=2", "[build]\njobs = 0\n", False),  # the variable wins
    ("", '[build]\nincremental = "yes"\n', True),
    ("", '[term]\ncolor = "blue"\n', True),
    ("", "[build]\nrustc-wrapper = 3\n", True),
    ("", "[env]\nX = 3\n", True),
    ("", '[env]\nX = { value = "3", force = true }\n', False),
    ("CARGO_PROFILE_DEV_OPT_LEVEL=9", "", True),
    ("CARGO_PROFILE_DEV_OPT_LEVEL=s", "", False),
    ("CARGO_PROFILE_DEV_DEBUG=9", "", True),
    ("CARGO_PROFILE_DEV_DEBUG=line-tables-only", "", False),
    ("CARGO_PROFILE_DEV_PANIC=stop", "", True),
    ("CARGO_PROFILE_DEV_STRIP=all", "", True),
    ("CARGO_PROFILE_DEV_STRIP=symbols", "", False),
    ("CARGO_PROFILE_DEV_CODEGEN_UNITS=0", "", True),
    ("CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=1", "", True),
    ("CARGO_PROFILE_RELEASE_DEBUG=9", "", True),
    ("CARGO_PROFILE_NOSUCH_OPT_LEVEL=9", "", False),
    ("CARGO_PROFILE_BENCH_OPT_LEVEL=9", "", False),  # no build uses it
    ("", "[profile.dev]\nopt-level = 9\n", True),
    ("", '[profile.dev]\nopt-level = "3"\n', True),
    ("CARGO_PROFILE_DEV_OPT_LEVEL=1", "[profile.dev]\nopt-level = 9\n", False),
    ("CARGO_HTTP_TIMEOUT=abc", "", True),
    ("", "[build]\nrustflags = 3\n", True),
    ("", '[build]\nrustflags = ["-g"]\n', False),
]


def _refused(folder: Path, environ: Mapping[str, str], cause: str) -> str:
    """Return where cargo refuses a value in *folder*, as the finding of *cause* or the error says; empty if nowhere."""
    try:
        facts = env.read("/", cwd=str(folder), environ=environ)
    except InputError as error:
        return str(error)
    found = [finding for finding in judged(facts).findings if finding.check == cause]
    return "".join(f"{finding.message} {finding.evidence[0].where} {finding.evidence[0].path}" for finding in found)


@pytest.mark.parametrize(("variable", "config", "stops"), SETTINGS)
def test_values_at_which_cargo_stops(tmp_path: Path, variable: str, config: str, stops: bool) -> None:
    """As cargo sees it, too, where there is one."""
    miniroot.write(tmp_path / "Cargo.toml", OWN)
    miniroot.write(tmp_path / "src/lib.rs", "")
    miniroot.write(tmp_path / ".cargo/config.toml", config)
    name, equals, value = variable.partition("=")
    environ = {**os.environ, **({name: value} if equals else {})}
    refused = _refused(tmp_path, environ, "cargo-config-refused")
    assert bool(refused) is stops, refused
    assert not stops or (name if name else ".cargo/config.toml") in refused
    cargo = shutil.which("cargo", path=f"{Path.home()}/.cargo/bin:{os.environ['PATH']}")
    need(cargo, "not installed: cargo")
    done = subprocess.run([str(cargo), "check", "--offline"], cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert (done.returncode != 0) is stops, done.stderr


REFUSED = [
    ('name = "own"', 'name = "own app"', True),
    ('name = "own"', 'name = "1own"', True),
    ('name = "own"', 'name = "own-_1"', False),
    ('"0.1.0"', '"1.0"', True),
    ('"0.1.0"', '"0.1.0-rc.1+b"', False),
    ('"2021"', "2021", True),
    ('"2021"', '"2021"\nauthors = "me"', True),
    ('"2021"', '"2021"\nrust-version = "abc"', True),
    ('"2021"', '"2021"\nrust-version = "1.56"\nnosuch = 1', False),
    ('"2021"', '"2021"\n[profile.dev]\nopt-level = 9', True),
    ('"2021"', '"2021"\n[profile.release]\npanic = "abrt"', True),
    ('"2021"', '"2021"\n[profile.dev.build-override]\nopt-level = 1', False),
    ('"2021"', '"2021"\n[lib]\nname = "a-b"', True),
    ('"2021"', '"2021"\n[lib]\ncrate-type = ["cdylibb"]', True),
    ('"2021"', '"2021"\n[features]\n"a/b" = []', True),
    ('"2021"', '"2021"\n[target."cfg(bogus"]\ndependencies = {}', True),
    ('"2021"', '"2021"\n[target."cfg(all(unix, not(windows)))"]\ndependencies = {}', False),
    ('"2021"', '"2021"\n[[bin]]\nname = "x"\npath = "src/lib.rs"\n[[bin]]\nname = "x"\npath = "src/lib.rs"', True),
    ('"2021"', '"2021"\n[dev-dependencies]\nx = "abc"', True),
    ('"2021"', '"2021"\n[features]\ndefault = ["nosuch"]', True),
    ('"2021"', '"2021"\n[features]\nother = []\ndefault = ["other"]', False),
    ('"2021"', '"2021"\n[features]\nother = ["dep:inner"]', True),
    ('"2021"', '"2021"\n[features]\nother = ["inner?/x"]', True),
    ('"2021"', '"2021"\n[dev-dependencies]\nown = { path = ".", features = ["a/b"] }', True),
    ('"2021"', '"2021"\n[dev-dependencies]\nown = { path = ".", features = ["dep:a"] }', True),
    ('"2021"', '"2021"\n[features]\na = ["own/a/b"]\n[dev-dependencies]\nown = { path = "." }', True),
    ('"2021"', '"2021"\n[features]\na = []\n[dev-dependencies]\nown = { path = ".", features = ["a"] }', False),
    ('"2021"', '"2021"\n[lints.rust]\nunsafe_code = "forbidd"', True),
    ('"2021"', '"2021"\n[lints.rust]\nunsafe_code = { level = "deny", priority = 1 }', False),
    ('"2021"', '"2021"\n[profile.x]\ninherits = "nosuch"', True),
    ('"2021"', '"2021"\n[profile.x]\nopt-level = 1', True),
    ('"2021"', '"2021"\n[profile.x]\ninherits = "dev"', False),
    ('"2021"', '"2021"\nlinks = "z"', True),
    ('"2021"', '"2021"\n[dependencies]\nx = {}', True),
    ('"2021"', '"2021"\n[dependencies]\nx = { git = "https://mirror.example/x", path = "x" }', True),
    ('"2021"', '"2021"\n[dev-dependencies]\nx = { version = "1", optional = true }', True),
    ('name = "own"\n', "", True),
    ('version = "0.1.0"\n', "", False),
    ('"2021"', '"2021"\ndefault-run = "nosuch"', True),
    ('"2021"', '"2021"\n[dev-dependencies]\nx = { version = "1", optional = "no" }', True),
]


@pytest.mark.parametrize(
    "more",
    [
        "version.workspace = true",
        "[lints]\nworkspace = true",
        "[workspace]\n[dependencies]\nx.workspace = true",
    ],
)
def test_what_a_workspace_does_not_have(tmp_path: Path, more: str) -> None:
    """As cargo sees it, too, where there is one."""
    text = OWN.replace('version = "0.1.0"\n', "") if more.startswith("version") else OWN
    miniroot.write(tmp_path / "Cargo.toml", f"{text}{more}\n")
    miniroot.write(tmp_path / "src/lib.rs", "")
    assert _refused(tmp_path, os.environ, "cargo-workspace-refused")
    cargo = shutil.which("cargo", path=f"{Path.home()}/.cargo/bin:{os.environ['PATH']}")
    need(cargo, "not installed: cargo")
    done = subprocess.run([str(cargo), "check", "--offline"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0


@pytest.mark.parametrize(("before", "after", "stops"), REFUSED)
def test_manifests_at_which_cargo_stops(tmp_path: Path, before: str, after: str, stops: bool) -> None:
    """As cargo sees it, too, where there is one."""
    assert before in OWN
    miniroot.write(tmp_path / "Cargo.toml", OWN.replace(before, after, 1))
    miniroot.write(tmp_path / "src/lib.rs", "")
    refused = _refused(tmp_path, os.environ, "cargo-manifest-refused")
    assert bool(refused) is stops, refused
    assert not stops or f"{tmp_path}/Cargo.toml:" in refused
    cargo = shutil.which("cargo", path=f"{Path.home()}/.cargo/bin:{os.environ['PATH']}")
    need(cargo, "not installed: cargo")
    done = subprocess.run([str(cargo), "check", "--offline"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode != 0) is stops, done.stderr


MANIFESTS = [
    ("", ""),
    ('[workspace]\nresolver = "9"\n', "whether this cargo knows the resolver 9"),
    ('[dependencies]\nnosuch = "1"\n', "nosuch, which Cargo.toml names and Cargo.lock does not"),
    ('[dependencies]\nnosuch = { version = "1", optional = true }\n', ""),
    ('[dependencies]\nrenamed = { package = "own2", version = "1" }\n', ""),
]


@pytest.mark.parametrize(("more", "named"), MANIFESTS)
def test_what_cargo_may_refuse_in_a_manifest(tmp_path: Path, more: str, named: str) -> None:
    root = with_gcc(miniroot.make(tmp_path / "root"))
    project = tmp_path / "project"
    miniroot.write(project / "Cargo.toml", OWN + more)
    miniroot.write(project / "src/lib.rs", "")
    lock = 'version = 3\n[[package]]\nname = "own"\nversion = "0.1.0"\n[[package]]\nname = "own2"\nversion = "1.0.0"\n'
    miniroot.write(project / "Cargo.lock", lock)
    facts = env.read(str(root), cwd=str(project), environ={"PATH": "/usr/bin"})
    assert list(facts.project.unsure) == ([named] if named else [])
    assert set(facts.project.unsure) <= set(facts.unseen)


def test_the_rust_that_the_project_itself_requires(tmp_path: Path) -> None:
    miniroot.write(tmp_path / "src/lib.rs", "")
    said = []
    for version in ("1.56", "1.999"):
        miniroot.write(tmp_path / "Cargo.toml", OWN + f'rust-version = "{version}"\n')
        facts = env.read("/", cwd=str(tmp_path), environ=os.environ)
        need(facts.toolchain.rust.version, "not installed: cargo")
        said.append([one.message for one in judged(facts).findings if one.check == "rust-toolchain-too-old"])
    assert said[0] == []
    assert [message.endswith("needs 1.999") for message in said[1]] == [True]


@pytest.mark.parametrize(
    ("script", "lacking"),
    [
        ('#!/bin/sh\nexec absent-gcc "$@"\n', "absent-gcc"),
        ('#!/bin/sh\n# a comment\n\nexec /opt/absent "$@"\n', "/opt/absent"),
        ('#!/bin/sh\nexec gcc "$@"\n', ""),
        ('#!/bin/sh\nPATH=/opt\nexec absent-gcc "$@"\n', ""),  # it may be there
        ('#!/bin/sh\nexec "$REAL_GCC" "$@"\n', ""),
        ("#!/bin/sh\n", ""),
    ],
)
def test_a_script_that_runs_what_is_not_there(tmp_path: Path, script: str, lacking: str) -> None:
    root = with_gcc(miniroot.make(tmp_path))
    miniroot.write(root / "usr/bin/gcc", miniroot.elf("amd64"), 0o755)
    miniroot.write(root / "opt/l", script, 0o755)
    why = f"runs {lacking}, which is not installed"
    as_wrapper = errors(root, RUSTC_WRAPPER="/opt/l")
    assert as_wrapper == ([f"build-tool-missing: /opt/l {why}, and cargo calls it instead of rustc"] if lacking else [])
    as_linker = errors(root, CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER="/opt/l")
    assert [one.partition(":")[0] for one in as_linker] == (["cross-linker-missing"] if lacking else [])
    assert not lacking or why in as_linker[0]


@pytest.mark.parametrize("program", [b"", b"%{!fno-use-linker-plugin:%{!fno-lto: -plugin %(linker_plugin_file)}}"])
def test_a_gcc_without_the_plugin_that_it_gives_its_linker(tmp_path: Path, program: bytes) -> None:
    root = with_gcc(miniroot.make(tmp_path))
    cc = root / "usr/bin/cc"
    miniroot.write(cc, miniroot.elf("amd64") + program, 0o755)
    said = ["linker-tool-missing: cc does not find liblto_plugin.so, without which it links nothing"]
    assert errors(root) == (said if program else [])
    miniroot.write(root / "usr/libexec/gcc/x86_64-linux-gnu/14/liblto_plugin.so", "")
    assert errors(root) == []


@pytest.mark.parametrize("absent", ["", "libm.so.6", "libmvec.so.1"])
def test_a_libm_so_that_names_an_absent_file(tmp_path: Path, absent: str) -> None:
    root = with_gcc(miniroot.make(tmp_path))
    folder = root / "usr/lib/x86_64-linux-gnu"
    miniroot.write(folder / "libm.so", "GROUP ( /lib/x86_64-linux-gnu/libm.so.6 AS_NEEDED ( libmvec.so.1 ) )\n")
    miniroot.write(root / "lib/x86_64-linux-gnu/libm.so.6", miniroot.elf("amd64"))
    miniroot.write(folder / "libmvec.so.1", miniroot.elf("amd64"))
    for place in (folder, root / "lib/x86_64-linux-gnu"):
        if absent:
            (place / absent).unlink(missing_ok=True)
    named = absent == "libm.so.6"  # a name without a folder is searched for
    said = f"toolchain-crt-missing: cc does not find /lib/x86_64-linux-gnu/{absent} of x86_64-unknown-linux-gnu"
    assert errors(root) == ([said] if named else [])


def test_a_folder_for_temporary_files_that_is_not_there(tmp_path: Path) -> None:
    miniroot.write(tmp_path / "Cargo.toml", OWN)
    miniroot.write(tmp_path / "src/lib.rs", "")
    miniroot.write(tmp_path / "file", "")
    said = {}
    for folder in ("", str(tmp_path), str(tmp_path / "absent"), str(tmp_path / "file")):
        facts = env.read("/", cwd=str(tmp_path), environ={**os.environ, "TMPDIR": folder})
        said[folder] = [one.message for one in judged(facts).findings if one.check == "target-folder-not-writable"]
    start = "rustc cannot write its temporary files: "
    assert list(said.values()) == [
        [],
        [],
        [f"{start}{tmp_path}/absent does not exist"],
        [f"{start}{tmp_path}/file is a file"],
    ]


def test_a_disk_without_room(tmp_path: Path) -> None:
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("only root can mount a small disk")
    miniroot.write(tmp_path / "Cargo.toml", OWN)
    miniroot.write(tmp_path / "src/lib.rs", "")
    (tmp_path / "target").mkdir()
    code = (
        "import os, sys; sys.path[:0] = sys.argv[2:]\n"
        "from diagnose_checks.container import disk_full\nfrom diagnose.readers import env\n"
        "found = disk_full.env(env.read('/', cwd=sys.argv[1], environ=os.environ))\n"
        "print([one.message for one in found])\n"
    )
    (tmp_path / "ask.py").write_text(code)
    here = Path(__file__).parents[2]
    said = []
    for size in ("64k", "64m"):
        mount = f"mount -t tmpfs -o size={size} tmpfs target && python3 ask.py . {here} {here}/checks"
        done = subprocess.run(["unshare", "--mount", "sh", "-c", mount], cwd=tmp_path, capture_output=True, text=True)
        if "mount:" in done.stderr:
            pytest.skip("may not mount here")
        said.append(done.stdout.strip())
    assert said == [f"['the disk is full: {tmp_path}/target has less than 1 MiB left']", "[]"]
