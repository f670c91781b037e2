"""States of an environment that need a root of their own: search paths, static links, suites, derivatives of Debian."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from readers import miniroot
from roots import cases, judged, read

from diagnose.engine.headline import headline
from diagnose.model.finding import Finding
from diagnose.model.outcome import Outcome
from diagnose.readers import env
from diagnose.readers.pkgconfig.pkgconfig_facts import Library

ARM = "armv7-unknown-linux-gnueabihf"
P = "/usr/lib/arm-linux-gnueabihf/pkgconfig"
LINKER = {"CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER": "arm-linux-gnueabihf-gcc"}
ALLOW = {"PATH": "/usr/bin", "PKG_CONFIG_ALLOW_CROSS": "1", **LINKER}


def found(facts: env.Environment, check: str) -> list[Finding]:
    return [finding for finding in judged(facts).findings if finding.check == check]


def test_a_requirement_that_only_the_search_path_leaves_out(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path)
    miniroot.module(root, "x11", "X11", "1.8", "armhf", requires="xproto")
    proto = "Name: xproto\nDescription: headers\nVersion: 7\n"
    miniroot.write(root / "usr/share/pkgconfig/xproto.pc", proto)
    environ = {**ALLOW, "PKG_CONFIG_LIBDIR": P}
    facts = env.read(str(root), ARM, ["x11"], cwd=str(root), environ=environ)
    (finding,) = found(facts, "pc-not-on-search-path")
    assert finding.message.startswith("/usr/share/pkgconfig/xproto.pc, required by x11,")
    fixed = {**environ, **dict(finding.fixes[0].env)}
    assert found(facts, "pc-transitive-missing") == []
    (library,) = env.read(str(root), ARM, ["x11"], cwd=str(root), environ=fixed).libraries
    assert library.outcome == "found"
    (root / "usr/share/pkgconfig/xproto.pc").unlink()
    facts = env.read(str(root), ARM, ["x11"], cwd=str(root), environ=environ)
    assert len(found(facts, "pc-transitive-missing")) == 1


def test_static_libraries_are_outside_the_system_root(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path)
    archive = b"!<arch>\n" + b"x.o/".ljust(48) + b"64".ljust(10) + b"`\n" + miniroot.elf("armhf").ljust(64, b"\0")
    opt = root / "opt/arm/lib"
    miniroot.write(opt / "libown.so", miniroot.elf("armhf"))
    miniroot.write(opt / "libown.a", archive)
    miniroot.write(opt / "pkgconfig/own.pc", "Name: own\nDescription: own\nVersion: 1\nLibs: -L/opt/arm/lib -lown\n")
    environ = {**ALLOW, "PKG_CONFIG_LIBDIR": "/opt/arm/lib/pkgconfig", "OWN_STATIC": "1"}
    facts = env.read(str(root), ARM, ["own"], cwd=str(root), environ=environ)
    assert facts.libraries[0].links.static == ("own",)
    assert found(facts, "static-lib-missing") == []
    inside = {**environ, "SYSROOT": "/opt/arm"}
    facts = env.read(str(root), ARM, ["own"], cwd=str(root), environ=inside)
    assert facts.libraries[0].links.static == ()
    (finding,) = found(facts, "static-lib-missing")
    assert "below /opt/arm statically" in finding.fixes[-1].notes


def test_a_suite_that_has_left_the_servers_alone(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path)
    sources = (
        "deb http://mirror.example/debian bullseye main\ndeb http://mirror.example/debian bullseye-backports main\n"
    )
    miniroot.write(root / "etc/apt/sources.list", sources)
    stanza = "Types: deb\nURIs: http://mirror.example/debian\nSuites: bullseye bullseye-backports\nComponents: main\n"
    miniroot.write(root / "etc/apt/sources.list.d/a.sources", stanza)
    facts = env.read(str(root), cwd=str(root), environ={"PATH": "/usr/bin"})
    (finding,) = found(facts, "apt-release-eol")
    edits = {edit.path: edit.after for edit in finding.fixes[0].files}
    assert edits["/etc/apt/sources.list"].splitlines()[1].startswith("# deb ")
    assert "Suites: bullseye\n" in edits["/etc/apt/sources.list.d/a.sources"]
    for path, text in edits.items():
        miniroot.write(root / path.lstrip("/"), text)
    assert found(env.read(str(root), cwd=str(root), environ={"PATH": "/usr/bin"}), "apt-release-eol") == []


def test_raspbian_is_not_a_foreign_architecture_of_its_own_processor(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path)
    miniroot.write(root / "etc/os-release", "ID=raspbian\nID_LIKE=debian\nVERSION_CODENAME=bookworm\n")
    miniroot.write(root / "var/lib/dpkg/arch", "armhf\narm64\n")
    facts = env.read(str(root), ARM, cwd=str(root), environ={"PATH": "/usr/bin"})
    assert not facts.cross
    assert facts.native is not None and facts.native.debian == "armhf"
    assert env.read(str(root), "aarch64-unknown-linux-gnu", cwd=str(root), environ={"PATH": "/usr/bin"}).cross


def test_the_official_image_keeps_cargo_in_a_place_of_its_own(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path)
    for name in ("cargo", "rustc"):
        miniroot.write(root / "usr/local/cargo/bin" / name, miniroot.elf("amd64"), 0o755)
    chain = "1.80.1-x86_64-unknown-linux-gnu"
    miniroot.write(root / "usr/local/rustup/settings.toml", f'version = "12"\ndefault_toolchain = "{chain}"\n')
    library = f"usr/local/rustup/toolchains/{chain}/lib/rustlib/x86_64-unknown-linux-gnu/lib"
    miniroot.std(root / library)
    facts = env.read(str(root), cwd=str(root), environ={})
    assert facts.toolchain.rust.toolchain == chain
    assert facts.toolchain.rust.std == ("x86_64-unknown-linux-gnu",)


def test_a_program_for_musl_is_linked_statically_and_an_extension_is_not(tmp_path: Path) -> None:
    case = next(case for case in cases.HEALTHY if case.name == "rust-musl-cross-healthy")
    facts = read(case, str(tmp_path))
    assert found(facts, "static-lib-missing") == []  # an image for wheels
    plain = facts._replace(container=facts.container._replace(kind="plain"))
    (finding,) = found(plain, "static-lib-missing")
    assert "there as a shared library only" in finding.message
    assert found(plain._replace(project=plain.project._replace(wheel=True)), "static-lib-missing") == []
    dynamic = plain._replace(toolchain=plain.toolchain._replace(crt_static=False))
    assert found(dynamic, "static-lib-missing") == []


def test_what_system_deps_is_told_by_variables(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path / "root")
    manifest = '[package]\nname = "own"\nversion = "0.1.0"\n[package.metadata.system-deps]\n'
    manifest += 'libFoo_2 = { name = "alsa", version = "1" }\n'
    miniroot.write(tmp_path / "p/Cargo.toml", manifest)

    def library(**environ: str) -> Library:
        return env.read(
            str(root), ARM, cwd=str(tmp_path / "p"), environ={"PATH": "/usr/bin", **LINKER, **environ}
        ).libraries[0]

    assert library().outcome == "cross-refused"
    told = {"SYSTEM_DEPS_LIB_FOO_2_NO_PKG_CONFIG": "1"}
    assert library(**told).outcome == "misdirected"
    told |= {
        "SYSTEM_DEPS_LIB_FOO_2_LIB": "asound",
        "SYSTEM_DEPS_LIB_FOO_2_SEARCH_NATIVE": "/usr/lib/arm-linux-gnueabihf",
    }
    assert library(**told).outcome == "found"
    assert (
        library(**told | {"SYSTEM_DEPS_LIB_FOO_2_SEARCH_NATIVE": "/usr/lib/x86_64-linux-gnu"}).outcome == "wrong-arch"
    )
    for value in ("always", "auto"):  # nothing is known to be missing: the build script may build its own copy
        environ = {**ALLOW, "PKG_CONFIG_LIBDIR": "/nowhere", "SYSTEM_DEPS_BUILD_INTERNAL": value}
        facts = env.read(str(root), ARM, cwd=str(tmp_path / "p"), environ=environ)
        assert facts.libraries[0].outcome == "unknown"
        assert found(facts, "pc-missing") == []
    assert library(SYSTEM_DEPS_LINK="static", PKG_CONFIG_ALLOW_CROSS="1").static
    assert "ALLOW_SYSTEM_LIBS" not in library(PKG_CONFIG_ALLOW_CROSS="1").command


@pytest.mark.parametrize(
    ("linker", "message"),
    [
        ("ld", "ld is a linker"),
        ("arm-linux-gnueabihf-ld", "arm-linux-gnueabihf-ld is a linker"),
        ("mold", "mold is a linker"),
        ("ld.lld-14", "ld.lld-14 is a linker"),
        ("my-ld.sh", "rustc takes my-ld.sh for a linker, because its name ends in ld"),
        ("link", "rustc takes link for a linker, because of its name"),
        ("lld-link.sh", "rustc takes lld-link.sh for a linker, because of its name"),
        ("mylink", ""),
        ("arm-linux-gnueabihf-gcc", ""),
        ("gcc-ld.gold.sh", ""),
        ("zig-cc.sh", ""),
        ("build", ""),
    ],
)
def test_a_linker_that_is_no_compiler(tmp_path: Path, linker: str, message: str) -> None:
    root = miniroot.make(tmp_path)
    if linker != "arm-linux-gnueabihf-gcc":
        miniroot.write(root / "usr/bin" / linker, miniroot.elf("amd64"), 0o755)
    environ = {**ALLOW, "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER": linker}
    facts = env.read(str(root), ARM, cwd=str(root), environ=environ)
    findings = found(facts, "linker-flavor-mismatch")
    assert [finding.message.startswith(message) for finding in findings] == [True] * bool(message)


def test_an_answer_that_links_nothing(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path)
    folder = "/usr/lib/arm-linux-gnueabihf"
    miniroot.write(root / "usr/lib/arm-linux-gnueabihf/libother.so", miniroot.elf("armhf"))
    for words, message in (
        (
            f"-L{folder} -l:libasound.so.2",
            "-l:libasound.so.2, in pkg-config's answer for odd, does not",
        ),
        (f"{folder}/libasound.so.2", f"{folder}/libasound.so.2, in pkg-config's answer"),
        (f"-L {folder} -l asound", f"-L {folder}, in pkg-config's answer"),
        ("/sdk/lib/libasound.so", "/sdk/lib/libasound.so, in pkg-config's answer"),
        (f"-L{folder} -lasound -l:libasound.so", ""),
        (f"{folder}/libother.so", ""),
        ("-pthread -Wl,--as-needed", ""),
    ):
        miniroot.write(root / P.lstrip("/") / "odd.pc", f"Name: odd\nDescription: odd\nVersion: 1\nLibs: {words}\n")
        environ = {**ALLOW, "PKG_CONFIG_LIBDIR": P}
        findings = found(env.read(str(root), ARM, ["odd"], cwd=str(root), environ=environ), "pc-links-nothing")
        assert [finding.message.startswith(message) for finding in findings] == [True] * bool(message), words


@pytest.mark.parametrize("version", ["1.8.1", "2.2.0"])
def test_a_personality_that_sets_the_sysroot_and_static_links(tmp_path: Path, version: str) -> None:
    root = miniroot.make(tmp_path)
    strings = f"\0pkgconf\0{version}\0/usr/lib/pkgconfig:/usr/share/pkgconfig\0".encode()
    (root / "usr/bin/pkgconf").unlink()
    miniroot.write(root / "usr/bin/pkgconf", miniroot.elf("amd64") + strings, 0o755)
    text = "Triplet: x\nSysrootDir: /sr\nDefaultSearchPaths: /sr/usr/lib/pkgconfig\nWantDefaultStatic: true\n"
    (root / "usr/share/pkgconfig/personality.d/arm-linux-gnueabihf.personality").unlink()
    miniroot.write(root / "usr/local/share/pkgconfig/personality.d/arm-linux-gnueabihf.personality", text)
    own = "Name: own\nDescription: own\nVersion: 1\nLibs: -L/usr/lib -lown\nLibs.private: -lmore\n"
    miniroot.write(root / "sr/usr/lib/pkgconfig/own.pc", own)
    environ = {"PATH": "/usr/bin", "PKG_CONFIG": "arm-linux-gnueabihf-pkg-config", **LINKER}
    (library,) = env.read(str(root), ARM, ["own"], cwd=str(root), environ=environ).libraries
    if version == "2.2.0":
        assert library.libs == ("-L/sr/usr/lib", "-lown", "-lmore")
    else:  # 1.8 does not look there
        assert library.outcome == "not-found"


LOCKED = """\
version = 4

