"""Programs that the build scripts of locked crates run: missed before the build, and not where they are not needed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from readers import miniroot
from roots import judged

from diagnose.model.finding import Finding
from diagnose.readers import env
from diagnose.readers.cargo import build_tools
from diagnose.tables import debian_headers

HOST, ARM = "x86_64-unknown-linux-gnu", "armv7-unknown-linux-gnueabihf"
MANIFEST = '[package]\nname = "own"\nversion = "0.1.0"\n[dependencies]\n{0} = "*"\n'
LOCK = 'version = 3\n\n[[package]]\nname = "own"\nversion = "0.1.0"\ndependencies = [\n "{0}",\n]\n'
SOURCE = 'source = "registry+https://index.example"\\n'
PACKAGE = '\n[[package]]\nname = "{0}"\nversion = "{1}"\n{2}'


def locked(*crates: tuple[str, str, tuple[str, ...]]) -> str:
    text = LOCK.format(crates[0][0])
    for name, version, needed in crates:
        listed = "dependencies = [\n" + "".join(f' "{one}",\n' for one in needed) + "]\n" if needed else ""
        text += PACKAGE.format(name, version, listed)
    return text


def seen(folder: Path, lock: str, target: str, programs: tuple[str, ...] = (), **environ: str) -> dict[str, list[str]]:
    """Return {check: messages} of a root with *programs* for a project with *lock*."""
    root = miniroot.make(folder / "root")
    for name in programs:
        miniroot.write(root / "usr/bin" / name, miniroot.elf("amd64"), 0o755)
    project = folder / "project"
    miniroot.write(project / "Cargo.toml", MANIFEST.format(lock.split('"')[5]))
    miniroot.write(project / "Cargo.lock", lock)
    facts = env.read(str(root), target, cwd=str(project), environ={"PATH": "/usr/bin", **environ})
    found: dict[str, list[str]] = {}
    for finding in judged(facts).findings:
        if finding.check in ("build-tool-missing", "host-cc-missing", "cross-c-compiler-missing"):
            found.setdefault(finding.check, []).append(f"{finding.severity.name} {finding.message}")
            found.setdefault("fix", []).append(finding.fixes[0].title)
    return found


RDKAFKA = locked(("rdkafka-sys", "4.10.0+2.12.1", ("cmake",)), ("cmake", "0.1.58", ()))


def test_cmake_make_and_a_native_cxx_compiler(tmp_path: Path) -> None:
    found = seen(tmp_path, RDKAFKA, HOST)
    assert found["build-tool-missing"] == [
        "ERROR cmake is not installed, which rdkafka-sys 4.10.0+2.12.1 runs",
        "ERROR make is not installed, which rdkafka-sys 4.10.0+2.12.1 runs",
    ]
    assert found["host-cc-missing"] == [
        "ERROR no C++ compiler is installed, which the build script of rdkafka-sys 4.10.0+2.12.1 needs"
    ]
    assert found["fix"] == ["install g++", "install cmake make", "install make"]
    assert seen(tmp_path / "healthy", RDKAFKA, HOST, ("cmake", "make", "c++")) == {}


def test_cmake_asks_for_a_cxx_compiler_where_the_project_names_no_language(tmp_path: Path) -> None:
    raylib = locked(("raylib-sys", "5.5.1", ("cmake",)), ("cmake", "0.1.58", ()))
    found = seen(tmp_path, raylib, HOST, ("cmake", "make", "cc"))
    assert found["host-cc-missing"] == [
        "ERROR no C++ compiler is installed, which the build script of raylib-sys 5.5.1 needs"
    ]
    assert "host-cc-missing" not in seen(tmp_path / "healthy", raylib, HOST, ("cmake", "make", "c++"))


def test_a_cross_cxx_compiler(tmp_path: Path) -> None:
    found = seen(tmp_path, RDKAFKA, ARM, ("cmake", "make", "c++"))
    assert found["cross-c-compiler-missing"] == [
        f"ERROR there is no C++ compiler for {ARM}, which the build script of rdkafka-sys 4.10.0+2.12.1 needs"
    ]
    assert found["fix"] == ["install g++-arm-linux-gnueabihf"]
    assert seen(tmp_path / "healthy", RDKAFKA, ARM, ("cmake", "make", "c++", "arm-linux-gnueabihf-g++")) == {}


def test_variables_name_the_programs(tmp_path: Path) -> None:
    paths = {"CMAKE": "/usr/bin/cmake3", "CMAKE_GENERATOR": "Ninja", "CXX": "ccache clang++"}
    assert seen(tmp_path, RDKAFKA, HOST, ("cmake3", "clang++", "ccache"), **paths) == {}


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        (
            locked(("openssl-sys", "0.9.118", ("openssl-src",)), ("openssl-src", "300.5.0+3.5.0", ())),
            "ERROR perl is not installed, which openssl-src 300.5.0+3.5.0 runs",
        ),
        (locked(("tikv-jemalloc-sys", "0.7.1", ())), "ERROR make is not installed, which tikv-jemalloc-sys 0.7.1 runs"),
        (locked(("prost-build", "0.14.6", ())), "WARNING protoc is not installed, which prost-build 0.14.6 may run"),
        (
            locked(("unheard-of-sys", "1.0.0", ("cmake",)), ("cmake", "0.1.58", ())),
            "WARNING cmake is not installed, which unheard-of-sys 1.0.0 may run",
        ),
        (
            locked(("unheard-of-src", "1.0.0", ("cmake",)), ("cmake", "0.1.58", ())),
            "ERROR cmake is not installed, which unheard-of-src 1.0.0 runs",
        ),
    ],
)
def test_each_is_missed_by_its_name(tmp_path: Path, lock: str, message: str) -> None:
    assert message in seen(tmp_path, lock, HOST)["build-tool-missing"]


@pytest.mark.parametrize(
    "lock",
    [
        locked(("prost-build", "0.14.6", ("protox",)), ("protox", "0.9.0", ())),
        locked(("aws-lc-sys", "0.47.0", ("cmake",)), ("cmake", "0.1.58", ())),
        locked(("libz-sys", "1.1.33", ("cc",)), ("cc", "1.2.0", ())),
    ],
)
def test_none_is_missed_where_it_is_not_run(tmp_path: Path, lock: str) -> None:
    assert seen(tmp_path, lock, HOST) == {}


def test_a_feature_that_is_a_default_is_on_where_only_the_projects_manifest_is_known(tmp_path: Path) -> None:
    lock = locked(("libbpf-sys", "1.7.0+v1.7.0", ("pkg-config",)), ("pkg-config", "0.3.34", ()))
    assert seen(tmp_path, lock, HOST)["build-tool-missing"] == [
        "ERROR make is not installed, which libbpf-sys 1.7.0+v1.7.0 runs"
    ]
    root = str(tmp_path / "root")
    facts = env.read(root, HOST, cwd=str(tmp_path / "project"), environ={"PATH": "/usr/bin"})
    assert facts.project.unknown == ()  # it runs pkg-config, and asks the crate for nothing
    headers = [finding.message for finding in judged(facts).findings if finding.check == "c-header-missing"]
    assert headers == ["the headers gelf.h and zlib.h are not installed"]  # one command brings both


def test_headers_that_one_command_brings_are_one_finding(tmp_path: Path) -> None:
    lock = locked(("raylib-sys", "5.5.1", ("cmake",)), ("cmake", "0.1.58", ()))
    seen(tmp_path, lock, HOST)
    root, cwd = str(tmp_path / "root"), str(tmp_path / "project")
    facts = env.read(root, HOST, cwd=cwd, environ={"PATH": "/usr/bin"})
    found = [finding.message for finding in judged(facts).findings if finding.check == "c-header-missing"]
    assert found == ["the header GL/gl.h and 5 others are not installed"]


def test_the_table_names_known_programs() -> None:
    known = {"autoreconf", "cmake", "c++", "capnp", "make", "nc-config", "perl", "pkg-config", "protoc", "-"}
    tools = {tool for _, tool, _ in build_tools._lines()}
    assert {tool for tool in tools if not tool.startswith(("<", "$", "+"))} <= known
    assert all(debian_headers.package(tool[1:-1].partition("|")[0]) for tool in tools if tool.startswith("<"))


def test_a_header_for_the_target(tmp_path: Path) -> None:
    def missed(version: str, folder: str, header: str = "") -> list[str]:
        root = miniroot.make(tmp_path / folder / "root")
        if header:
            miniroot.write(root / header / "curl/curl.h", b"")
        lock = locked(("rdkafka-sys", version, ("cmake",)), ("cmake", "0.1.58", ()))
        miniroot.write(tmp_path / folder / "project/Cargo.toml", MANIFEST.format("rdkafka-sys"))
        miniroot.write(tmp_path / folder / "project/Cargo.lock", lock)
        facts = env.read(str(root), ARM, cwd=str(tmp_path / folder / "project"), environ={"PATH": "/usr/bin"})
        return [finding.message for finding in judged(facts).findings if finding.check == "c-header-missing"]

    message = [f"the header curl/curl.h is not installed for {ARM}"]
    assert missed("4.10.0+2.12.1", "none") == message
    assert missed("4.10.0+2.12.1", "host", "usr/include/x86_64-linux-gnu") == message
    assert missed("4.10.0+2.12.1", "target", "usr/include/arm-linux-gnueabihf") == []
    assert missed("4.8.0+2.3.0", "old") == []


def test_protoc_is_needed_where_the_projects_own_script_compiles_protos(tmp_path: Path) -> None:
    lock = locked(("prost-build", "0.14.6", ()))
    project = tmp_path / "project"
    for script, severity in (("fn main() {}", "WARNING"), ("prost_build::compile_protos(&[], &[])", "ERROR")):
        miniroot.write(project / "build.rs", script)
        miniroot.write(project / "Cargo.toml", MANIFEST.format("prost-build"))
        miniroot.write(project / "Cargo.lock", lock)
        facts = env.read(str(miniroot.make(tmp_path / severity)), HOST, cwd=str(project), environ={"PATH": "/usr/bin"})
        (found,) = (finding for finding in judged(facts).findings if finding.check == "build-tool-missing")
        assert found.severity.name == severity


EVDEV = locked(("evdev-sys", "0.2.6", ("cc", "pkg-config")), ("cc", "1.2.0", ()), ("pkg-config", "0.3.34", ()))
AUTOTOOLS = [
    "ERROR autoreconf is not installed, which evdev-sys 0.2.6 runs",
    "ERROR make is not installed, which evdev-sys 0.2.6 runs",
]


@pytest.mark.parametrize("target", [HOST, ARM])
def test_a_crate_builds_its_own_copy_where_pkg_config_has_no_library(tmp_path: Path, target: str) -> None:
    assert seen(tmp_path, EVDEV, target)["build-tool-missing"] == AUTOTOOLS


def test_a_crate_takes_the_library_in_a_native_build_only(tmp_path: Path) -> None:
    for target, missed in ((HOST, []), (ARM, AUTOTOOLS)):
        root = miniroot.make(tmp_path / target)
        miniroot.module(root, "libevdev", "evdev", "1.13.4", "amd64")
        miniroot.write(tmp_path / "project/Cargo.toml", MANIFEST.format("evdev-sys"))
        miniroot.write(tmp_path / "project/Cargo.lock", EVDEV)
        facts = env.read(str(root), target, cwd=str(tmp_path / "project"), environ={"PATH": "/usr/bin"})
        found = [finding for finding in judged(facts).findings if finding.check == "build-tool-missing"]
        assert [f"{finding.severity.name} {finding.message}" for finding in found] == missed


@pytest.mark.parametrize(
    ("script", "severity"),
    [
        ('let _ = env::var("OUT_DIR"); prost_build::compile_protos(&["a"], &["."])', "ERROR"),
        ('if env::var("REGENERATE").is_ok() { prost_build::compile_protos(&["a"], &["."]) }', "WARNING"),
        ("", "WARNING"),
    ],
)
def test_protoc_is_needed_where_the_script_of_a_crate_compiles_protos(
    tmp_path: Path, script: str, severity: str
) -> None:
    lock = locked(("wire", "1.0.0", ("prost-build",)), ("prost-build", "0.14.6", ()))
    root = miniroot.make(tmp_path / "root")
    source = root / "root/.cargo/registry/src/index/wire-1.0.0"
    miniroot.write(source / "Cargo.toml", '[package]\nname = "wire"\nversion = "1.0.0"\n')
    miniroot.write(source / "build.rs", script)
    miniroot.write(tmp_path / "project/Cargo.toml", MANIFEST.format("wire"))
    miniroot.write(tmp_path / "project/Cargo.lock", lock)
    facts = env.read(str(root), HOST, cwd=str(tmp_path / "project"), environ={"PATH": "/usr/bin", "HOME": "/root"})
    (found,) = (finding for finding in judged(facts).findings if finding.check == "build-tool-missing")
    assert found.severity.name == severity


def test_a_crate_that_declares_a_module_and_asks_for_none(tmp_path: Path) -> None:
    crates = (
        ("zmq-sys", "0.12.0", ("system-deps", "zeromq-src")),
        ("system-deps", "6.2.2", ()),
        ("zeromq-src", "0.2.6", ()),
    )
    lock = locked(*crates)
    root = miniroot.make(tmp_path / "root")
    source = root / "root/.cargo/registry/src/index/zmq-sys-0.12.0"
    declared = '[package]\nname = "zmq-sys"\nversion = "0.12.0"\n[package.metadata.system-deps]\nlibzmq = "4.1"\n'
    miniroot.write(source / "Cargo.toml", declared)
    miniroot.write(tmp_path / "project/Cargo.toml", MANIFEST.format("zmq-sys"))
    miniroot.write(tmp_path / "project/Cargo.lock", lock)
    facts = env.read(str(root), HOST, cwd=str(tmp_path / "project"), environ={"PATH": "/usr/bin", "HOME": "/root"})
    assert (facts.project.needs, facts.project.unknown) == ((), ())
    assert [need.tool for need in facts.project.tools] == ["c++"]


def test_a_crate_that_asks_in_native_builds_only(tmp_path: Path) -> None:
    lock = locked(("libgssapi-sys", "0.3.4", ("pkg-config",)), ("pkg-config", "0.3.34", ()))
    root = miniroot.make(tmp_path / "root")
    miniroot.write(tmp_path / "project/Cargo.toml", MANIFEST.format("libgssapi-sys"))
    miniroot.write(tmp_path / "project/Cargo.lock", lock)
    native, cross = (
        env.read(str(root), target, cwd=str(tmp_path / "project"), environ={"PATH": "/usr/bin"})
        for target in (HOST, ARM)
    )
    assert [library.module for library in native.libraries] == ["mit-krb5-gssapi"]
    assert (native.project.unknown, cross.project.unknown) == ((), ())
    assert cross.libraries == ()


def found_none(folder: Path, lock: str, target: str, files: tuple[str, ...] = (), **environ: str) -> list[Finding]:
    """Return what is found about own searches and headers, in a root of Debian with *files*."""
    root = miniroot.make(folder / "root")
    for name in files:
        miniroot.write(root / name, b"")
    miniroot.write(folder / "project/Cargo.toml", MANIFEST.format(lock.split('"')[5]))
    miniroot.write(folder / "project/Cargo.lock", lock)
    facts = env.read(str(root), target, cwd=str(folder / "project"), environ={"PATH": "/usr/bin", **environ})
    asked = ("crate-lib-not-found", "c-header-missing")
    return [finding for finding in judged(facts).findings if finding.check in asked]


GSSAPI = locked(("libgssapi-sys", "0.3.4", ("pkg-config",)), ("pkg-config", "0.3.34", ()))


def test_a_variable_without_which_a_crate_finds_nothing_in_a_cross_build(tmp_path: Path) -> None:
    header = ("usr/include/gssapi/gssapi.h",)
    (found,) = found_none(tmp_path / "none", GSSAPI, ARM, header)
    assert (found.check, found.severity.name) == ("crate-lib-not-found", "ERROR")
    assert found.message == f"libgssapi-sys 0.3.4 finds no library for {ARM} without LIBGSSAPI_IMPL"
    first = found.fixes[0]
    assert ("LIBGSSAPI_IMPL", "mit") in first.env
    assert any("libkrb5-dev:armhf" in command.line for command in first.commands)
    assert found_none(tmp_path / "native", GSSAPI, HOST) == []
    assert found_none(tmp_path / "named", GSSAPI, ARM, header, LIBGSSAPI_IMPL="mit") == []
    assert found_none(tmp_path / "placed", GSSAPI, ARM, LIBGSSAPI_PREFIX="/opt/krb5") == []
    (missed,) = found_none(tmp_path / "uninstalled", GSSAPI, ARM, LIBGSSAPI_IMPL="mit")
    assert missed.message == f"the header gssapi/gssapi.h is not installed for {ARM}"


HDF5 = locked(
    ("netcdf", "0.11.0", ("hdf5-metno-sys",)),
    ("hdf5-metno-sys", "0.10.1", ("pkg-config",)),
    ("pkg-config", "0.3.34", ()),
)
HDF5 = re.sub(r'(version = "(?!0\.1\.0)[\d.]+"\n)', rf"\1{SOURCE}", HDF5)


def test_a_header_in_any_of_several_folders(tmp_path: Path) -> None:
    (missed,) = found_none(tmp_path / "none", HDF5, HOST)
    assert (missed.check, missed.fixes[0].title) == ("c-header-missing", "install libhdf5-dev")
    for name in ("hdf5/serial/H5pubconf.h", "H5pubconf-64.h"):
        assert found_none(tmp_path / name.replace("/", "-"), HDF5, HOST, (f"usr/include/{name}",)) == []
    assert found_none(tmp_path / "named", HDF5, HOST, HDF5_DIR="/opt/hdf5") == []


def test_a_library_that_is_loaded_is_not_one_of_another_machine(tmp_path: Path) -> None:
    (found,) = found_none(tmp_path, HDF5, ARM, ("usr/include/hdf5/serial/H5pubconf.h",))
    assert found.message == f"hdf5-metno-sys 0.10.1 finds no library for {ARM} without its feature static"
    assert [command.line for command in found.fixes[0].commands] == ["cargo add netcdf --features static"]


def test_modules_that_the_script_of_an_unknown_crate_names(tmp_path: Path) -> None:
    lock = locked(("strange-sys", "1.0.0", ("pkg-config",)), ("pkg-config", "0.3.34", ()))
    project = tmp_path / "project"
    miniroot.write(project / "Cargo.toml", MANIFEST.format("strange-sys"))
    miniroot.write(project / "Cargo.lock", lock)
    for script, module, missed in (
        ('pkg_config::probe_library("strange").unwrap();', "", ["no strange.pc"]),
        ('pkg_config::probe_library("strange").unwrap();', "strange", []),
        ('pkg_config::probe_library("strange").or_else(|_| pkg_config::probe_library("odd"))', "odd", []),
        ("pkg_config::probe_library(&name).unwrap();", "", []),
    ):
        root = miniroot.make(tmp_path / f"{len(script)}{module}")
        source = root / "root/.cargo/registry/src/index/strange-sys-1.0.0"
        miniroot.write(source / "Cargo.toml", '[package]\nname = "strange-sys"\nversion = "1.0.0"\n')
        miniroot.write(source / "build.rs", script)
        if module:
            miniroot.module(root, module, module, "1.0", "amd64")
        facts = env.read(str(root), HOST, cwd=str(project), environ={"PATH": "/usr/bin", "HOME": "/root"})
        found = [finding for finding in judged(facts).findings if finding.check == "pc-missing"]
        assert [finding.message.partition(" for")[0] for finding in found] == missed
        assert all(finding.severity.name == "WARNING" for finding in found)
        assert facts.project.unknown == ("strange-sys 1.0.0",)
    copying = locked(("strange-sys", "1.0.0", ("cc", "pkg-config")), ("cc", "1.2.0", ()), ("pkg-config", "0.3.34", ()))
    miniroot.write(project / "Cargo.lock", copying)
    miniroot.write(source / "build.rs", 'pkg_config::probe_library("strange")')
    facts = env.read(str(root), HOST, cwd=str(project), environ={"PATH": "/usr/bin", "HOME": "/root"})
    assert (facts.project.unknown, facts.likely) == (("strange-sys 1.0.0",), ())
