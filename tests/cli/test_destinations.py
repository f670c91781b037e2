"""Reports in files and on standard output, several of one run, and the mistakes in their paths."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from diagnose.cli import destinations
from diagnose.cli.errors import OutputError

WHEELS = Path(__file__).resolve().parents[2] / "fixtures" / "wheels"


def run(*args: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return subprocess.run(
        [sys.executable, "-m", "diagnose", *args],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env=environment | env,
    )


@pytest.fixture
def broken() -> str:
    return str(next(WHEELS.glob("wheel_record_invalid-1*.whl")))


def test_several_formats_of_one_run(tmp_path: Path, broken: str) -> None:
    alone = {name: run("wheel", broken, "--format", name) for name in ("text", "json", "jsonl", "github")}
    args = [f"--format={name}={tmp_path / name}" for name in ("json", "jsonl", "github")]
    both = run("wheel", broken, "--format", "text", *args)
    assert {both.returncode, *(one.returncode for one in alone.values())} == {1}
    assert both.stdout == alone["text"].stdout
    for name in ("json", "jsonl", "github"):
        assert (tmp_path / name).read_text() == alone[name].stdout
    assert sorted(os.listdir(tmp_path)) == ["github", "json", "jsonl"]


def test_output_takes_the_report_off_standard_output(tmp_path: Path, broken: str) -> None:
    file = tmp_path / "out"
    result = run("wheel", broken, "--output", str(file), FORCE_COLOR="1")
    assert (result.returncode, result.stdout, result.stderr) == (1, "", "")
    assert file.read_text() == run("wheel", broken).stdout
    assert run("wheel", broken, "--output=-").stdout == file.read_text()


def test_a_script_goes_to_output_too(tmp_path: Path, broken: str) -> None:
    file = tmp_path / "fix.sh"
    assert run("wheel", broken, "--fix-format", "sh", "--output", str(file)).stdout == ""
    assert file.read_text() == run("wheel", broken, "--fix-format", "sh").stdout


def test_a_format_with_a_file_leaves_standard_output_empty(tmp_path: Path, broken: str) -> None:
    assert run("wheel", broken, f"--format=json={tmp_path / 'x'}").stdout == ""
    assert json.loads((tmp_path / "x").read_text())["summary"]["error"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ["--format", "text", "--format", "json"],
            "--format: text and json both go to standard output; write json=FILE",
        ),
        (["--format", "json=a", "--format", "jsonl=./a"], "--format: json and jsonl both go to ./a"),
        (["--format", "json=a", "--output", "a", "--format=text"], "--format: json and text both go to a"),
        (["--format", "json=a", "--output", "b"], "--output: every --format names a file already"),
        (["--format", "json="], "--format: json= names no file"),
        (["--format", "xml=a"], "--format: 'xml=a' is not one of "),
        (["--format=json=no/such/x"], "--format: no/such/x: its folder does not exist"),
        (["--format=json=file/x"], "--format: file/x: file is not a folder"),
        (["--output", "."], "--output: .: is a folder"),
        (["--output", "./file"], "--output: ./file: is what is inspected"),
        (["--fix-format", "sh", "--format", "json=a"], "--format: a script or patch takes the place of the report"),
        (["--fix-format", "sh", "--format", "json"], "--format: a script or patch takes the place of the report"),
        (["--diff", "--format", "sarif"], "--format: a script or patch takes the place of the report"),
        (["--diff", "--statistics"], "--statistics: a script or patch takes the place of the report"),
    ],
)
def test_a_wrong_place_is_one_line_and_nothing_is_done(args: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    result = run("wheel", "file", *args, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"diagnose: {message}")
    assert result.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("env --fix-format json --format json", "--format"),
        ("env --diff --statistics", "--statistics"),
        ("workflow --generate maturin --output x", "--output"),
        ("workflow --apply --yes --format json", "--format"),
        ("workflow --diff --write-baseline x", "--write-baseline"),
    ],
)
def test_what_takes_the_place_of_the_report_leaves_none_out_silently(command: str, option: str, tmp_path: Path) -> None:
    result = run(*command.split(), cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"diagnose: {option}: a script or patch takes the place of the report")
    assert os.listdir(tmp_path) == []


def test_a_configured_format_is_for_reports_only(tmp_path: Path, broken: str) -> None:
    (tmp_path / "diagnose.toml").write_text('format = "json"\n')
    plain = run("wheel", broken, "--fix-format", "sh", "--isolated")
    assert plain.stdout.startswith("#!")
    configured = run("wheel", broken, "--fix-format", "sh", cwd=tmp_path)
    assert (configured.returncode, configured.stdout) == (plain.returncode, plain.stdout)


def test_a_script_leaves_no_baseline_out(tmp_path: Path, broken: str) -> None:
    result = run("wheel", broken, "--fix-format", "sh", "--write-baseline", "known.json", cwd=tmp_path)
    assert (result.returncode, result.stdout[:2]) == (0, "#!")
    assert json.loads((tmp_path / "known.json").read_text())["findings"]


def test_a_report_that_cannot_be_written_stops_no_other(tmp_path: Path, broken: str) -> None:
    full, good = "/dev/full", tmp_path / "good"
    if not os.path.exists(full):
        pytest.skip("there is no /dev/full")
    result = run("wheel", broken, "--format", f"json={full}", "--format", f"jsonl={good}", "--format=text")
    assert result.returncode == 2
    assert result.stderr == "diagnose: /dev/full: No space left on device\n"
    assert good.read_text()
    assert result.stdout


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to("real")
    with real.open() as before:
        destinations.write(str(link), "new \udcff")
        assert before.read() == "old"  # who reads the old report goes on reading the old report
    assert real.read_text() == "new \\udcff"
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link", "real"]


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report"
    file.write_text("old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"report: No space left on device"):
        destinations.write(str(file), "new")
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["report"]


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    destinations.write(str(pipe), "text")
    reader.join(10)
    assert got == ["text"]


@pytest.mark.parametrize(
    ("env", "colour"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": ""}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_off_a_terminal(env: dict[str, str], colour: bool, broken: str) -> None:
    assert ("\x1b[" in run("wheel", broken, **env).stdout) is colour


def test_statistics_count_findings_and_subjects(broken: str) -> None:
    out = run("wheel", broken, broken, "--statistics").stdout
    assert out.startswith(run("wheel", broken, broken).stdout)
    header, _, *rows = out.splitlines()[-3:]
    assert header.split() == ["findings", "subjects", "severity", "check"]
    assert [row.split() for row in rows] == [["2", "2", "error", "wheel-record-invalid"]]
    assert run("wheel", broken, "--ignore", "wheel-record-invalid", "--statistics", "-q").stdout == ""


def test_json_lines_has_the_subjects_of_json_in_the_order_of_the_inputs(tmp_path: Path) -> None:
    names = sorted(map(str, WHEELS.glob("*.whl")))[:12][::-1]
    names.insert(3, str(tmp_path / "missing.whl"))
    document = json.loads(run("wheel", "--format", "json", *names).stdout)
    lines = [json.loads(line) for line in run("wheel", "--format", "jsonl", *names).stdout.splitlines()]
    assert [line["name"] for line in lines] == [os.path.basename(name) for name in names]
    assert lines == [{"schema": document["schema"], **subject} for subject in document["subjects"]]