[[package]]
name = "own"
version = "0.1.0"
dependencies = ["old", "windows"]

[[package]]
name = "old"
version = "1.0.0"
source = "registry+x"
dependencies = ["new", "elsewhere", "twice 1.0.0"]

[[package]]
name = "new"
version = "2.0.0"
source = "registry+x"

[[package]]
name = "elsewhere"
version = "1.0.0"
source = "registry+x"

[[package]]
name = "windows"
version = "1.0.0"
source = "registry+x"

[[package]]
name = "twice"
version = "1.0.0"
source = "registry+x"

[[package]]
name = "twice"
version = "2.0.0"
source = "registry+x"
"""


def test_a_locked_crate_that_needs_a_newer_rust(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path / "root")
    chain = "1.85.0-x86_64-unknown-linux-gnu"
    for name in ("cargo", "rustc"):
        miniroot.write(root / "usr/local/cargo/bin" / name, miniroot.elf("amd64"), 0o755)
    miniroot.write(root / "usr/local/rustup/settings.toml", f'version = "12"\ndefault_toolchain = "{chain}"\n')
    library = root / f"usr/local/rustup/toolchains/{chain}/lib/rustlib"
    miniroot.std(library / "x86_64-unknown-linux-gnu/lib")
    miniroot.write(library / "multirust-channel-manifest.toml", '[pkg.cargo]\nversion = "0.86.0 (d73d2caf9)"\n')
    own = '[package]\nname = "own"\nversion = "0.1.0"\n[dependencies]\nold = "1"\n'
    miniroot.write(tmp_path / "p/Cargo.toml", own + '[target."cfg(windows)".dependencies]\nwindows = "1"\n')
    miniroot.write(tmp_path / "p/Cargo.lock", LOCKED)

    def look() -> tuple[list[Finding], str]:
        facts = env.read(str(root), cwd=str(tmp_path / "p"), environ={})
        return found(facts, "rust-toolchain-too-old"), " ".join(facts.unseen)

    def crate(name: str, version: str, rust: str, dependencies: str = "") -> None:
        text = f'[package]\nedition = "2021"\nrust-version = "{rust}"\nname = "{name}"\n{dependencies}'
        miniroot.write(root / f"root/.cargo/registry/src/index/{name}-{version}/Cargo.toml", text)

    assert look()[0] == []
    assert "the Rust that its crates require" in look()[1]
    needs = '[dependencies.new]\n[dependencies.twice]\n[target."cfg(windows)".dependencies.elsewhere]'
    crate("old", "1.0.0", "1.85", needs)
    crate("new", "2.0.0", "1.85.0")
    crate("twice", "1.0.0", "1.60")
    crate("twice", "2.0.0", "1.90")  # perhaps not the one that is compiled
    assert look()[0] == []
    assert "the Rust that its crates require" not in look()[1]  # the others are for Windows
    crate("elsewhere", "1.0.0", "1.91")
    crate("windows", "1.0.0", "1.91")
    assert look()[0] == []
    crate("new", "2.0.0", "1.88")
    (finding,) = look()[0]
    assert finding.message == "cargo 1.85.0 is too old for this project, which needs 1.88"
    line = "CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback cargo update new"
    assert [command.line for command in finding.fixes[0].commands] == [line]


def test_a_crate_with_unknown_modules_may_do_without_pkg_config(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path / "root")
    for name in ("pkgconf", "pkg-config"):
        (root / "usr/bin" / name).unlink()
    lock = 'version = 3\n\n[[package]]\nname = "own"\nversion = "0.1.0"\ndependencies = [\n "strange-sys",\n]\n\n'
    lock += '[[package]]\nname = "pkg-config"\nversion = "0.3.34"\n\n'
    lock += '[[package]]\nname = "strange-sys"\nversion = "1.0.0"\ndependencies = [\n "pkg-config",\n]\n'
    miniroot.write(tmp_path / "p/Cargo.lock", lock)
    miniroot.write(tmp_path / "p/Cargo.toml", '[package]\nname = "own"\nversion = "0.1.0"\n')
    facts = env.read(str(root), cwd=str(tmp_path / "p"), environ={"PATH": "/usr/bin"})
    (finding,) = found(facts, "pkgconfig-tool-missing")
    assert finding.severity.value == "warning"
    (finding,) = found(
        env.read(str(root), libs=["alsa"], cwd=str(tmp_path / "p"), environ={"PATH": "/usr/bin"}),
        "pkgconfig-tool-missing",
    )
    assert finding.severity.value == "error"


@pytest.mark.parametrize(
    ("offered", "old"), [("1.2.8-1+b1", True), ("1:1.2.14-1", False), ("1.3.0-1", False), ("", False)]
)
def test_a_package_that_is_older_than_the_crate_requires(tmp_path: Path, offered: str, old: bool) -> None:
    root = miniroot.make(tmp_path)
    for path in root.glob("usr/lib/*/pkgconfig/alsa.pc"):
        path.unlink()
    index = f"Package: libasound2-dev\nArchitecture: amd64\nVersion: {offered}\n\n" if offered else ""
    miniroot.write(root / "var/lib/apt/lists/mirror.example_debian_dists_trixie_main_binary-amd64_Packages", index)
    facts = env.read(str(root), libs=["alsa >= 1.2.10"], cwd=str(root), environ={"PATH": "/usr/bin"})
    (finding,) = found(facts, "pc-missing")
    assert ("libasound2-dev 1.2.8-1+b1 is too old" in finding.message) is old
    commands = [command.line for fix in finding.fixes for command in fix.commands]
    assert any("libasound2-dev" in line for line in commands) is not old


def test_a_library_is_not_missing_before_the_linker_is_there_and_once_only(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path)
    for name in ("one", "two"):
        text = f"Name: {name}\nDescription: d\nVersion: 1\nLibs: -lnowhere -lasound\n"
        miniroot.write(root / f"{P.lstrip('/')}/{name}.pc", text)
    environ = {**ALLOW, "PKG_CONFIG_LIBDIR": P}
    facts = env.read(str(root), ARM, ["one", "two"], cwd=str(root), environ=environ)
    (finding,) = found(facts, "linker-lib-missing-for-target")
    assert finding.message == "the linker does not find libnowhere, which pkg-config names for one"
    absent = {**environ, "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER": "arm-linux-gnueabihf-gcc-99"}
    facts = env.read(str(root), ARM, ["one", "two"], cwd=str(root), environ=absent)
    assert found(facts, "linker-lib-missing-for-target") == []
    errors = [finding.check for finding in judged(facts).findings if finding.severity.value == "error"]
    assert errors[:1] == ["cross-linker-missing"]


@pytest.mark.parametrize(
    ("first", "mode", "why", "command"),
    [
        ("#!/bin/sh", 0o644, "is not executable", ["chmod +x /opt/link.sh"]),
        ("#!/opt/none/sh", 0o755, "has the interpreter /opt/none/sh, which does not exist", []),
        ("#!/bin/sh\r", 0o755, "has the interpreter /bin/sh\r, which does not exist", []),
        ("#!/bin/sh", 0o755, "", []),
    ],
)
def test_a_script_as_linker_has_to_start(tmp_path: Path, first: str, mode: int, why: str, command: list[str]) -> None:
    root = miniroot.make(tmp_path)
    miniroot.write(root / "opt/link.sh", f"{first}\n", mode)
    environ = {**ALLOW, "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER": "/opt/link.sh"}
    facts = env.read(str(root), ARM, cwd=str(root), environ=environ)
    findings = found(facts, "cross-linker-missing")
    assert [finding.message.rpartition("/opt/link.sh, ")[2] for finding in findings] == ([why] if why else [])
    assert [one.line for finding in findings for fix in finding.fixes for one in fix.commands] == command


@pytest.mark.parametrize("same", [True, False])
def test_a_package_that_replaces_the_copy_of_another_architecture(tmp_path: Path, same: bool) -> None:
    root = miniroot.make(tmp_path)
    (root / P.lstrip("/") / "alsa.pc").unlink()
    stanza = "Package: libasound2-dev\nStatus: install ok installed\nArchitecture: amd64\n"
    stanza += "Multi-Arch: same\n" * same + "Version: 1.2.14-1\n\n"
    with (root / "var/lib/dpkg/status").open("a") as status:
        status.write(stanza)
    facts = env.read(str(root), ARM, ["alsa"], cwd=str(root), environ={**ALLOW, "PKG_CONFIG_LIBDIR": P})
    (finding,) = found(facts, "pc-missing")
    (install, *_) = (fix for fix in finding.fixes if any("libasound2-dev:armhf" in one.line for one in fix.commands))
    assert ("apt removes libasound2-dev:amd64" in install.notes) is not same
    assert install.safe is same


def _project(folder: Path, *crates: tuple[str, str, str]) -> Path:
    """Write a project that depends on *crates*: (name, version, name of its own dependency)."""
    names = [name for name, _, _ in crates]
    table = "".join(f'{name} = "*"\n' for name in names)
    miniroot.write(folder / "Cargo.toml", f'[package]\nname = "own"\nversion = "0.1.0"\n[dependencies]\n{table}')
    listed = "".join(f' "{name}",\n' for name in names)
    lock = f'version = 4\n\n[[package]]\nname = "own"\nversion = "0.1.0"\ndependencies = [\n{listed}]\n'
    for name, version, needed in crates:
        dependencies = f'dependencies = [\n "{needed}",\n]\n' if needed else ""
        lock += f'\n[[package]]\nname = "{name}"\nversion = "{version}"\nsource = "registry+x"\n{dependencies}'
    miniroot.write(folder / "Cargo.lock", lock)
    return folder


def test_a_crate_that_accepts_either_of_two_modules(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path / "root")
    project = _project(tmp_path / "p", ("mysqlclient-sys", "0.5.2", "pkg-config"))
    native = {"PATH": "/usr/bin"}

    def facts() -> env.Environment:
        return env.read(str(root), "x86_64-unknown-linux-gnu", cwd=str(project), environ=native)

    (finding,) = found(facts(), "pc-missing")
    assert finding.message.startswith("no mysqlclient.pc")
    assert "libmariadb-dev-compat" in finding.fixes[0].title
    miniroot.module(root, "libmariadb", "mariadb", "3.4", "amd64")
    assert found(facts(), "pc-missing") == []
    assert [(one.module, one.outcome) for one in facts().libraries] == [("libmariadb", "found")]
    miniroot.module(root, "mysqlclient", "mysqlclient", "3.4", "amd64")
    assert [(one.module, one.outcome) for one in facts().libraries] == [("mysqlclient", "found")]


SCRIPT = """\
const OTHER: &str = "two";
fn main() {
    pkg_config::probe_library("one").or_else(|_| pkg_config::probe_library(OTHER)).unwrap();
    pkg_config::Config::new().atleast_version("3").probe("three-3.0").unwrap();
    probe(name).probe("-x").probe("one");
}
"""


def test_the_modules_that_an_unknown_crates_build_script_names(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path / "root")
    project = _project(tmp_path / "p", ("strange-sys", "1.0.0", "pkg-config"))
    source = root / "root/.cargo/registry/src/index/strange-sys-1.0.0"
    miniroot.write(source / "Cargo.toml", '[package]\nname = "strange-sys"\nversion = "1.0.0"\n')
    miniroot.write(source / "build.rs", SCRIPT)
    facts = env.read(str(root), cwd=str(project), environ={"PATH": "/usr/bin", "HOME": "/root"})
    assert facts.project.unknown == ("strange-sys 1.0.0",)
    assert facts.project.named == (("strange-sys 1.0.0", ("one", "two", "three-3.0")),)
    shown = headline("env", env.facts(facts), (), Outcome.CANNOT_TELL)
    assert "the build script of strange-sys 1.0.0 names one and two and three-3.0" in shown.details
    miniroot.write(source / "build.rs", b"\xff" * (2 << 20))
    facts = env.read(str(root), cwd=str(project), environ={"PATH": "/usr/bin", "HOME": "/root"})
    assert facts.project.named == ()


def test_a_crate_that_may_link_a_library_is_named_beside_the_verdict(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path / "root")
    crates = ("madeup-sys", "lz4-sys", "linux-raw-sys", "renamed-sys", "libz-sys", "prost-build")
    needed = {"lz4-sys": "cc", "libz-sys": "cc"}
    project = _project(tmp_path / "p", *((name, "1.0.0", needed.get(name, "")) for name in crates))
    source = root / "root/.cargo/registry/src/index/renamed-sys-1.0.0/Cargo.toml"
    miniroot.write(source, '[package]\nname = "renamed-sys"\nversion = "1.0.0"\n')

    def unlisted() -> tuple[str, ...]:
        facts = env.read(str(root), cwd=str(project), environ={"PATH": "/usr/bin", "HOME": "/root"})
        assert "how madeup-sys 1.0.0 links its library: no table of crates lists it" in facts.unseen
        return facts.project.unlisted

    assert unlisted() == ("madeup-sys 1.0.0",)
    miniroot.write(source.with_name("build.rs"), "fn main() {}")
    assert unlisted() == ("madeup-sys 1.0.0", "renamed-sys 1.0.0")


@pytest.mark.parametrize(
    ("setting", "program", "check"),
    [
        ('[build]\nrustc-wrapper = "sccache"\n', "sccache", "build-tool-missing"),
        ('[build]\nrustc-workspace-wrapper = "/usr/bin/wrap"\n', "wrap", "build-tool-missing"),
        ('[build]\nrustflags = ["-C", "link-arg=-fuse-ld=mold"]\n', "ld.mold", "linker-tool-missing"),
        ('[build]\nrustflags = "-Clink-args=-Wl,-z,now,-fuse-ld=/usr/bin/ld.own"\n', "ld.own", "linker-tool-missing"),
    ],
)
def test_a_program_that_cargos_configuration_names(tmp_path: Path, setting: str, program: str, check: str) -> None:
    root = miniroot.make(tmp_path / "root")
    project = _project(tmp_path / "p")
    miniroot.write(project / ".cargo/config.toml", setting)

    def messages() -> list[str]:
        facts = env.read(str(root), "x86_64-unknown-linux-gnu", cwd=str(project), environ={"PATH": "/usr/bin"})
        return [finding.message for finding in found(facts, check)]

    (message,) = messages()
    assert program in message and "is not installed" in message
    miniroot.write(root / "usr/bin" / program, miniroot.elf("amd64"), 0o755)
    assert messages() == []


def test_a_wrapper_in_the_projects_folder_is_on_this_machine(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path / "root")
    project = _project(tmp_path / "p")
    miniroot.write(project / ".cargo/config.toml", '[build]\nrustc-wrapper = "tools/wrap"\n')
    for present in (False, True):
        for place in ("/", str(root)):
            (wrapper,) = env.read(place, cwd=str(project), environ={"PATH": "/usr/bin"}).wrappers
            assert wrapper.name == f"{project}/tools/wrap" and wrapper.found is present
        miniroot.write(project / "tools/wrap", '#!/bin/sh\nexec "$@"\n', 0o755)


def test_an_empty_wrapper_is_none(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path / "root")
    project = _project(tmp_path / "p")
    miniroot.write(project / ".cargo/config.toml", '[build]\nrustc-wrapper = "sccache"\n')
    environ = {"PATH": "/usr/bin", "RUSTC_WRAPPER": ""}
    facts = env.read(str(root), cwd=str(project), environ=environ)
    assert facts.wrappers == ()


def test_a_linker_script_that_names_an_absent_file(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path)
    folder = root / "usr/lib/arm-linux-gnueabihf"
    (folder / "libasound.so").unlink()
    environ = {**ALLOW, "PKG_CONFIG_LIBDIR": P}

    def messages(text: str) -> list[str]:
        miniroot.write(folder / "libasound.so", f"/* GNU ld script */\nINPUT({text})\n")
        facts = env.read(str(root), ARM, ["alsa"], cwd=str(root), environ=environ)
        return [finding.message for finding in found(facts, "lib-link-dangling")]

    (message,) = messages("/nowhere/libasound.so.2")
    assert message.endswith("libasound.so is a linker script that names /nowhere/libasound.so.2, which does not exist")
    assert messages("/usr/lib/arm-linux-gnueabihf/libasound.so.2") == []
    assert messages("/arm-linux-gnueabihf/libasound.so.2") == []  # below a sysroot of /usr/lib
    assert messages("libasound.so.2 -lm") == []


GCC = ("cc1", "ld", "as")


def with_gcc(root: Path, *, gnu: str = "", without: str = "") -> Path:
    """Give *root* what a gcc calls and links with, for *gnu* or the machine itself."""
    multiarch, kind = gnu or "x86_64-linux-gnu", "gcc-cross" if gnu else "gcc"
    inner, lib = f"usr/lib/{kind}/{multiarch}/14", f"usr/{gnu}/lib" if gnu else f"usr/lib/{multiarch}"
    places = dict.fromkeys(("collect2", "cc1"), f"usr/libexec/{kind}/{multiarch}/14")
    places |= dict.fromkeys(("ld", "as"), f"usr/{gnu}/bin" if gnu else "usr/bin")
    for name, folder in places.items():
        if name != without:
            miniroot.write(root / folder / name, miniroot.elf("amd64"), 0o755)
    for name in ("crtbeginS.o", "crtendS.o", "libgcc.a"):
        miniroot.write(root / inner / name, "!<arch>\n")
    miniroot.write(root / inner / "libgcc_s.so", "GROUP ( libgcc_s.so.1 -lgcc )\n")
    miniroot.write(root / lib / "libgcc_s.so.1", "")
    for name in ("Scrt1.o", "crti.o", "crtn.o"):
        miniroot.write(root / lib / name, miniroot.elf("amd64"))
    for name in ("features.h", "stdio.h", "linux/errno.h", "asm/errno.h"):
        miniroot.write(root / f"usr/{gnu}/include" / name, "")
    miniroot.write(root / lib / "libc.so.6", miniroot.elf("armhf" if gnu else "amd64"))
    miniroot.write(root / lib / "libc_nonshared.a", "!<arch>\n")
    script = f"GROUP ( /{lib}/libc.so.6 /{lib}/libc_nonshared.a )\n"
    miniroot.write(root / lib / "libc.so", script)
    for name in ("cargo", "rustc"):
        miniroot.write(root / "usr/bin" / name, miniroot.elf("amd64"), 0o755)
    for triple in ("x86_64-unknown-linux-gnu", ARM):
        miniroot.std(root / f"usr/lib/rustlib/{triple}/lib")
    return root


C_LOCK = 'version = 4\n\n[[package]]\nname = "own"\nversion = "0.1.0"\ndependencies = [\n "psm",\n]\n\n'
C_LOCK += '[[package]]\nname = "psm"\nversion = "0.1.26"\ndependencies = [\n "cc",\n]\n\n'
C_LOCK += '[[package]]\nname = "cc"\nversion = "1.2.0"\n'


def errors(root: Path, target: str | None = None, **environ: str) -> list[str]:
    miniroot.write(root / "p/Cargo.toml", '[package]\nname = "own"\nversion = "0.1.0"\n')
    miniroot.write(root / "p/Cargo.lock", C_LOCK)
    facts = env.read(str(root), target, cwd=str(root / "p"), environ={"PATH": "/usr/bin", **environ})
    return [f"{one.check}: {one.message}" for one in judged(facts).findings if one.severity.value == "error"]


@pytest.mark.parametrize("absent", ["", *GCC])
def test_a_gcc_that_lacks_what_it_calls(tmp_path: Path, absent: str) -> None:
    root = with_gcc(miniroot.make(tmp_path), without=absent)
    check = "linker-tool-missing" if absent == "ld" else "host-cc-missing"
    how = "links x86_64-unknown-linux-gnu" if check == "linker-tool-missing" else "compiles C"
    assert errors(root) == ([f"{check}: cc does not find {absent}, which it {how} with"] if absent else [])


@pytest.mark.parametrize("absent", ["", *GCC])
def test_a_cross_gcc_that_lacks_what_it_calls(tmp_path: Path, absent: str) -> None:
    root = with_gcc(with_gcc(miniroot.make(tmp_path)), gnu="arm-linux-gnueabihf", without=absent)
    check = "linker-tool-missing" if absent == "ld" else "cross-c-compiler-missing"
    how = f"links {ARM}" if check == "linker-tool-missing" else "compiles C"
    message = f"{check}: arm-linux-gnueabihf-gcc does not find {absent}, which it {how} with"
    assert errors(root, ARM, **LINKER) == ([message] if absent else [])


def test_the_native_compiler_with_a_half_for_32_bits(tmp_path: Path) -> None:
    root = with_gcc(miniroot.make(tmp_path))
    triple = "i686-unknown-linux-gnu"
    miniroot.std(root / f"usr/lib/rustlib/{triple}/lib")
    (lacking, *_) = errors(root, triple)
    assert lacking.startswith("target-linker-not-configured: no linker is configured")
    inner = "usr/lib/gcc/x86_64-linux-gnu/14/32"
    for name in ("crtbeginS.o", "crtendS.o", "libgcc.a"):
        miniroot.write(root / inner / name, "!<arch>\n")
    miniroot.write(root / inner / "libgcc_s.so", "GROUP ( libgcc_s.so.1 -lgcc )\n")
    for name in ("Scrt1.o", "crti.o", "crtn.o", "libc.so", "libgcc_s.so.1"):
        miniroot.write(root / "usr/lib32" / name, miniroot.elf("amd64"))
    assert errors(root, triple) == []
    (root / "usr/lib32/crti.o").unlink()
    assert errors(root, triple) == [f"toolchain-crt-missing: cc does not find crti.o of {triple}"]


def test_build_scripts_need_the_hosts_linker_and_start_files(tmp_path: Path) -> None:
    root = with_gcc(with_gcc(miniroot.make(tmp_path)), gnu="arm-linux-gnueabihf")
    (root / "usr/bin/ld").unlink()
    (root / "usr/lib/x86_64-linux-gnu/Scrt1.o").unlink()
    assert errors(root, ARM, **LINKER) == [
        "linker-tool-missing: cc does not find ld, which it links x86_64-unknown-linux-gnu with",
        "toolchain-crt-missing: cc does not find Scrt1.o of x86_64-unknown-linux-gnu",
    ]


def test_build_scripts_need_the_hosts_standard_library(tmp_path: Path) -> None:
    root = with_gcc(with_gcc(miniroot.make(tmp_path)), gnu="arm-linux-gnueabihf")
    miniroot.write(root / "var/lib/dpkg/info/rustc.list", "/usr/bin/rustc\n")
    assert errors(root, ARM, **LINKER) == []
    (root / "usr/lib/rustlib/x86_64-unknown-linux-gnu/lib/libstd-0.rlib").unlink()
    said = "/usr/bin/rustc of rustc has no standard library for x86_64-unknown-linux-gnu"
    assert errors(root, ARM, **LINKER) == [f"rust-std-target-missing: {said}"]


def test_flags_for_the_target_are_none_for_build_scripts(tmp_path: Path) -> None:
    root = with_gcc(with_gcc(miniroot.make(tmp_path)), gnu="arm-linux-gnueabihf")
    assert errors(root, ARM, RUSTFLAGS="-Clinker=absent-gcc") == [
        f"cross-linker-missing: the linker for {ARM}, absent-gcc, is not installed"
    ]


@pytest.mark.parametrize("absent", ["libc.so.6", "libc_nonshared.a"])
def test_a_libc_so_that_names_an_absent_file(tmp_path: Path, absent: str) -> None:
    root = with_gcc(miniroot.make(tmp_path))
    (root / "usr/lib/x86_64-linux-gnu" / absent).unlink()
    path = f"/usr/lib/x86_64-linux-gnu/{absent}"
    assert errors(root) == [f"toolchain-crt-missing: cc does not find {path} of x86_64-unknown-linux-gnu"]


def test_the_cc_crate_needs_an_ar(tmp_path: Path) -> None:
    root = with_gcc(with_gcc(miniroot.make(tmp_path)), gnu="arm-linux-gnueabihf")
    said = "is not installed, which the cc crate makes libraries with"
    (root / "usr/bin/ar").unlink()
    assert errors(root) == [f"host-cc-missing: ar {said}"]
    assert errors(root, ARM, **LINKER) == [f"cross-c-compiler-missing: ar {said}"]
    miniroot.write(root / "usr/bin/ar", miniroot.elf("amd64"), 0o755)
    assert errors(root) == errors(root, ARM, **LINKER) == []  # the host's does for a target, too
    assert errors(root, ARM, AR_armv7_unknown_linux_gnueabihf="/opt/ar", **LINKER) == [
        f"cross-c-compiler-missing: /opt/ar {said}"
    ]


@pytest.mark.parametrize(("version", "word"), [("4", "ready"), ("5", "not ready"), ("2", "not ready")])
def test_a_lock_file_of_a_version_that_cargo_refuses(tmp_path: Path, version: str, word: str) -> None:
    root = with_gcc(miniroot.make(tmp_path))
    miniroot.write(root / "var/lib/dpkg/info/cargo.list", "/usr/bin/cargo\n")
    cargo = "Package: cargo\nStatus: install ok installed\nArchitecture: amd64\nVersion: {}+dfsg3-1\n\n"
    status = root / "var/lib/dpkg/status"
    before = status.read_text()
    status.write_text(before + cargo.format("1.85.0"))
    miniroot.write(root / "p/Cargo.toml", '[package]\nname = "own"\nversion = "0.1.0"\n')
    miniroot.write(root / "p/Cargo.lock", C_LOCK.replace("version = 4", f"version = {version}"))

    def look() -> tuple[str, list[str]]:
        facts = env.read(str(root), cwd=str(root / "p"), environ={"PATH": "/usr/bin"})
        result = judged(facts)
        line = headline("env", env.facts(facts), result.findings, Outcome.OK).text
        return line.partition(" to build")[0].partition(" whether")[0], [one.message for one in result.findings]

    refused = [f"cargo 1.85.0 does not read version {version} of Cargo.lock"] if word != "ready" else []
    assert look() == (word, refused)
    for unknown in (before, before + cargo.format("2.10.0")):
        status.write_text(unknown)
        assert look() == ("ready" if word == "ready" else "cannot tell", [])


def test_programs_beside_the_project_are_on_this_machine(tmp_path: Path) -> None:
    """A path in the project's configuration is relative to the project, whose folder is not in the root."""
    root, project = with_gcc(miniroot.make(tmp_path / "root"), gnu="arm-linux-gnueabihf"), tmp_path / "project"
    miniroot.write(project / "Cargo.toml", '[package]\nname = "own"\nversion = "0.1.0"\n')
    config = f'[env]\nPKG_CONFIG_{ARM} = {{ value = "tools/pc", relative = true }}\n'
    miniroot.write(project / ".cargo/config.toml", config + f'[target.{ARM}]\nlinker = "tools/ld.sh"\n')

    with_gcc(root)
    miniroot.write(root / "usr/bin/arm-linux-gnueabihf-gcc", miniroot.elf("amd64"), 0o755)

    def look() -> env.Environment:
        return env.read(str(root), ARM, libs=["alsa"], cwd=str(project), environ={"PATH": "/usr/bin"})

    assert [one.check for one in judged(look()).findings if one.severity.value == "error"][-1] == "cross-linker-missing"
    miniroot.write(project / "tools/ld.sh", '#!/bin/sh\nexec arm-linux-gnueabihf-gcc "$@"\n', 0o755)
    wrapper = f'#!/bin/sh\nPKG_CONFIG_LIBDIR={P} exec pkgconf "$@"\n'
    miniroot.write(project / "tools/pc", wrapper, 0o755)
    facts = look()
    assert [one.check for one in judged(facts).findings if one.severity.value == "error"] == []
    assert facts.pkgconfig.search_path == (P,)
    assert facts.toolchain.linker.path == str(project / "tools/ld.sh")
    miniroot.write(project / "tools/ld.sh", "#!/opt/absent\n", 0o755)  # the interpreter is the root's
    (finding,) = found(look(), "cross-linker-missing")
    assert finding.message.endswith("has the interpreter /opt/absent, which does not exist")


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ("-Copt-level=1 -C target-cpu=native -Clink-arg=-fuse-ld=bfd", ""),
        ("-lasound -L /opt/lib -C link-args=-Wl,-z,now --cfg x", ""),
        ("-lfoo -L here", "-lfoo"),
        ("-lstatic=foo -C link-args=-Wl,-T,x -C link-arg=-lasound", "-l static=foo -C link-arg=-Wl,-T,x"),
    ],
)
def test_flags_for_the_linker_are_said_to_be_unread(tmp_path: Path, flags: str, named: str) -> None:
    root = miniroot.make(tmp_path)
    facts = env.read(str(root), libs=["alsa"], cwd=str(root), environ={"PATH": "/usr/bin", "RUSTFLAGS": flags})
    said = [line for line in facts.unseen if "RUSTFLAGS" in line]
    assert said == ([f"what RUSTFLAGS passes to the linker: {named}"] if named else [])


