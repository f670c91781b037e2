"""States of a real root in which the build fails, each beside a near miss in which it passes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from readers import miniroot
from readers.miniroot import nobody
from roots import judged
from test_env_states import ARM, LINKER, errors, with_gcc
from test_runtime_lib_missing_env import elf

from diagnose.engine.headline import headline
from diagnose.model.outcome import Outcome
from diagnose.readers import env

LIB = "usr/lib/x86_64-linux-gnu"
INNER = "usr/lib/gcc/x86_64-linux-gnu/14"
REGISTRY = 'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
PACKAGE = '[package]\nname = "own"\nversion = "0.1.0"\nedition = "2021"\n'
LOCK = 'version = 4\n[[package]]\nname = "own"\nversion = "0.1.0"\n'


def _empty(root: Path, name: str) -> None:
    (root / name).write_bytes(b"")


@pytest.mark.parametrize("name", [f"{LIB}/Scrt1.o", f"{LIB}/libc.so", f"{INNER}/crtendS.o", f"{INNER}/libgcc.a"])
def test_files_without_content(tmp_path: Path, name: str) -> None:
    root = with_gcc(miniroot.make(tmp_path))
    assert errors(root) == []
    _empty(root, name)
    (found,) = errors(root)
    file = os.path.basename(name)
    assert found == f"toolchain-crt-missing: {file} of x86_64-unknown-linux-gnu, which cc links with, is empty"


@pytest.mark.parametrize("name", [f"{LIB}/Scrt1.o", f"{INNER}/crtendS.o"])
def test_what_gcc_links_every_program_with(tmp_path: Path, name: str) -> None:
    root = with_gcc(miniroot.make(tmp_path))
    (root / name).unlink()
    assert errors(root) == [
        f"toolchain-crt-missing: cc does not find {os.path.basename(name)} of x86_64-unknown-linux-gnu"
    ]


def test_a_library_for_the_target_needs_no_start_of_a_program(tmp_path: Path) -> None:
    root = with_gcc(with_gcc(miniroot.make(tmp_path)), gnu="arm-linux-gnueabihf")
    (root / "usr/arm-linux-gnueabihf/lib/Scrt1.o").unlink()
    assert errors(root, ARM, **LINKER) == []


@pytest.mark.parametrize("name", ["libutil.a", "librt.a", "libpthread.a", "libdl.a", "libm.a"])
def test_rusts_standard_library_links_all_of_glibc(tmp_path: Path, name: str) -> None:
    root = with_gcc(miniroot.make(tmp_path))
    for one in ("libutil.a", "librt.a", "libpthread.a", "libdl.a", "libm.a"):
        miniroot.write(root / LIB / one, "!<arch>\n")
    assert errors(root) == []
    (root / LIB / name).unlink()
    assert errors(root) == [f"toolchain-crt-missing: cc does not find {name} of x86_64-unknown-linux-gnu"]
    miniroot.write(root / LIB / name.replace(".a", ".so"), "")  # an older glibc, or libm's script
    assert errors(root) == []


def test_the_end_of_a_library_is_missed_beside_its_start(tmp_path: Path) -> None:
    root = with_gcc(miniroot.make(tmp_path))
    (root / LIB / "crtn.o").unlink()
    assert errors(root) == ["toolchain-crt-missing: cc does not find crtn.o of x86_64-unknown-linux-gnu"]


@pytest.mark.parametrize("script", [False, True])
def test_a_library_alone_links_no_program(tmp_path: Path, script: bool) -> None:
    root = with_gcc(with_gcc(miniroot.make(tmp_path / "root")), gnu="arm-linux-gnueabihf")
    project = _project(
        tmp_path / "p", script="fn main() {}\n" if script else "", manifest='[lib]\ncrate-type = ["cdylib"]\n'
    )

    def causes(target: str | None, **environ: str) -> list[str]:
        facts = env.read(str(root), target, cwd=str(project), environ={"PATH": "/usr/bin", **environ})
        return [
            f"{one.severity.value} {one.check}" for one in judged(facts).findings if one.check.startswith("toolchain")
        ]

    (root / LIB / "Scrt1.o").unlink()
    assert causes(None) == (["error toolchain-crt-missing"] if script else [])
    (root / LIB / "libc.so").unlink()
    assert causes(ARM, **LINKER) == (["error toolchain-crt-missing"] if script else [])
    assert causes(None) == ["error toolchain-crt-missing"]
    (root / "usr/arm-linux-gnueabihf/lib/libc.so").unlink()
    assert causes(ARM, **LINKER)[0] == "error toolchain-crt-missing"
    miniroot.write(root / "usr/arm-linux-gnueabihf/lib/libc.a", "!<arch>\n")
    assert causes(ARM, **LINKER)[0] == "warning toolchain-crt-missing" or script


def test_a_program_for_the_target_needs_its_start(tmp_path: Path) -> None:
    root = with_gcc(with_gcc(miniroot.make(tmp_path / "root")), gnu="arm-linux-gnueabihf")
    project = _project(tmp_path / "p")
    (root / "usr/arm-linux-gnueabihf/lib/Scrt1.o").unlink()

    def causes() -> list[str]:
        return _causes(env.read(str(root), ARM, cwd=str(project), environ={"PATH": "/usr/bin", **LINKER}))

    assert causes() == []
    miniroot.write(project / "src/main.rs", "fn main() {}\n")
    assert causes() == ["toolchain-crt-missing"]


def _project(folder: Path, lock: str = "", config: str = "", script: str = "", manifest: str = "") -> Path:
    miniroot.write(folder / "Cargo.toml", PACKAGE + manifest)
    miniroot.write(folder / "src/lib.rs", "")
    miniroot.write(folder / "Cargo.lock", LOCK + lock)
    if config:
        miniroot.write(folder / ".cargo/config.toml", config)
    if script:
        miniroot.write(folder / "build.rs", script)
    return folder


def _found(root: Path, project: Path, **environ: str) -> env.Environment:
    return env.read(str(root), None, cwd=str(project), environ={"PATH": "/usr/bin", **environ})


def _causes(facts: env.Environment) -> list[str]:
    return [one.check for one in judged(facts).findings if one.severity.value == "error"]


CRATE = f' dependencies = ["x"]\n[[package]]\nname = "x"\nversion = "1.0.0"\n{REGISTRY}'.lstrip()


@pytest.mark.parametrize(
    ("config", "stops"),
    [
        ('[source.crates-io]\nreplace-with = "v"\n', True),
        ('[source.crates-io]\nreplace-with = "v"\n[source.v]\nregistry = "sparse+https://index.example/"\n', False),
        ('[source.crates-io]\nreplace-with = "v"\n[registries.v]\nindex = "sparse+https://index.example/"\n', False),
        ('[source.crates-io]\nreplace-with = "v"\n[source.v]\nreplace-with = "w"\n', True),
        ('[source.crates-io]\nreplace-with = "v"\n[source.v]\nreplace-with = "v"\n', True),
        ('[source.other]\nreplace-with = "v"\n', False),
    ],
)
def test_what_stands_for_the_registry(tmp_path: Path, config: str, stops: bool) -> None:
    root = with_gcc(miniroot.make(tmp_path / "root"))
    project = _project(tmp_path / "p", CRATE, config, manifest='[dependencies]\nx = "1"\n')
    assert _causes(_found(root, project)) == (["cargo-config-refused"] if stops else [])
    bare = _project(tmp_path / "q", config=config)
    assert _causes(_found(root, bare)) == []  # nothing comes from the registry


def test_another_registry_has_a_cache_of_its_own(tmp_path: Path) -> None:
    root = with_gcc(miniroot.make(tmp_path / "root"))
    miniroot.write(root / "root/.cargo/registry/cache/index.crates.io-1/x-1.0.0.crate", "x")
    project = _project(tmp_path / "p", CRATE, manifest='[dependencies]\nx = "1"\n')
    assert "whether 1 downloaded crate is whole" in _found(root, project).unseen
    config = '[source.crates-io]\nreplace-with = "v"\n[source.v]\nregistry = "sparse+https://index.example/"\n'
    other = _project(tmp_path / "q", CRATE, config, manifest='[dependencies]\nx = "1"\n')
    assert "whether cargo can download 1 crate" in _found(root, other).unseen
    miniroot.write(root / "root/.cargo/registry/src/index.example-1/x-1.0.0/Cargo.toml", PACKAGE)
    assert not any("download" in one for one in _found(root, other).unseen)


def test_a_path_that_cargo_forces_on_the_build_is_left_open(tmp_path: Path) -> None:
    root = with_gcc(miniroot.make(tmp_path / "root"))
    for entry, told in (
        ('{ value = "/nowhere", force = true }', True),
        ('{ value = "/usr/bin", force = true }', False),
        ('"/nowhere"', False),  # the process has one
    ):
        project = _project(tmp_path / "p", config=f"[env]\nPATH = {entry}\n")
        assert any("are on the PATH in " in one for one in _found(root, project).unseen) is told, entry


def test_a_home_that_is_not_ones_own(tmp_path: Path) -> None:
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can leave a folder to itself and ask as another user")
    folder = Path("/tmp") / f"home-{os.getpid()}"
    project = _project(folder / "p", CRATE, manifest='[dependencies]\nx = "1"\n')
    try:
        (folder / "home/registry").mkdir(parents=True)
        (project / "target").mkdir()
        (project / "target").chmod(0o777)
        environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "CARGO_HOME": str(folder / "home")}
        with nobody():
            facts = env.read("/", None, cwd=str(project), environ=environ)
        assert [one.kind for one in facts.hazards.obstacles] == ["home"]
        miniroot.write(folder / "home/registry/src/index-1/x-1.0.0/Cargo.toml", PACKAGE)
        with nobody():
            facts = env.read("/", None, cwd=str(project), environ=environ)
        assert facts.hazards.obstacles == ()  # nothing to download
    finally:
        shutil.rmtree(folder)


SCRIPT = 'fn main() {\n    cc::Build::new().file("a.c").compile("a");\n}\n'


@pytest.mark.parametrize(
    ("script", "sure"),
    [
        (SCRIPT, True),
        (SCRIPT.replace("fn", "// if this fails\nfn"), True),
        (SCRIPT.replace("cc::", "if cfg!(windows) { return; }\n    cc::"), False),
        (SCRIPT.replace(".file", ".cpp(true).file"), False),
        (SCRIPT.replace('.compile("a")', ""), False),
    ],
)
def test_a_build_script_of_its_own_that_compiles_c(tmp_path: Path, script: str, sure: bool) -> None:
    root = with_gcc(miniroot.make(tmp_path / "root"), without="as")
    lock = 'dependencies = ["cc"]\n[[package]]\nname = "cc"\nversion = "1.0.0"\n' + REGISTRY
    project = _project(tmp_path / "p", lock, script=script, manifest='[build-dependencies]\ncc = "1"\n')
    assert _causes(_found(root, project)) == (["host-cc-missing"] if sure else [])


def test_a_pkg_config_that_the_loader_cannot_start(tmp_path: Path) -> None:
    root = with_gcc(miniroot.make(tmp_path / "root"))
    miniroot.write(root / "usr/bin/pkg-config", elf("libpkgconf.so.3"), 0o755)

    def found(*libs: str) -> list[str]:
        facts = env.read(str(root), None, libs, cwd=str(root), environ={"PATH": "/usr/bin"})
        return _causes(facts)

    before = found("alsa")
    assert "runtime-lib-missing" not in before
    (root / LIB / "libpkgconf.so.3").unlink()
    assert found("alsa") == ["runtime-lib-missing"]
    assert found() == []  # nothing asks it


def test_flags_of_overridden_build_scripts_are_named(tmp_path: Path) -> None:
    root = with_gcc(miniroot.make(tmp_path / "root"))
    lock = 'dependencies = ["alsa-sys"]\n[[package]]\nname = "alsa-sys"\nversion = "0.3.1"\n'
    lock += f'{REGISTRY}dependencies = ["pkg-config"]\n[[package]]\nname = "pkg-config"\nversion = "0.3.1"\n{REGISTRY}'
    config = '[target.x86_64-unknown-linux-gnu.alsa]\nrustc-link-lib = ["nosuch"]\n'
    project = _project(tmp_path / "p", lock, config, manifest='[dependencies]\nalsa-sys = "0.3"\n')
    assert any("-lnosuch" in one for one in _found(root, project).unseen)


def test_ready_names_the_code(tmp_path: Path) -> None:
    root = with_gcc(miniroot.make(tmp_path / "root"))
    facts = _found(root, _project(tmp_path / "p"))
    assert headline("env", env.facts(facts), (), Outcome.OK).text.endswith("; not inspected: the code itself")
    facts = env.read(str(root), None, cwd=str(tmp_path), environ={"PATH": "/usr/bin"})
    assert "the code" not in headline("env", env.facts(facts), (), Outcome.OK).text  # no project


@pytest.mark.parametrize(("name", "named"), [("CPATH", True), ("CPLUS_INCLUDE_PATH", True), ("CFLAGX", False)])
def test_headers_from_variables(tmp_path: Path, name: str, named: bool) -> None:
    root = with_gcc(miniroot.make(tmp_path / "root"))
    lock = 'dependencies = ["cc"]\n[[package]]\nname = "cc"\nversion = "1.0.0"\n' + REGISTRY
    project = _project(tmp_path / "p", lock, manifest='[build-dependencies]\ncc = "1"\n')
    assert (f"what gcc takes from {name}" in _found(root, project, **{name: "/w"}).unseen) is named
    assert not any("gcc takes" in one for one in _found(root, _project(tmp_path / "q"), **{name: "/w"}).unseen)


def _asking(tmp_path: Path, crate: str, version: str, **environ: str) -> list[str]:
    root = with_gcc(miniroot.make(tmp_path / "root"))
    lock = f'dependencies = ["{crate}"]\n[[package]]\nname = "{crate}"\nversion = "{version}"\n{REGISTRY}'
    lock += f'dependencies = ["pkg-config"]\n[[package]]\nname = "pkg-config"\nversion = "0.3.1"\n{REGISTRY}'
    project = _project(tmp_path / "p", lock, manifest=f'[dependencies]\n{crate} = "*"\n')
    pc = "Name: git2\nDescription: git2\nVersion: 1.9.0\nLibs: -lc\n"
    miniroot.write(root / LIB / "pkgconfig/libgit2.pc", pc)
    return _causes(_found(root, project, **environ))


@pytest.mark.parametrize(
    ("version", "cause"),
    [
        ("0.18.8+1.9.7", "pc-version-mismatch"),
        ("0.18.0+1.9.0", ""),
        ("0.17.0+1.8.1", "pc-version-mismatch"),  # it takes nothing newer
        ("0.14.2+1.5.1", ""),  # takes several ranges, which are not known
    ],
)
def test_the_release_of_a_library_in_a_crates_own_version(tmp_path: Path, version: str, cause: str) -> None:
    environ = {"LIBGIT2_NO_VENDOR": "1"}
    assert _asking(tmp_path, "libgit2-sys", version, **environ) == ([cause] if cause else [])


def test_without_insisting_the_crate_builds_its_own_copy(tmp_path: Path) -> None:
    assert _asking(tmp_path, "libgit2-sys", "0.18.8+1.9.7") == []


def test_a_crate_that_asks_nothing_and_links_by_name(tmp_path: Path) -> None:
    root = with_gcc(miniroot.make(tmp_path / "root"))
    lock = f'dependencies = ["libseccomp-sys"]\n[[package]]\nname = "libseccomp-sys"\nversion = "0.3.0"\n{REGISTRY}'
    project = _project(tmp_path / "p", lock, manifest='[dependencies]\nlibseccomp-sys = "0.3"\n')
    assert _causes(_found(root, project)) == ["linker-lib-missing-for-target"]
    miniroot.write(tmp_path / "lib/libseccomp.so", "")
    miniroot.write(root / LIB / "libseccomp.so", elf())
    assert _causes(_found(root, project)) == []
