"""The library interface says what the commands say, costs nothing until it is used, and is typed."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import need

import diagnose

REPOSITORY = Path(__file__).resolve().parents[1]
WHEELS = sorted(map(str, (REPOSITORY / "fixtures/wheels").glob("wheel_*_x86_64.whl")))[::10]
LOG = next((REPOSITORY / "fixtures/logs").rglob("*pc-missing*.log"))


def command(*args: str) -> tuple[object, int]:
    """Return what the command line reports as JSON, and its exit code."""
    call = [sys.executable, "-m", "diagnose", *args, "--isolated", "--format", "json"]
    done = subprocess.run(call, capture_output=True, text=True, cwd=REPOSITORY)
    return json.loads(done.stdout), done.returncode


def test_wheels() -> None:
    report = diagnose.wheel(*WHEELS, fail_on="warning")
    assert (json.loads(diagnose.render(report, "json")), report.exit_code()) == command(
        "wheel", "--fail-on", "warning", *WHEELS
    )
    assert isinstance(report, diagnose.Report) and report.exit_code() == 1
    assert all(isinstance(one, diagnose.Finding) for result in report.results for one in result.findings)


def test_a_log_from_a_file_and_from_a_stream() -> None:
    report = diagnose.log(LOG, distro="debian:12")
    assert json.loads(diagnose.render(report, "json")) == command("log", "--distro", "debian:12", str(LOG))[0]
    with open(LOG, "rb") as stream:
        (result,) = diagnose.log(stream, distro="debian:12").results
    assert [one.message for one in result.findings] == [one.message for one in report.results[0].findings] != []


def test_a_root_filesystem(tmp_path: Path) -> None:
    for folder in ("usr/bin", "usr/lib", "etc", "var/lib/dpkg"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").write_text("Package: dpkg\nStatus: install ok installed\nVersion: 1\n\n")
    (tmp_path / "var/lib/dpkg/arch").write_text("amd64\n")
    (tmp_path / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\n')
    report = diagnose.env(tmp_path, target="armhf", libs=["alsa"])
    args = ("env", "--root", str(tmp_path), "--target", "armhf", "--lib", "alsa")
    assert json.loads(diagnose.render(report, "json")) == command(*args)[0]
    assert report.results[0].outcome is diagnose.Outcome.FAILED


def test_workflows() -> None:
    folder = next(path.parents[2] for path in sorted((REPOSITORY / "fixtures/workflows").rglob(".github/workflows/*")))
    report = diagnose.workflow(folder)
    assert json.loads(diagnose.render(report, "json"))["subjects"] == command("workflow", str(folder))[0]["subjects"]  # type: ignore[index]


def test_bad_input_is_a_result_and_bad_arguments_are_errors(tmp_path: Path) -> None:
    report = diagnose.wheel(tmp_path / "none-1-py3-none-any.whl", WHEELS[0])
    assert report.exit_code() == 2 and "No such file" in str(report.results[0].error) and not report.results[1].error
    with pytest.raises(ValueError, match="select: no check is named 'nosuch'"):
        diagnose.wheel(WHEELS[0], select=["nosuch"])
    with pytest.raises(ValueError, match="'bad' is not a valid Severity"):
        diagnose.wheel(WHEELS[0], fail_on="bad")
    with pytest.raises(ValueError, match="no format is named 'pdf'"):
        diagnose.render(report, "pdf")
    with pytest.raises(ValueError, match="policy: "):
        diagnose.env(policy="nosuch")


def test_every_format_renders() -> None:
    report = diagnose.wheel(WHEELS[0], fail_on="never")
    assert report.exit_code() == 0
    assert all(diagnose.render(report, name) for name in diagnose.api.FORMATS)


def test_the_documented_program_runs(tmp_path: Path) -> None:
    text = (REPOSITORY / "docs/library.md").read_text(encoding="utf-8")
    program = text.partition("```python\n")[2].partition("```")[0]
    named = "dist/demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"
    assert named in program
    (tmp_path / "program.py").write_text(program.replace(named, WHEELS[0]), encoding="utf-8")
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True)
    name, _, rest = done.stdout.partition(" ")
    assert (name, done.stderr) == (Path(WHEELS[0]).name, "") and done.returncode == ("\n  error" in rest)


def test_importing_it_costs_nothing() -> None:
    code = "import sys; before = set(sys.modules); import diagnose; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["diagnose"]


def test_names_are_there_and_typed(tmp_path: Path) -> None:
    assert all(getattr(diagnose, name) is not None for name in diagnose.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nosuch'"):
        diagnose.nosuch  # type: ignore[attr-defined]  # noqa: B018
    need(importlib.util.find_spec("mypy"), "mypy is not installed (python3 dev.py lint installs it)")
    program = tmp_path / "uses.py"
    program.write_text(
        "import diagnose\n"
        "report: diagnose.Report = diagnose.wheel('a.whl')\n"
        "found: list[diagnose.Finding] = [one for result in report.results for one in result.findings]\n"
        "reveal_type(found[0].severity)\n"
        "diagnose.wheel(3)\n"
    )
    args = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", str(program)]
    said = subprocess.run(args, capture_output=True, text=True, cwd=tmp_path).stdout
    assert 'Revealed type is "diagnose.model.finding.Severity"' in said
    assert said.count("error:") == 1 and 'uses.py:5: error: Argument 1 to "wheel"' in said