@pytest.mark.parametrize(
    "names",
    [
        'ID=pop\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=noble\nUBUNTU_CODENAME=noble\n',
        'ID=neon\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=noble\n',
        'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n',
    ],
)
def test_a_derivative_of_ubuntu_has_ubuntus_servers(tmp_path: Path, names: str) -> None:
    """Its own repository has no packages for other architectures, a mirror of Ubuntu only some."""
    root = miniroot.make(tmp_path / "root")
    for path in root.glob("usr/lib/*/pkgconfig/alsa.pc"):
        path.unlink()
    miniroot.write(root / "var/lib/dpkg/arch", "amd64\n")
    (root / "etc/apt/sources.list").unlink()
    ubuntu = "Types: deb\nURIs: http://mirror.example/pub\nSuites: noble noble-updates\nComponents: main universe\n"
    own = "Types: deb\nURIs: http://packages.example/release\nSuites: wilma\nComponents: main upstream\n"
    miniroot.write(root / "etc/apt/sources.list.d/x.sources", f"{ubuntu}\n{own}")

    def advice(text: str) -> tuple[str, str]:
        miniroot.write(root / "etc/os-release", text)
        facts = env.read(str(root), ARM, libs=["alsa"], cwd=str(root), environ={"PATH": "/usr/bin", **ALLOW})
        (finding,) = found(facts, "pc-missing")
        (edit,) = (edit for edit in finding.fixes[0].files if "sources" in edit.path)
        return finding.fixes[0].title, edit.after

    (title, after), (expected, text) = advice(names), advice("ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n")
    assert title == expected
    assert after.partition("packages.example")[0] == text.partition("packages.example")[0]
    assert "libasound2-dev:armhf" in title and "ubuntu-ports" in after
    alone = after.partition("packages.example")[2].partition("\n\n")[0].strip()
    assert alone == "/release\nSuites: wilma\nComponents: main upstream\nArchitectures: amd64"


