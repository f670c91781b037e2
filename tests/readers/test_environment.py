"""The facts of an environment as a whole."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from conftest import need
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readers import miniroot

from diagnose.engine.run import run_checks
from diagnose.model.finding import InputError
from diagnose.model.outcome import Outcome
from diagnose.readers import env
from diagnose.readers.cargo import needs
from diagnose.readers.cargo.variables import Setting
from diagnose.readers.env import Environment

ARM = "armv7-unknown-linux-gnueabihf"
PATH = {"PATH": "/usr/bin"}


@pytest.fixture(scope="module")
def pristine(tmp_path_factory) -> Path:
    return miniroot.make(tmp_path_factory.mktemp("pristine") / "root")


@pytest.fixture
def root(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "root", symlinks=True))


def look(root: Path, *libs: str, target: str | None = ARM, **environ: str) -> Environment:
    return env.read(str(root), target, libs, cwd=str(root), environ={**PATH, **environ})


def test_an_unknown_target_is_named_with_what_was_meant():
    with pytest.raises(InputError, match=r"amd86: no architecture .* did you mean amd64"):
        env.read(target="amd86")


def test_a_root_that_is_no_folder_or_no_system(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        env.read(root=str(tmp_path / "nothing"))
    with pytest.raises(InputError, match="no system found"):
        env.read(root=str(tmp_path))


@pytest.mark.parametrize(
    ("environ", "config", "target", "where"),
    [
        ({}, "", "x86_64-unknown-linux-gnu", None),
        ({}, '[build]\ntarget = "aarch64-unknown-linux-gnu"\n', "aarch64-unknown-linux-gnu", "build.target"),
        ({}, '[build]\ntarget = ["aarch64-unknown-linux-gnu", "x"]\n', "aarch64-unknown-linux-gnu", "build.target"),
        ({"RUST_MUSL_CROSS_TARGET": "aarch64-unknown-linux-musl"}, f'[build]\ntarget = "{ARM}"\n',
         "aarch64-unknown-linux-musl", "RUST_MUSL_CROSS_TARGET"),
        ({"CARGO_BUILD_TARGET": ARM, "RUST_MUSL_CROSS_TARGET": "x"}, "", ARM, "CARGO_BUILD_TARGET"),
    ],
)  # fmt: skip
def test_where_the_target_comes_from(root, environ, config, target, where):
    if config:
        miniroot.write(root / ".cargo/config.toml", config)
    facts = look(root, target=None, **environ)
    assert facts.target.triple == target
    assert (facts.target_from.name if facts.target_from else None) == where


def test_the_policy_that_an_image_sets(root):
    facts = look(root, AUDITWHEEL_PLAT="manylinux_2_28_x86_64", AUDITWHEEL_POLICY="manylinux_2_28")
    assert facts.policy == "manylinux_2_28_x86_64"
    assert facts.policy_from == Setting("AUDITWHEEL_PLAT", "manylinux_2_28_x86_64")


def test_everything_that_json_carries(root):
    facts = look(root, "alsa", PKG_CONFIG="arm-linux-gnueabihf-pkg-config", PKGCONFIG_PATH="/x")
    plain = json.loads(json.dumps(env.facts(facts)))
    assert plain["distribution"]["codename"] == "trixie" and plain["distribution"]["manager"] == "apt"
    assert (plain["host"]["debian"], plain["target"]["debian"], plain["cross"]) == ("amd64", "armhf", True)
    assert plain["pkg_config"]["program"]["path"] == "/usr/bin/arm-linux-gnueabihf-pkg-config"
    (library,) = plain["libraries"]
    assert (library["outcome"], library["version"]) == ("found", "1.2.14")
    assert library["files"][0]["path"] == "/usr/lib/arm-linux-gnueabihf/libasound.so"
    assert library["files"][0]["elf"]["machine"] == 40
    assert plain["apt"]["architectures"] == ["amd64", "armhf", "arm64"]
    assert plain["ignored_variables"] == ["PKGCONFIG_PATH"]


def test_the_facts_are_the_same_twice(root):
    assert env.facts(look(root, "alsa", "nothing")) == env.facts(look(root, "alsa", "nothing"))


def test_a_foreign_root_knows_nothing_of_this_machine(root, monkeypatch):
    monkeypatch.setenv("PKG_CONFIG_ALLOW_CROSS", "1")
    monkeypatch.setenv("CARGO_BUILD_TARGET", "aarch64-unknown-linux-gnu")
    facts = env.read(str(root), ARM, ["alsa"], cwd=str(root))
    assert facts.libraries[0].outcome == "cross-refused"
    assert any("environment variables" in text for text in facts.unseen)


def test_no_program_of_a_foreign_root_runs(root):
    for name in ("pkg-config", "cc", "patchelf", "rustc", "cargo"):
        place = root / "usr/bin" / name
        place.unlink(missing_ok=True)
        miniroot.write(place, f"#!/bin/sh\ntouch {root}/ran-{name}\n", 0o755)
    facts = look(root, "alsa", target="amd64")
    assert facts.libraries[0].outcome == "unknown"
    assert any("the answer of /usr/bin/pkg-config" in text for text in facts.unseen)
    assert not list(root.glob("ran-*"))


def test_raspbians_armhf_is_older_than_debians(root):
    miniroot.write(root / "etc/os-release", "ID=raspbian\nID_LIKE=debian\n")
    miniroot.write(root / "var/lib/dpkg/arch", "armhf\n")
    assert look(root, target=None).host.triple == "arm-unknown-linux-gnueabihf"


def test_the_same_module_for_build_scripts(root):
    # an unscoped variable reaches the host's build scripts too
    facts = look(root, "alsa", PKG_CONFIG_ALLOW_CROSS="1", PKG_CONFIG_LIBDIR="/usr/lib/arm-linux-gnueabihf/pkgconfig")
    assert [library.outcome for library in facts.libraries] == ["found"]
    assert [library.outcome for library in facts.host_libraries] == ["wrong-arch"]
    scoped = look(root, "alsa", PKG_CONFIG_armv7_unknown_linux_gnueabihf="/usr/bin/arm-linux-gnueabihf-pkg-config")
    assert [library.outcome for library in (*scoped.libraries, *scoped.host_libraries)] == ["found", "found"]


INDEX = "Package: {name}\nVersion: {version}\nMulti-Arch: same\n\nPackage: other\nSource: x (9)\nVersion: 9\n\n"


def test_versions_out_of_step(root):
    status = root / "var/lib/dpkg/status"
    status.write_text(
        status.read_text() + "Package: libasound2t64\nStatus: install ok installed\nMulti-Arch: same\n"
        "Architecture: amd64\nVersion: 1.2.14-1\n\n"
    )
    lists = root / "var/lib/apt/lists"
    for architecture, version in (("amd64", "1.2.14-1"), ("armhf", "1.2.13-9")):
        name = f"a.example_debian_dists_trixie_main_binary-{architecture}_Packages"
        miniroot.write(lists / name, INDEX.format(name="libasound2t64", version=version))
    facts = look(root, "nothing", PKG_CONFIG="arm-linux-gnueabihf-pkg-config")
    assert facts.apt is not None
    (skew,) = facts.apt.skews
    assert (skew.name, skew.installed, skew.architecture, skew.offered) == (
        "libasound2t64", "1.2.14-1", "armhf", ("1.2.13-9",),
    )  # fmt: skip
    assert look(root, "alsa", PKG_CONFIG="arm-linux-gnueabihf-pkg-config").apt == facts.apt._replace(skews=())


@pytest.mark.parametrize("name", ["", " ", "--log-file=/tmp/x", "-x"])
def test_options_are_no_modules(root, name):
    with pytest.raises(InputError, match="not the name of a pkg-config module"):
        look(root, name)


def test_a_project_cannot_have_its_own_program_run(tmp_path):
    script = miniroot.write(tmp_path / "pkg-config.sh", f"#!/bin/sh\ntouch {tmp_path}/ran\n", 0o755)
    miniroot.write(tmp_path / ".cargo/config.toml", f'[env]\nPKG_CONFIG = "{script}"\n')
    manifest = '[package]\nname = "x"\nversion = "1.0.0"\n[package.metadata.system-deps]\n'
    miniroot.write(tmp_path / "Cargo.toml", f'{manifest}"--log-file={tmp_path}/written" = "1"\n')
    facts = env.read(libs=["alsa"], cwd=str(tmp_path))
    assert [library.outcome for library in facts.libraries] == ["unknown"]
    env.read(cwd=str(tmp_path))
    assert not (tmp_path / "ran").exists() and not (tmp_path / "written").exists()


HOSTILE = {
    "a loop of links for os-release": ("etc/os-release", "loop", "/etc/os-release: too many levels of symbolic links"),
    "a fifo for the sources": ("etc/apt/sources.list", "fifo", "/etc/apt/sources.list: not a regular file"),
    "binary sources": ("etc/apt/sources.list", b"deb\0", "/etc/apt/sources.list: not a text file"),
    "a huge architecture list": ("var/lib/dpkg/arch", b"a" * 10_000, "/var/lib/dpkg/arch: larger than 4 KiB"),
    "a binary .pc file": ("usr/lib/arm-linux-gnueabihf/pkgconfig/alsa.pc", b"\0\0", "alsa.pc: not a text file"),
    "a huge .pc file": ("usr/lib/arm-linux-gnueabihf/pkgconfig/alsa.pc", b"#" * 2_000_000, "alsa.pc: larger than"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_roots_end_in_one_line(root, name):
    file, content, reason = HOSTILE[name]
    place = root / file
    place.unlink()
    if content == "loop":
        place.symlink_to(place.name)
    elif content == "fifo":
        os.mkfifo(place)
    else:
        place.write_bytes(content)
    with pytest.raises(InputError) as error:
        look(root, "alsa", PKG_CONFIG="arm-linux-gnueabihf-pkg-config")
    assert reason in str(error.value) and "\n" not in str(error.value)


def test_broken_programs_and_libraries_are_no_reason_to_stop(root):
    for name in ("usr/bin/pkgconf", "usr/lib/arm-linux-gnueabihf/libasound.so.2"):
        (root / name).write_bytes(b"\x7fELF")
        (root / name).chmod(0o755)
    facts = look(root, "alsa", PKG_CONFIG="arm-linux-gnueabihf-pkg-config")
    assert facts.libraries[0].outcome == "unknown"  # what such a program would answer


FILES = (
    *("etc/os-release", "etc/apt/sources.list", "var/lib/dpkg/status", "var/lib/dpkg/arch", "usr/bin/pkgconf"),
    *("usr/lib/arm-linux-gnueabihf/pkgconfig/alsa.pc", "usr/lib/arm-linux-gnueabihf/libasound.so.2"),
    "usr/share/pkgconfig/personality.d/arm-linux-gnueabihf.personality",
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(FILES), st.integers(0, 4000), st.binary(max_size=6), st.integers(0, 40)), max_size=4
    )
)
def test_any_damage_ends_in_facts_or_in_one_line(pristine, root, damages):
    for file in FILES:
        (root / file).write_bytes((pristine / file).read_bytes())
    for file, position, new, cut in damages:
        data = (root / file).read_bytes()
        position = min(position, len(data))
        (root / file).write_bytes(data[:position] + new + data[position + cut :])
    try:
        env.facts(look(root, "alsa", "alsa >= 1.5", PKG_CONFIG="arm-linux-gnueabihf-pkg-config"))
    except InputError as error:
        assert "\n" not in str(error)


def test_this_machine():
    facts = env.read(cwd="/")
    need(facts.distro.id, "this machine has no os-release")
    assert (facts.live and not facts.cross) or facts.target_from
    assert facts.host.uname == os.uname().machine or facts.host.bits == 32
    json.dumps(env.facts(facts))


@pytest.mark.parametrize(
    ("text", "module", "requirement"),
    [
        ("alsa", "alsa", ""),
        (" alsa >= 1.2 ", "alsa", ">= 1.2"),
        ("alsa>=1.2", "alsa", ">= 1.2"),
        ("gtk+-3.0 <4", "gtk+-3.0", "< 4"),
        ("libusb-1.0!= 1.0.26", "libusb-1.0", "!= 1.0.26"),
    ],
)
def test_a_module_may_carry_a_constraint(text, module, requirement):
    need = needs.asked_for(text)
    assert (need.module, need.requirement) == (module, requirement)


@pytest.mark.parametrize("place", ["", "rust/"])
def test_the_manifest_of_maturins_settings_and_a_project_without_a_lock_file(tmp_path: Path, place: str) -> None:
    root = miniroot.make(tmp_path / "root")
    project = tmp_path / "project"
    manifest = '[package]\nname = "own"\nversion = "0.1.0"\n[dependencies]\nalsa-sys = "0.3"\n'
    miniroot.write(project / f"{place}Cargo.toml", manifest)
    if place:
        miniroot.write(project / "pyproject.toml", f'[tool.maturin]\nmanifest-path = "{place}Cargo.toml"\n')

    def read() -> env.Environment:
        return env.read(str(root), "armhf", cwd=str(project), environ={"PATH": "/usr/bin"})

    facts = read()
    assert facts.project.path == str(project / f"{place}Cargo.toml")
    assert facts.project.unlocked
    result = run_checks("env", "root", lambda: facts._replace(libraries=()), env.facts, ())
    assert result.outcome is Outcome.CANNOT_TELL
    assert "there is no Cargo.lock" in result.headline
    lock = 'version = 3\n\n[[package]]\nname = "alsa-sys"\nversion = "0.3.1"\ndependencies = [\n "pkg-config",\n]\n'
    miniroot.write(project / f"{place}Cargo.lock", lock + '\n[[package]]\nname = "pkg-config"\nversion = "0.3.34"\n')
    assert [need.module for need in read().project.needs] == ["alsa"]
    assert not read().project.unlocked
