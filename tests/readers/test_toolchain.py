"""Compilers, linkers, Rust toolchains and emulators, held against the real tools where these tell."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import need
from readers import miniroot

from diagnose.model import targets
from diagnose.model.finding import InputError
from diagnose.model.targets import Target
from diagnose.readers import env
from diagnose.readers.cargo.variables import Setting, Variables
from diagnose.readers.system.root import Root
from diagnose.readers.toolchain import compilers, others, rustup
from diagnose.readers.toolchain.toolchain_facts import Finder


def row(name: str) -> Target:
    found = targets.resolve(name)
    assert found is not None
    return found


HOST, ARM = row("amd64"), row("armhf")


def finder(path: Path, *programs: str) -> Finder:
    for name in programs:
        miniroot.write(path / "usr/bin" / name, miniroot.elf("amd64"), 0o755)
    (path / "usr/bin").mkdir(parents=True, exist_ok=True)
    return Finder(Root(str(path)), "/usr/bin")


@pytest.mark.parametrize(
    ("target", "environ", "linker", "name"),
    [
        ("armhf", {}, "", "arm-linux-gnueabihf-gcc"),
        ("armhf", {"CC": "gcc"}, "", "gcc"),
        ("armhf", {"CC": "gcc", "TARGET_CC": "t"}, "", "t"),
        ("armhf", {"TARGET_CC": "t", "CC_armv7_unknown_linux_gnueabihf": "u"}, "", "u"),
        ("armhf", {"CC_armv7_unknown_linux_gnueabihf": "u", "CC_armv7-unknown-linux-gnueabihf": "d"}, "", "d"),
        ("armhf", {"HOST_CC": "h"}, "", "arm-linux-gnueabihf-gcc"),
        ("armhf", {"CC": "ccache arm-gcc -O2"}, "", "arm-gcc"),
        ("armhf", {"CC": "sccache arm-gcc -O2"}, "", "sccache"),  # not there: the crate stops
        ("armhf", {"CROSS_COMPILE": "arm-x-"}, "a-gcc", "arm-x-gcc"),
        ("armhf", {}, "armv7l-linux-gnueabihf-gcc", "armv7l-linux-gnueabihf-gcc"),
        ("armhf", {}, "zig-cc", "arm-linux-gnueabihf-gcc"),
        ("amd64", {}, "", "cc"),
        ("amd64", {"HOST_CC": "h", "CC": "c"}, "", "h"),
        ("x86_64-unknown-linux-musl", {}, "", "musl-gcc"),
        ("i686-unknown-linux-gnu", {}, "", "cc"),
        ("s390x-unknown-linux-musl", {}, "", "cc"),
        ("riscv64", {}, "", "riscv64-linux-gnu-gcc"),
    ],
)
def test_the_compiler_that_the_cc_crate_takes(tmp_path, target, environ, linker, name):
    setting = Setting("linker", linker) if linker else None
    place = finder(tmp_path, "musl-gcc", "cc", "ccache")
    found = compilers.c_compiler(place, Variables(environ, {}), row(target), HOST, setting)
    assert found.name == name


@pytest.mark.parametrize(
    ("prefix", "gnu"),
    [
        ("arm-linux-gnueabihf", "arm-linux-gnueabihf"),
        ("aarch64-unknown-linux-gnu", "aarch64-linux-gnu"),
        ("s390x-ibm-linux-gnu", "s390x-linux-gnu"),
        ("x86_64-redhat-linux", "x86_64-linux-gnu"),
        ("ppc64le-redhat-linux", "powerpc64le-linux-gnu"),
        ("armv7l-linux-gnueabihf", "arm-linux-gnueabihf"),
        ("x86_64-alpine-linux-musl", "x86_64-linux-musl"),
        ("riscv64-unknown-linux-gnu", "riscv64-linux-gnu"),
        ("sparc-linux-gnu", ""),
        ("avr", ""),
    ],
)
def test_tool_prefixes(prefix, gnu):
    assert compilers.triplet(prefix) == gnu


def test_the_real_gcc_looks_where_we_say():
    gcc = shutil.which("gcc")
    need(gcc, "there is no gcc")
    facts = env.read(cwd="/")
    made = subprocess.run(["gcc", "-dumpmachine"], capture_output=True, text=True, check=True).stdout.strip()
    assert facts.toolchain.linker_target == made
    for file in facts.toolchain.start_files:
        told = subprocess.run(
            ["gcc", f"-print-file-name={file.name}"], capture_output=True, text=True, check=True
        ).stdout
        assert os.path.realpath(told.strip()) == os.path.realpath(file.path), file


def test_the_real_gcc_calls_what_we_say():
    need(shutil.which("gcc"), "there is no gcc")
    parts = env.read(cwd="/").toolchain.parts
    assert [part.name for part in parts] == ["ld", "cc1", "as"]
    for part in parts:
        asked = ["gcc", f"-print-prog-name={part.name}"]
        real = shutil.which(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
        assert real is not None and os.path.realpath(real) == os.path.realpath(part.path), part


def test_what_a_cross_gcc_calls(tmp_path: Path) -> None:
    """As Debian's: a link among the target's tools, or on PATH under the target's name; never the host's own."""
    root = miniroot.make(tmp_path)
    inner, tools = root / "usr/lib/gcc-cross/arm-linux-gnueabihf/14", root / "usr/arm-linux-gnueabihf/bin"
    programs = root / "usr/libexec/gcc-cross/arm-linux-gnueabihf/14"
    miniroot.write(inner / "crtbeginS.o", "")
    environ = {"PATH": "/usr/bin", "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER": "arm-linux-gnueabihf-gcc"}

    def parts() -> dict[str, str]:
        found = env.read(str(root), "armhf", cwd="/", environ=environ)
        return {part.name: part.path for part in found.toolchain.parts}

    assert parts() == {}  # this gcc keeps its programs elsewhere: nothing is missed
    for name in ("ld", "as"):
        miniroot.write(root / "usr/bin" / name, miniroot.elf("amd64"), 0o755)
    for name in ("cc1", "collect2"):
        miniroot.write(programs / name, miniroot.elf("amd64"), 0o755)
    own = f"/{programs.relative_to(root)}"
    assert parts() == {"ld": "", "cc1": f"{own}/cc1", "as": ""}
    for name in ("ld", "as"):
        miniroot.write(root / f"usr/bin/arm-linux-gnueabihf-{name}", miniroot.elf("amd64"), 0o755)
    assert parts()["ld"] == "/usr/bin/arm-linux-gnueabihf-ld"
    assert parts()["as"] == "/usr/bin/arm-linux-gnueabihf-as"
    for name in ("ld", "as"):
        tools.mkdir(parents=True, exist_ok=True)
        (tools / name).symlink_to(f"../../bin/arm-linux-gnueabihf-{name}")
    assert parts()["ld"] == "/usr/arm-linux-gnueabihf/bin/ld"
    (root / "usr/bin/arm-linux-gnueabihf-ld").unlink()  # the link dangles
    assert parts()["ld"] == ""


@pytest.mark.parametrize(("version", "needed"), [("0.96.0", False), ("0.91.0", False), ("0.90.0", True)])
def test_rust_that_brings_its_own_linker(tmp_path: Path, version: str, needed: bool) -> None:
    root = miniroot.make(tmp_path)
    chain, triple = "stable-x86_64-unknown-linux-gnu", "x86_64-unknown-linux-gnu"
    lib = root / f"root/.rustup/toolchains/{chain}/lib/rustlib"
    for name in ("cargo", "rustc", "rustup"):
        miniroot.write(root / "root/.cargo/bin" / name, miniroot.elf("amd64"), 0o755)
    miniroot.write(root / "root/.rustup/settings.toml", f'version = "12"\ndefault_toolchain = "{chain}"\n')
    miniroot.std(lib / triple / "lib")
    miniroot.write(lib / triple / "bin/gcc-ld/ld.lld", miniroot.elf("amd64"), 0o755)
    miniroot.write(lib / "multirust-channel-manifest.toml", f'[pkg.cargo]\nversion = "{version} (d73d2caf9)"\n')
    miniroot.write(root / "usr/lib/gcc/x86_64-linux-gnu/14/crtbeginS.o", "")
    miniroot.write(root / "usr/libexec/gcc/x86_64-linux-gnu/14/collect2", miniroot.elf("amd64"), 0o755)
    facts = env.read(str(root), cwd="/", environ={})
    assert any(part.name == "ld" for part in facts.toolchain.parts) is needed


def rustup_root(path: Path, settings: str, *toolchains: str) -> Finder:
    found = finder(path, "cargo", "rustc", "rustup")
    miniroot.write(path / "root/.rustup/settings.toml", settings)
    for name in toolchains:
        host = next(one.triple for one in targets.TARGETS if name.endswith(one.triple))
        miniroot.std(path / f"root/.rustup/toolchains/{name}/lib/rustlib/{host}/lib")
        miniroot.write(path / f"root/.rustup/toolchains/{name}/lib/rustlib/etc/x", "")
    return found


STABLE, NIGHTLY = f"stable-{HOST.triple}", f"nightly-{HOST.triple}"
DEFAULT = f'version = "12"\ndefault_toolchain = "{STABLE}"\n'


@pytest.mark.parametrize(
    ("settings", "environ", "files", "name", "asked"),
    [
        (DEFAULT, {}, {}, STABLE, ()),
        (DEFAULT, {"RUSTUP_TOOLCHAIN": "nightly"}, {}, NIGHTLY, ()),
        (DEFAULT, {}, {"rust-toolchain": "nightly\n"}, NIGHTLY, ()),
        (DEFAULT, {}, {"rust-toolchain.toml": '[toolchain]\nchannel="nightly"\ntargets=["a"]\n'}, NIGHTLY, ("a",)),
        (DEFAULT, {}, {"rust-toolchain.toml": '[toolchain]\ntargets = ["a"]\n'}, STABLE, ("a",)),
        (DEFAULT + '\n[overrides]\n"{cwd}" = "nightly"\n', {}, {}, NIGHTLY, ()),
        (DEFAULT, {"RUSTUP_TOOLCHAIN": "1.2.3"}, {}, "1.2.3", ()),
        ("", {}, {}, "", ()),
    ],
)  # fmt: skip
def test_which_toolchain_rustup_takes(tmp_path, settings, environ, files, name, asked):
    cwd = tmp_path / "project" / "sub"
    cwd.mkdir(parents=True)
    for file, text in files.items():
        (cwd.parent / file).write_text(text)
    place = rustup_root(tmp_path / "root", settings.replace("{cwd}", str(cwd.parent)), STABLE, NIGHTLY)
    found = rustup.rust(place, Variables({"HOME": "/root", **environ}, {}), str(cwd), HOST)
    assert (found.toolchain, found.asked) == (name, asked)
    assert found.std == ((HOST.triple,) if name in (STABLE, NIGHTLY) else ())


def test_a_toolchain_file_that_rustup_cannot_read(tmp_path):
    (tmp_path / "rust-toolchain.toml").write_text("[toolchain\n")
    place = rustup_root(tmp_path / "root", DEFAULT, STABLE)
    with pytest.raises(InputError, match=r"rust-toolchain.toml: "):
        rustup.rust(place, Variables({"HOME": "/root"}, {}), str(tmp_path), HOST)


@pytest.mark.parametrize(
    ("name", "environ", "uninstalled"),
    [
        ("nosuch", {}, "nosuch"),
        ("1.2.3", {}, ""),  # rustup fetches it
        ("1.2.3", {"RUSTUP_AUTO_INSTALL": "0"}, "1.2.3"),
        ("nightly", {}, ""),
    ],
)
def test_a_toolchain_that_is_selected_and_not_there(tmp_path, name, environ, uninstalled):
    place = rustup_root(tmp_path / "root", DEFAULT, STABLE)
    found = rustup.rust(place, Variables({"HOME": "/root", "RUSTUP_TOOLCHAIN": name, **environ}, {}), "/", HOST)
    assert found.uninstalled == uninstalled
    assert bool(place.root.unseen) is not bool(uninstalled)


@pytest.mark.parametrize("state", ["", "is not there", "is empty", "is not executable", "unlisted"])
def test_what_a_toolchain_lacks_of_its_components(tmp_path, state):
    place = rustup_root(tmp_path / "root", DEFAULT, STABLE)
    sysroot = tmp_path / f"root/root/.rustup/toolchains/{STABLE}"
    listed = "" if state == "unlisted" else "file:bin/rustc\nfile:bin/rustdoc\n"
    miniroot.write(sysroot / f"lib/rustlib/manifest-rustc-{HOST.triple}", listed)
    if state not in ("is not there", "unlisted"):
        text = b"" if state == "is empty" else miniroot.elf("amd64")
        miniroot.write(sysroot / "bin/rustc", text, 0o644 if state == "is not executable" else 0o755)
    found = rustup.rust(place, Variables({"HOME": "/root"}, {}), "/", HOST).lacking
    expected = ((f"/root/.rustup/toolchains/{STABLE}/bin/rustc", state),) if state.startswith("is ") else ()
    assert found == expected


def test_the_real_rustup():
    need(shutil.which("rustup"), "there is no rustup")
    done = subprocess.run(["rustup", "show", "active-toolchain"], capture_output=True, text=True, cwd="/")
    need(done.returncode == 0, "rustup has no active toolchain")
    rust = env.read(cwd="/").toolchain.rust
    assert rust.toolchain == done.stdout.split()[0]
    installed = subprocess.run(
        ["rustup", "target", "list", "--installed"], capture_output=True, text=True, cwd="/"
    ).stdout
    assert sorted(rust.std) == sorted(installed.split())
    verbose = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, cwd="/", check=True).stdout
    assert f"host: {rust.host}\n" in verbose


def test_a_distributions_rustc(tmp_path):
    place = finder(tmp_path, "cargo", "rustc")
    for triple in (HOST.triple, ARM.triple):
        miniroot.std(tmp_path / f"usr/lib/rustlib/{triple}/lib")
    found = rustup.rust(place, Variables({}, {}), str(tmp_path), HOST)
    assert (found.toolchain, found.host, found.std) == ("", HOST.triple, (ARM.triple, HOST.triple))


@pytest.mark.parametrize("content", [b"\x7fELF\0patchelf 0.14.3\0", b"\x7fELF", b""])
def test_the_version_of_patchelf(tmp_path, content):
    miniroot.write(tmp_path / "usr/bin/patchelf", content, 0o755)
    assert compilers.patchelf(finder(tmp_path)).version == ("0.14.3" if b"0.14" in content else "")


def test_the_real_patchelf():
    need(shutil.which("patchelf"), "there is no patchelf")
    said = subprocess.run(["patchelf", "--version"], capture_output=True, text=True, check=True).stdout
    assert said.split()[1].startswith(compilers.patchelf(Finder(Root("/"), os.environ["PATH"])).version)


def test_libclang(tmp_path):
    for name in ("usr/lib/llvm-14/lib/libclang.so.1", "usr/lib/llvm-14/lib/libclang-cpp.so.14", "opt/c/libclang.so"):
        miniroot.write(tmp_path / name, miniroot.elf("amd64"))
    root = Root(str(tmp_path))
    assert list(others.libclang(root, Variables({}, {}))) == ["/usr/lib/llvm-14/lib/libclang.so.1"]
    pointed = Variables({"LIBCLANG_PATH": "/opt/c"}, {})
    assert next(others.libclang(root, pointed)) == "/opt/c/libclang.so"


QEMU_ARM = (
    "enabled\ninterpreter /usr/bin/qemu-arm-static\nflags: POCF\noffset 0\n"
    "magic 7f454c4601010100000000000000000002002800\nmask ffffffffffffff00fffffffffffffffffeffffff\n"
)


def test_entries_of_binfmt_misc():
    fields = {line.partition(" ")[0].rstrip(":"): line.partition(" ")[2] for line in QEMU_ARM.splitlines()}
    assert others._matches(fields, ARM)
    assert not others._matches(fields, row("arm64"))
    assert not others._matches({"magic": "zz"}, ARM) and not others._matches({}, ARM)


def test_what_this_kernel_runs():
    facts = env.read(target="armhf" if HOST.uname == os.uname().machine else "amd64", cwd="/")
    base = "/proc/sys/fs/binfmt_misc"
    registered = [name for name in (os.listdir(base) if os.path.isdir(base) else []) if name.startswith("qemu-arm")]
    assert facts.toolchain.emulator.needed
    assert facts.toolchain.emulator.name in (registered or [""])
    assert not env.read(cwd="/").toolchain.emulator.needed


def test_crosstools_sysroot(tmp_path):
    triple = "aarch64-unknown-linux-gnu"
    base = tmp_path / f"usr/{triple}"
    miniroot.write(base / f"bin/{triple}-gcc", miniroot.elf("amd64"), 0o755)
    folder = f"{triple}/sysroot/usr/lib"
    for name in ("lib/gcc/aarch64-unknown-linux-gnu/4.8.5/crtbeginS.o", f"{folder}/crti.o", f"{folder}/crtn.o"):
        miniroot.write(base / name, miniroot.elf("arm64"))
    banner = b"\x7fELF GNU C Library (crosstool-NG) stable release version 2.17, by Roland McGrath et al.\0"
    miniroot.write(base / f"{triple}/sysroot/lib/libc.so.6", banner)
    linker = Setting("linker", f"/usr/{triple}/bin/{triple}-gcc")
    place = finder(tmp_path)
    none = rustup.rust(place, Variables({}, {}), "/", HOST)
    found = compilers.read(place, Variables({}, {}), row("arm64"), HOST, linker, None, linker, none, bindgen=False)
    assert (found.linker_target, found.glibc) == ("aarch64-linux-gnu", "2.17")
    assert found.sysroot == f"/usr/{triple}/{triple}/sysroot"
    assert {file.name: bool(file.path) for file in found.start_files} == {
        "crti.o": True, "libc.so": False, "crtbeginS.o": True, "crtendS.o": False, "libgcc.a": False,
    }  # fmt: skip


def test_pyo3s_settings(tmp_path):
    miniroot.write(tmp_path / "py/python3.11/_sysconfigdata__linux_arm-linux-gnueabihf.py", "")
    found = others.python(Root(str(tmp_path)), Variables({"PYO3_CROSS_LIB_DIR": "/py", "PYO3_CROSS": "1"}, {}))
    assert [setting.name for setting in found.settings] == ["PYO3_CROSS", "PYO3_CROSS_LIB_DIR"]
    assert found.lib_dir == "/py"
    assert found.sysconfigdata == ("/py/python3.11/_sysconfigdata__linux_arm-linux-gnueabihf.py",)
    assert others.python(Root(str(tmp_path)), Variables({"PYO3_CROSS_LIB_DIR": "/no"}, {})).lib_dir == ""


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("#!/bin/sh", True),
        ("#!/usr/bin/there -x", True),
        ("#! /usr/bin/there", True),
        ("#!/bin/nosuch", False),
        ("#!/usr/bin/there\r", False),
        ("", False),  # "Exec format error", when rustc starts it
    ],
)
def test_a_script_whose_interpreter_does_not_exist_is_no_program(tmp_path: Path, line: str, found: bool) -> None:
    miniroot.write(tmp_path / "usr/bin/there", miniroot.elf("amd64"), 0o755)
    miniroot.write(tmp_path / "usr/bin/wrapper", f"{line}\nexec there\n", 0o755)
    assert Finder(Root(str(tmp_path)), "/usr/bin").program("wrapper").found is found


def test_a_standard_library_is_what_compiles(tmp_path: Path) -> None:
    triples = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "armv7-unknown-linux-gnueabihf")
    for triple, name in zip(triples, ("libstd-1.rlib", "libstd-1.so", "libcore-1.rlib"), strict=True):
        miniroot.write(tmp_path / f"usr/lib/rustlib/{triple}/lib/{name}", "")
    assert rustup._std(Root(str(tmp_path)), "/usr") == triples[:1]