def test_a_codename_that_is_debians_beside_a_derivatives_own(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path)
    names = "ID=linuxmint\nID_LIKE=debian\nVERSION_CODENAME=gigi\nDEBIAN_CODENAME=trixie\n"
    miniroot.write(root / "etc/os-release", names)
    assert env.read(str(root), cwd="/", environ={}).distro.codename == "trixie"


OWN = '[package]\nname = "own"\nversion = "0.1.0"\n'
VENDORED = '[source.crates-io]\nreplace-with = "v"\n[source.v]\ndirectory = "vendor"\n'


@pytest.mark.parametrize(
    ("manifest", "config", "named"),
    [
        ('[dependencies]\nfoo = { path = "../foo", optional = true }\n', "", "../foo/Cargo.toml"),
        ('[target."cfg(windows)".dev-dependencies]\nfoo = { path = "foo" }\n', "", "foo/Cargo.toml"),
        ('[workspace]\nmembers = ["inner", "gone"]\n', "", "gone/Cargo.toml"),
        ('[workspace]\nmembers = ["many/*"]\n', "", "many/*/Cargo.toml"),
        ('[workspace]\nmembers = ["i*r", "[st]*"]\n', "", "src/Cargo.toml"),
        ('[workspace]\nmembers = ["inne?", "Cargo*"]\n', "", ""),
        ('[workspace]\nmembers = ["*"]\nexclude = ["src", ".cargo"]\n', "", ""),
        ('[workspace]\nmembers = ["*"]\nexclude = ["src"]\n', "", ".cargo/Cargo.toml"),
        ('[patch.crates-io]\nlibc = { path = "libc" }\n', "", "libc/Cargo.toml"),
        ('[dependencies]\ninner = { path = "inner" }\n', "", ""),
        ('[workspace]\nmembers = ["inner"]\n[workspace.dependencies]\nx = { path = "unused" }\n', "", ""),
        ("", VENDORED, "vendor"),
    ],
)
def test_a_project_that_names_what_is_not_there(tmp_path: Path, manifest: str, config: str, named: str) -> None:
    """As cargo sees it, too, where there is one."""
    root = miniroot.make(tmp_path / "root")
    miniroot.write(tmp_path / "p/Cargo.toml", OWN + manifest)
    miniroot.write(tmp_path / "p/src/lib.rs", "")
    miniroot.write(tmp_path / "p/.cargo/config.toml", config)
    miniroot.write(tmp_path / "p/inner/Cargo.toml", OWN.replace("own", "inner"))
    miniroot.write(tmp_path / "p/inner/src/lib.rs", "")
    if config:
        miniroot.write(tmp_path / "p/Cargo.lock", C_LOCK.replace('"0.1.26"', '"0.1.26"\nsource = "registry+https://x"'))
    facts = env.read(str(root), cwd=str(tmp_path / "p"), environ={"PATH": "/usr/bin"})
    messages = [finding.message for finding in found(facts, "project-file-missing")]
    assert messages == ([f"the project names {named}, which does not exist"] if named else [])
    if shutil.which("cargo") and not config:
        command = ["cargo", "metadata", "--offline", "--format-version=1"]
        done = subprocess.run(command, cwd=tmp_path / "p", capture_output=True, text=True)
        assert (done.returncode != 0) is bool(named), done.stderr


