"""What somebody reads who asked about a machine: the verdict first, and nothing said twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from roots import CAUSES, cases, judged, look, read

from diagnose.engine.run import Report, run_checks
from diagnose.readers import env
from diagnose.reports import text

SCRIPT = "/usr/bin/arm-linux-gnueabihf-pkg-config"
OBSCURE = '#!/bin/sh\nif true; then exec pkgconf "$@"; fi\n'


def shown(case: cases.Case, folder: Path) -> list[str]:
    facts = look(case, cases.furnish(case, str(folder)))
    result = run_checks("env", "here", lambda: facts, env.facts, CAUSES)
    return text.render(Report((result,)), text.Style()).splitlines()


@pytest.mark.parametrize(
    ("name", "headline"),
    [
        ("trixie-healthy", f"✓ here: ready to build for {cases.ARMV7}"),
        ("trixie-no-patchelf", f"! here: ready to build for {cases.ARMV7}, apart from patchelf-missing-or-old"),
        ("trixie-for-the-host-too", f"· here: ready to build for {cases.ARMV7}"),
        ("native-no-rust", f"! here: not ready to build for {cases.X86_64}: Rust is not installed"),
        ("noble-404", f"! here: ready to build for {cases.ARM64}, apart from apt-foreign-arch-404"),
        ("trixie-no-library", f"✗ here: not ready to build for {cases.ARMV7}: 1 problem to fix"),
        (
            "trixie-disabled",
            f"! here: cannot tell whether it can build for {cases.ARMV7}: pkg-config was not run for alsa",
        ),
    ],
)
def test_the_verdict_comes_first(name: str, headline: str, tmp_path: Path) -> None:
    assert shown(cases.CASES[name], tmp_path)[0] == headline


def test_what_was_not_seen_is_no_fault(tmp_path: Path) -> None:
    case = cases.CASES["trixie-healthy"]
    case = case._replace(without=(SCRIPT,), tree={SCRIPT: cases.tree.Script(OBSCURE)})
    first, *_ = shown(case, tmp_path)
    assert first == f"? here: cannot tell whether it can build for {cases.ARMV7}: pkg-config was not run for alsa"


def test_nothing_asked_is_nothing_found(tmp_path: Path) -> None:
    lines = shown(cases.CASES["native-healthy"]._replace(libs=()), tmp_path)
    assert lines[0] == f"✓ here: ready to build for {cases.X86_64}, as long as it needs no system library"
    assert (
        "  no libraries were checked: name them with --lib MODULE, or run this in the Cargo project's directory"
        in lines
    )


def test_the_needs_of_an_unknown_crate_are_unknown(tmp_path: Path) -> None:
    case = cases.CASES["trixie-healthy"]._replace(libs=(), lock=("pkg-config", "strange-sys"))
    assert shown(case, tmp_path) == [
        f"? here: cannot tell whether it can build for {cases.ARMV7}: "
        "strange-sys 1.0.0 asks pkg-config for unknown modules",
        "  on Debian GNU/Linux 13 (x86_64)",
        "  name it with --lib MODULE",
    ]
    named = shown(case._replace(libs=("alsa",)), tmp_path / "named")
    assert named[0] == f"✓ here: ready to build for {cases.ARMV7}; not inspected: cargo's version and the code itself"


def test_no_check_has_passed_that_had_nothing_to_look_at(tmp_path: Path) -> None:
    case = cases.CASES["trixie-healthy"]
    with_library = judged(read(case, str(tmp_path / "with"))).passed
    without = judged(read(case._replace(libs=()), str(tmp_path / "without"))).passed
    assert {"pc-missing", "pkgconfig-cross-guard", "static-lib-missing"} <= set(with_library) - set(without)
    assert {"rust-std-target-missing", "target-linker-not-configured"} <= set(without)


def test_a_healthy_machine_gets_the_libraries_found_and_the_next_command(tmp_path: Path) -> None:
    assert shown(cases.CASES["trixie-healthy"], tmp_path)[1:] == [
        "  on Debian GNU/Linux 13 (x86_64)",
        f"  alsa 1.2.14: {cases.ARM_LIB}/pkgconfig/alsa.pc → {cases.ARM_LIB}/libasound.so",
    ]


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({}, ""),
        ({"pyproject.toml": '[build-system]\nrequires = ["meson-python"]\n'}, ""),
        ({"Cargo.toml": '[package]\nname = "x"\n'}, "cargo build --release"),
        ({"Cargo.toml": '[package]\nname = "x"\n[lib]\ncrate-type = ["cdylib"]\n'}, "maturin build --release"),
        ({"Cargo.toml": '[package]\nname = "x"\n[dependencies]\npyo3 = "0.22"\n'}, "maturin build --release"),
        (
            {"Cargo.toml": '[package]\nname = "x"\n', "pyproject.toml": '[build-system]\nrequires = ["maturin>=1"]\n'},
            "maturin build --release",
        ),
    ],
)
def test_what_is_next_is_what_the_project_is_built_with(files: dict[str, str], command: str, tmp_path: Path) -> None:
    case = cases.CASES["trixie-healthy"]
    root = cases.furnish(case, str(tmp_path))
    for name, content in files.items():
        (tmp_path / "project" / name).write_text(content)
    result = run_checks("env", "here", lambda: look(case, root), env.facts, CAUSES)
    lines = text.render(Report((result,)), text.Style()).splitlines()
    assert [line for line in lines if "next:" in line] == (
        [f"  next: {command} --target {cases.ARMV7}"] if command else []
    )


def test_of_several_targets_the_others_are_named(tmp_path: Path) -> None:
    case = cases.CASES["trixie-healthy"]
    case = case._replace(target=None, config=f'[build]\ntarget = ["{cases.ARMV7}", "{cases.ARM64}"]\n')
    lines = shown(case, tmp_path)
    assert f"for {cases.ARMV7}" in lines[0]
    assert f"  not checked: {cases.ARM64}, also in build.target (--target)" in lines


def test_each_fix_is_complete_and_a_shared_edit_is_named(tmp_path: Path) -> None:
    lines = shown(cases.CASES["trixie-bare"], tmp_path)
    fixes = [line.strip() for line in lines if line.startswith("      ")]
    for number, line in enumerate(fixes):
        if line.startswith("apt-get install") and ":armhf" in line:
            assert fixes[number - 2 : number] == ["dpkg --add-architecture armhf", "apt-get update"]
    assert sum(line.startswith("# .cargo/config.toml (new file)") for line in fixes) == 2  # one is of an alternative
    assert "# .cargo/config.toml as above" in fixes


def test_a_systems_files_are_edited_before_what_depends_on_them(tmp_path: Path) -> None:
    lines = shown(cases.CASES["noble-no-arch"], tmp_path)
    edit = lines.index("      # /etc/apt/sources.list.d/ubuntu.sources")
    assert edit < lines.index("      dpkg --add-architecture arm64") < lines.index("      apt-get update")


def test_a_module_that_two_crates_ask_for_is_named_once(tmp_path: Path) -> None:
    case = cases.CASES["native-healthy"]._replace(libs=("gobject-2.0 >= 2.56", "gobject-2.0 >= 2.66"))
    lines = shown(case, tmp_path)
    assert "1 problem to fix" in lines[0]
    assert lines.count("  gobject-2.0: not-found") == 1
    assert sum("error[pc-missing]" in line for line in lines) == 1


def test_who_asks_for_no_library_needs_no_pkg_config(tmp_path: Path) -> None:
    case = cases.CASES["trixie-bare"]
    for libs, needed in ((("alsa",), True), ((), False)):
        folder = tmp_path / str(needed)
        folder.mkdir()
        facts = read(case._replace(libs=libs), str(folder))
        linker = next(one for one in judged(facts).findings if one.check == "target-linker-not-configured")
        words = [word for command in linker.fixes[0].commands for word in command.line.split()]
        assert ("pkgconf:armhf" in words) is needed
        assert "gcc-arm-linux-gnueabihf" in words


def test_without_a_question_the_folders_are_named(tmp_path: Path) -> None:
    lines = shown(cases.CASES["native-no-tool"]._replace(libs=("libpulse",)), tmp_path)
    assert "    /usr/lib/x86_64-linux-gnu/pkgconfig and /usr/share/pkgconfig: no libpulse.pc there" in lines


def test_libraries_that_one_command_installs_are_one_finding(tmp_path: Path) -> None:
    lines = shown(cases.CASES["trixie-no-libraries"], tmp_path)
    assert "1 problem to fix" in lines[0]
    (finding,) = [line for line in lines if "error[" in line]
    assert finding == (
        "  error[pc-missing] 3 libraries lack their development package for armhf: dbus-1, libudev, zlib"
    )
    (command,) = [line for line in lines if "apt-get install" in line]
    assert command.split()[-3:] == [
        "libdbus-1-dev:armhf",
        "libudev-dev:armhf",
        "zlib1g-dev:armhf",
    ]
