"""The action's steps, run by the shell that GitHub runs them with; its file as GitHub and zizmor read it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any, NamedTuple

import installable
import pytest
import yaml
from conftest import need

ROOT = Path(__file__).resolve().parents[1]
WHEELS = ROOT / "fixtures" / "wheels"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
INSTALL, INSPECT = ACTION["runs"]["steps"]


class Step(NamedTuple):
    """What a step came to: its exit code, what it printed, its outputs, the job summary."""

    code: int
    text: str
    outputs: dict[str, str]
    summary: str


def step(folder: Path, **inputs: str) -> Step:
    """Run the second step in *folder*, with *inputs* (``fail_on`` is fail-on), where the first has installed it."""
    need(shutil.which("bash"), "bash is not installed")
    names = {name.replace("-", "_"): entry["default"] for name, entry in ACTION["inputs"].items()}
    assert inputs.keys() <= names.keys()
    given = {"${{ inputs." + name.replace("_", "-") + " }}": value for name, value in {**names, **inputs}.items()}
    temp = folder / "temp"
    (temp / "diagnose" / "bin").mkdir(parents=True, exist_ok=True)
    for name, command in {"diagnose": f'{sys.executable} -m diagnose "$@"', "python": f'{sys.executable} "$@"'}.items():
        program = temp / "diagnose" / "bin" / name
        program.write_text(f"#!/bin/sh\nexec {command}\n")
        program.chmod(0o755)
    (temp / "outputs").write_text("")
    (temp / "summary").write_text("")
    environ = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **{name: given[value] for name, value in INSPECT["env"].items()},
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "checks")]),
        "RUNNER_TEMP": str(temp),
        "GITHUB_OUTPUT": str(temp / "outputs"),
        "GITHUB_STEP_SUMMARY": str(temp / "summary"),
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", INSPECT["run"]]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
    rows = (line.partition("=") for line in (temp / "outputs").read_text().splitlines())
    outputs = {name: value for name, _, value in rows}
    return Step(done.returncode, done.stdout + done.stderr, outputs, (temp / "summary").read_text())


def reports(outputs: dict[str, str]) -> dict[str, Any]:
    return {path.stem: json.loads(path.read_text()) for path in sorted(Path(outputs["reports"]).iterdir())}


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "dist").mkdir()
    for pattern in ("healthy_abi3-", "wheel_glibc_too_new-1-"):
        shutil.copy(next(WHEELS.glob(f"{pattern}*.whl")), tmp_path / "dist")
    return tmp_path


def test_without_inputs_it_judges_dist(dist: Path) -> None:
    done = step(dist)
    assert (done.code, done.outputs["outcome"], done.outputs["errors"]) == (1, "failure", "1"), done.text
    assert "::error title=wheel-glibc-too-new::" in done.text
    assert "wheel-glibc-too-new" in done.summary
    assert [subject["outcome"] for subject in reports(done.outputs)["wheel"]["subjects"]] == ["ok", "failed"]
    (sarif,) = Path(done.outputs["sarif"]).iterdir()
    assert json.loads(sarif.read_text())["version"] == "2.1.0"


def test_ignore_config_and_fail_on_reach_the_command(dist: Path) -> None:
    assert step(dist, ignore="wheel-glibc-too-new,\nwheel-textrel\n").code == 0
    assert step(dist, select=" wheel-rpath ").code == 0
    assert step(dist, fail_on="never").code == 0
    (dist / "own settings.toml").write_text('ignore = ["wheel-glibc-too-new"]\n')
    assert step(dist, config="own settings.toml").code == 0
    done = step(dist, fail_on="nevr")
    assert (done.code, "--fail-on" in done.text) == (2, True)


def test_every_kind_of_input_in_one_step(dist: Path) -> None:
    (dist / ".github" / "workflows").mkdir(parents=True)
    (dist / ".github" / "workflows" / "ci.yml").write_text(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
        "      - uses: PyO3/maturin-action@v1\n        with: {target: armv7, manylinux: auto}\n"
    )
    (dist / "a b.log").write_text("error: could not find native static library `foo`, perhaps an -L flag is missing?\n")
    (dist / "two.log").write_text("all well\n")
    done = step(
        dist, wheels="dist/healthy*.whl\n", workflow="true", env="armhf", log="a b.log\ntwo.log", fail_on="never"
    )
    assert done.code == 0, done.text
    assert list(reports(done.outputs)) == ["env", "log-1", "log-2", "wheel", "workflow"]
    assert reports(done.outputs)["env"]["subjects"][0]["facts"]["target"]["debian"] == "armhf"
    assert len(list(Path(done.outputs["sarif"]).iterdir())) == 5


def test_what_cannot_be_read_does_not_stop_the_others(dist: Path) -> None:
    done = step(dist, wheels="dist/\nmissing.whl", log="gone.log")
    assert (done.code, done.outputs["outcome"]) == (2, "incomplete")
    assert "missing.whl: " in done.text and "gone.log: " in done.text
    assert done.outputs["errors"] == "1"


def test_inputs_are_data_and_not_commands(dist: Path) -> None:
    for text in ("$(touch pwned)", "`touch pwned`", "; touch pwned", "--output=pwned", "-o\npwned", "'\"\\"):
        for names in (("wheels", "workflow", "env", "log"), ("select",), ("ignore",), ("config",), ("fail_on",)):
            assert step(dist, **dict.fromkeys(names, text)).code == 2
    assert not (dist / "pwned").exists()


def test_github_and_zizmor_accept_it() -> None:
    tools = Path(sysconfig.get_path("scripts"))
    schema = [tools / "check-jsonschema", "--builtin-schema", "vendor.github-actions"]
    for command in (schema, [tools / "zizmor", "--offline", "--no-progress", "--no-config"]):
        need(command[0].exists(), f"not installed: {command[0].name}")
        done = subprocess.run([*command, ROOT / "action.yml"], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    for value in (one["run"] for one in (INSTALL, INSPECT)):
        assert "${{" not in value  # inputs reach the shell as variables only


@pytest.mark.network
def test_what_the_first_step_installs(tmp_path: Path) -> None:
    need(shutil.which("bash"), "bash is not installed")
    source = installable.copy_to(tmp_path / "action")
    environ = {**os.environ, "RUNNER_TEMP": str(tmp_path), "GITHUB_ACTION_PATH": str(source)}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", INSTALL["run"]], env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    program = tmp_path / "diagnose" / "bin" / "diagnose"
    assert subprocess.run([program, "--version"], capture_output=True, text=True).stdout.startswith("diagnose ")
    assert (tmp_path / "diagnose" / "share" / "man" / "man1" / "diagnose.1").exists()