LIB, BIN = "[lib]\n", '[[bin]]\nname = "x"\n'
NEW = OWN + 'edition = "2021"\n'


@pytest.mark.parametrize(
    ("manifest", "files", "named"),
    [
        (NEW, [], "src/lib.rs"),
        (NEW, ["src/main.rs"], ""),
        (NEW, ["src/bin/a/main.rs"], ""),
        (NEW, ["examples/a.rs"], ""),
        (NEW + LIB, ["src/main.rs"], "src/lib.rs"),
        (NEW + LIB, ["src/own.rs"], "src/lib.rs"),
        (OWN + LIB, ["src/own.rs"], ""),  # the name of old editions
        (NEW + LIB + 'path = "x.rs"\n', [], "x.rs"),
        (NEW + BIN, ["src/lib.rs"], "src/bin/x.rs"),
        (NEW + BIN, ["src/lib.rs", "src/main.rs"], "src/bin/x.rs"),
        (NEW + BIN.replace("x", "own"), ["src/main.rs"], ""),
        (OWN + BIN, ["src/main.rs"], ""),
        (NEW + BIN + 'path = "x.rs"\n', ["src/lib.rs"], "x.rs"),
        (NEW + 'build = "gen.rs"\n', ["src/lib.rs"], "gen.rs"),
        (NEW + "build = false\n", ["src/lib.rs"], ""),
        (NEW + '[dependencies]\ninner = { path = "inner" }\n', ["src/lib.rs"], "inner/src/lib.rs"),
        (NEW + '[dev-dependencies]\ninner = { path = "inner" }\n', ["src/lib.rs"], "inner/src/lib.rs"),
        (NEW + '[workspace]\nmembers = ["inner"]\n', ["src/lib.rs"], "inner/src/lib.rs"),
        (NEW + '[workspace]\nexclude = ["inner"]\n', ["src/lib.rs"], ""),
    ],
)
def test_a_project_whose_code_is_not_there(tmp_path: Path, manifest: str, files: list[str], named: str) -> None:
    """As cargo sees it, too, where there is one."""
    root = miniroot.make(tmp_path / "root")
    for folder, text in (("p", manifest), ("p/inner", OWN.replace("own", "inner"))):
        miniroot.write(tmp_path / folder / "Cargo.toml", text)
        (tmp_path / folder / "src/lib.rs").unlink()
    for file in files:
        miniroot.write(tmp_path / "p" / file, "fn main() {}\n")
    facts = env.read(str(root), cwd=str(tmp_path / "p"), environ={"PATH": "/usr/bin"})
    messages = [finding.message for finding in found(facts, "project-file-missing")]
    assert messages == ([f"the project names {named}, which does not exist"] if named else [])
    if shutil.which("cargo"):
        command = ["cargo", "check", "--offline", "--quiet"]
        done = subprocess.run(command, cwd=tmp_path / "p", capture_output=True, text=True)
        assert (done.returncode != 0) is bool(named), done.stderr


