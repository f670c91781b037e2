"""Fixes of a whole environment, rendered: the tools that read each format take it, and it does what the fixes say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import need

from diagnose.cli.commands import env_command as command
from diagnose.cli.options import FixOptions, Output, Selection
from diagnose.engine.run import Result
from diagnose.fixes import render
from diagnose.fixes.plan import Plan, merged, plan
from diagnose.model import targets
from diagnose.model.finding import Command, FileEdit, Finding, Fix, FixStage, Severity

ARMHF = targets.TARGETS[3]
SOURCES = FileEdit("/etc/apt/sources.list", "deb x y z\n", "deb [arch=amd64] x y z\n# it's $HOME \\ `x`\nEND\n")
APT = "apt-get install -y --no-install-recommends"


def finding(*fixes: Fix, message: str = "something is wrong") -> Finding:
    return Finding(message, Severity.ERROR, (), "", fixes)


GUARD = Fix(
    "wrapper",
    (
        Command("dpkg --add-architecture armhf", FixStage.ARCHITECTURE),
        Command("apt-get update", FixStage.UPDATE),
        Command(f"{APT} pkgconf:armhf", FixStage.PACKAGES),
    ),
    (("PKG_CONFIG_armv7_unknown_linux_gnueabihf", "arm-linux-gnueabihf-pkg-config"),),
    (SOURCES, FileEdit(".cargo/config.toml", None, "[env]\nPKG_CONFIG_armv7_unknown_linux_gnueabihf = 'x'\n")),
    safe=True,
)
LINKER = Fix(
    "gcc",
    (
        Command("apt-get update", FixStage.UPDATE),
        Command(f"{APT} gcc-arm-linux-gnueabihf libc6-dev-armhf-cross", FixStage.PACKAGES),
    ),
    (("CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER", "arm-linux-gnueabihf-gcc"),),
    (FileEdit(".cargo/config.toml", None, "[target.x]\n"),),
    safe=True,
)
STD = Fix("std", (Command("rustup target add armv7-unknown-linux-gnueabihf", FixStage.TOOLCHAIN),), safe=True)
CLEAN = Fix("clean", (Command("cargo clean --package alsa-sys", FixStage.BUILD),), safe=True)
VENDORED = Fix("build it from source", (Command("cargo add x", FixStage.BUILD),), notes="Slow.")
WHOLE = plan(map(finding, (GUARD, LINKER, STD, CLEAN, VENDORED)))


def test_everything_once_in_order() -> None:
    assert [command.line for command in WHOLE.commands] == [
        "dpkg --add-architecture armhf",
        "apt-get update",
        f"{APT} pkgconf:armhf gcc-arm-linux-gnueabihf libc6-dev-armhf-cross",
        "rustup target add armv7-unknown-linux-gnueabihf",
    ]
    assert [command.line for command in WHOLE.build] == ["cargo clean --package alsa-sys"]
    assert WHOLE.sources == (SOURCES,)
    (config,) = WHOLE.settings
    assert config.after == render.cargo_config_block(WHOLE, ARMHF)
    assert WHOLE.manual == (("something is wrong", "build it from source. Slow.", ("cargo add x",)),)


def test_the_first_fix_counts_and_no_finding_is_no_plan() -> None:
    assert plan([finding(STD, GUARD)]).env == ()
    assert plan([finding()]) == plan([]) == Plan()


def test_what_has_to_go_goes_everywhere() -> None:
    config = '[env]\nA = "slip"\nB = "2"\n'
    wrong = Fix("unset A", files=(FileEdit(".cargo/config.toml", config, '[env]\nB = "2"\n'),), safe=True, unset=("A",))
    more = Fix(
        "set C", files=(FileEdit(".cargo/config.toml", config, config + 'C = "3"\n'),), env=(("C", "3"),), safe=True
    )
    both = plan(map(finding, (wrong, more)))
    assert both.settings[0].after == '[env]\nB = "2"\nC = "3"\n'
    assert render.sh(both, ARMHF).endswith("unset A\nexport C=3\n")
    assert "\nunset A\n" in render.before_script(both, ARMHF)
    for text in (render.dockerfile, render.cargo_config_block, render.cross_toml, render.before_script):
        assert "# Remove A " in text(both, ARMHF) or "remove A " in text(both, ARMHF)
    assert json.loads(render.json(both, ARMHF))["unset"] == ["A"]


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_a_name_that_no_shell_can_unset(shell: str, tmp_path: Path) -> None:
    need(shutil.which(shell) is not None, f"there is no {shell}")
    name = "PKG_CONFIG_armv7-unknown-linux-gnueabihf"
    here = plan([finding(Fix("unset both", safe=True, unset=(name, "A")))])
    for form in (render.sh, render.before_script, render.cross_toml, render.cargo_config_block, render.dockerfile):
        script = f"set -eu\n{form(here, ARMHF)}"
        environ = {"PATH": "/usr/bin:/bin", "A": "1", name: "1"}
        run = subprocess.run([shell], input=script, text=True, capture_output=True, env=environ)
        assert (run.returncode, run.stdout, run.stderr) == (0, "", ""), form
        assert name in script
    (way,) = re.findall("env -u .*", render.sh(here, ARMHF))
    run = subprocess.run([shell, "-c", f"{way} env"], text=True, capture_output=True, env={**environ, "B": "2"})
    assert "B=2" in run.stdout.splitlines() and name not in run.stdout


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("apk add a", "apk add b a"), ("apk add a b",)),
        (("zypper --non-interactive install 'pkgconfig(a)'", "zypper --non-interactive install b"),
         ("zypper --non-interactive install 'pkgconfig(a)' b",)),
        (("pacman -Syu --needed --noconfirm a", "pacman -Syu --needed --noconfirm b"),
         ("pacman -Syu --needed --noconfirm a b",)),
        (("dnf install -y a", "dnf reinstall -y a"), ("dnf install -y a", "dnf reinstall -y a")),
        (("manylinux-install-clang", "manylinux-install-clang"), ("manylinux-install-clang",)),
        (("a && b c", "a && b d"), ("a && b c", "a && b d")),
    ],
)  # fmt: skip
def test_calls_of_one_manager_become_one(lines: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert tuple(command.line for command in merged(Command(line, FixStage.PACKAGES) for line in lines)) == expected


def _stubs(folder: Path) -> dict[str, str]:
    """Put stand-ins for the programs that change the system on PATH; each writes its words to a log."""
    for name in ("apt-get", "dpkg", "rustup", "cargo"):
        (folder / name).write_text(f'#!/bin/sh\necho {name} "$@" >> "{folder}/log"\n')
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder)}


def test_the_script_does_what_the_plan_says_and_again(tmp_path: Path) -> None:
    path = tmp_path / "sources.list"
    path.write_text(SOURCES.before or "")
    here = WHOLE._replace(sources=(SOURCES._replace(path=str(path)),))
    for shell in ("sh", "bash"):
        for _ in range(2):
            script = render.sh(here, ARMHF) + 'echo "$CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER"\n'
            run = subprocess.run(
                [shell], input=script, text=True, capture_output=True, cwd=tmp_path, env=_stubs(tmp_path)
            )
            assert (run.returncode, run.stdout, run.stderr) == (0, "arm-linux-gnueabihf-gcc\n", "")
            assert path.read_text() == SOURCES.after
            assert (tmp_path / ".cargo/config.toml").read_text() == WHOLE.settings[0].after
            log = (tmp_path / "log").read_text().splitlines()
            assert log == [command.line for command in (*WHOLE.commands, *WHOLE.build)]
            (tmp_path / "log").unlink()


def test_before_script_survives_the_strict_shell_of_maturin_action(tmp_path: Path) -> None:
    path = tmp_path / "sources.list"
    here = WHOLE._replace(sources=(SOURCES._replace(path=str(path)),))
    script = "set -euo pipefail\n" + render.before_script(here, ARMHF) + "env\n"
    run = subprocess.run(["bash"], input=script, text=True, capture_output=True, cwd=tmp_path, env=_stubs(tmp_path))
    assert run.returncode == 0, run.stderr
    assert "PKG_CONFIG_armv7_unknown_linux_gnueabihf=arm-linux-gnueabihf-pkg-config" in run.stdout.splitlines()
    assert path.read_text() == SOURCES.after


def _toml(text: str) -> dict[str, object]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)


def test_cross_toml_runs_as_cross_runs_it(tmp_path: Path) -> None:
    path = tmp_path / "sources.list"
    here = WHOLE._replace(sources=(SOURCES._replace(path=str(path)),))
    table = _toml(render.cross_toml(here, ARMHF))["target"]
    assert isinstance(table, dict)
    entry = table["armv7-unknown-linux-gnueabihf"]
    joined = "\n".join(entry["pre-build"])
    run = subprocess.run(["sh", "-c", 'eval "${CROSS_CMD}"'], env={**_stubs(tmp_path), "CROSS_CMD": joined})
    assert run.returncode == 0
    assert path.read_text() == SOURCES.after
    assert "PKG_CONFIG_armv7_unknown_linux_gnueabihf=arm-linux-gnueabihf-pkg-config" in entry["env"]["passthrough"]


def test_dockerfile_steps_run_as_docker_runs_them(tmp_path: Path) -> None:
    path = tmp_path / "sources.list"
    text = render.dockerfile(WHOLE._replace(sources=(SOURCES._replace(path=str(path)),)), ARMHF)
    steps = text.replace("\\\n", " ").splitlines()
    assert {step.split()[0] for step in steps} == {"#", "RUN", "ENV"}
    for step in steps:
        if step.startswith("RUN "):
            run = step[4:].replace("/var/lib/apt/lists/*", str(tmp_path / "none"))
            subprocess.run(["/bin/sh", "-c", run], env=_stubs(tmp_path), check=True)
    assert path.read_text() == SOURCES.after


def test_json() -> None:
    data = json.loads(render.json(WHOLE, ARMHF))
    assert data["commands"][0] == {"line": "dpkg --add-architecture armhf", "stage": "architecture"}
    assert data["files"][0]["after"] == SOURCES.after


def test_nothing_to_do_renders() -> None:
    for form in render.FORMATS.values():
        assert form(Plan(), ARMHF).endswith("\n")
    assert render.diff(Plan()) == ""


def test_patch_takes_the_diff(tmp_path: Path) -> None:
    need(shutil.which("patch"), "patch is not installed")
    (tmp_path / "etc/apt").mkdir(parents=True)
    (tmp_path / "etc/apt/sources.list").write_text(SOURCES.before or "")
    subprocess.run(["patch", "-p1", "--quiet"], input=render.diff(WHOLE), text=True, cwd=tmp_path, check=True)
    assert (tmp_path / "etc/apt/sources.list").read_text() == SOURCES.after
    assert (tmp_path / ".cargo/config.toml").read_text() == WHOLE.settings[0].after


def test_a_patch_and_a_script_have_the_bytes_of_the_files(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    need(shutil.which("patch"), "patch is not installed")
    before, after = b"# caf\xe9 \xc2\x85\x0c\r\nold\r\n", b"# caf\xe9 \xc2\x85\x0c\r\nnew\r\n\xff"
    file = tmp_path / "etc/sources"
    path, texts = str(file), [raw.decode("utf-8", "surrogateescape") for raw in (before, after)]
    edit = Fix("x", files=(FileEdit(path, *texts),), safe=True)
    result = Result("env", "x", {"target": {"triple": ARMHF.triple}}, (finding(edit),))
    (tmp_path / "etc").mkdir()
    for fixes, run in (
        (FixOptions(diff=True), ["patch", "-p1", "--quiet", "--binary", "-d/"]),
        (FixOptions(fix_format="sh"), ["sh"]),
    ):
        file.write_bytes(before)
        command._print_fixes(result, fixes, Output(), Selection())
        subprocess.run(run, input=capsysbinary.readouterr().out, check=True)
        assert file.read_bytes() in (after, after + b"\n")


def test_what_is_left_to_the_reader_comes_with_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["# Not done here: something is wrong.", "#   build it from source. Slow.", "#   $ cargo add x"]
    for form in (render.sh, render.before_script, render.dockerfile):
        assert "\n".join(lines) in form(WHOLE, ARMHF)
    result = Result("env", "x", findings=(finding(VENDORED),))
    command._apply(lambda: result, yes=True)
    said = capsys.readouterr().err
    assert said == "left  something is wrong: build it from source. Slow.\n      $ cargo add x\n"


def test_what_a_file_cannot_hold_is_left_to_the_shell(capsys: pytest.CaptureFixture[str]) -> None:
    """``env = { A = "1" }`` in cargo's configuration takes no line more: the fix has variables and no file."""
    shell = (("PKG_CONFIG", "/opt/my tools/pkg-config"),)
    inline = Fix("tell pkg-config", env=shell, unset=("PKG_CONFIG_PATH",), safe=True)
    command._apply(lambda: Result("env", "x", findings=(finding(inline),)), yes=True)
    said = capsys.readouterr().err
    assert said == "left  export PKG_CONFIG='/opt/my tools/pkg-config'\nleft  unset PKG_CONFIG_PATH\n"