def test_a_wheel_needs_the_library_only(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path / "root")
    miniroot.write(tmp_path / "p/Cargo.toml", NEW + LIB + 'crate-type = ["cdylib"]\n' + BIN + 'path = "x.rs"\n')
    assert (
        found(env.read(str(root), cwd=str(tmp_path / "p"), environ={"PATH": "/usr/bin"}), "project-file-missing") == []
    )


@pytest.mark.parametrize("kind", ["a folder", "empty", "cut"])
def test_a_library_that_is_none(tmp_path: Path, kind: str) -> None:
    root = miniroot.make(tmp_path)
    library = root / "usr/lib/arm-linux-gnueabihf/libasound.so"
    library.unlink()
    whole = cases.tree.elf("armhf-2.38")
    library.mkdir() if kind == "a folder" else library.write_bytes(whole[: len(whole) - 100] if kind == "cut" else b"")
    facts = env.read(str(root), ARM, libs=["alsa"], cwd=str(root), environ={**ALLOW, "PKG_CONFIG_LIBDIR": P})
    (finding,) = found(facts, "lib-link-dangling")
    assert finding.message == "/usr/lib/arm-linux-gnueabihf/libasound.so is not a library"
    if kind == "cut":
        assert "truncated" in finding.evidence[0].detail
        library.write_bytes(whole)
        facts = env.read(str(root), ARM, libs=["alsa"], cwd=str(root), environ={**ALLOW, "PKG_CONFIG_LIBDIR": P})
        assert found(facts, "lib-link-dangling") == []


@pytest.mark.parametrize(
    ("codename", "suites", "old"),
    [("trixie", "trixie", "2.8.0"), ("bookworm", "bookworm", "2.0.2"), ("trixie", "trixie trixie-backports", ""),
     ("forky", "forky", "")],
)  # fmt: skip
def test_a_release_that_is_too_old_is_known_without_apts_lists(
    tmp_path: Path, codename: str, suites: str, old: str
) -> None:
    root = miniroot.make(tmp_path)
    miniroot.write(root / "etc/os-release", f"ID=debian\nVERSION_CODENAME={codename}\n")
    lines = "".join(f"deb http://mirror.example/debian {suite} main\n" for suite in suites.split())
    miniroot.write(root / "etc/apt/sources.list", lines)
    for wanted in ("2.12.1", "1.0"):
        facts = env.read(str(root), libs=[f"rdkafka >= {wanted}"], cwd=str(root), environ={"PATH": "/usr/bin"})
        (finding,) = found(facts, "pc-missing")
        said = f"librdkafka-dev {old} is too old" if old and wanted == "2.12.1" else ""
        assert finding.message.partition("installed")[2].removeprefix(", and ") == said
