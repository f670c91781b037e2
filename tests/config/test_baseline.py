"""The baseline: only new findings fail, and what is unrelated to a finding does not make it new."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from diagnose.config import baseline
from diagnose.engine.run import Result
from diagnose.model.finding import Evidence, Finding, Severity

WHEELS = Path(__file__).parents[2] / "fixtures" / "wheels"


def fixture(name: str) -> str:
    return str(next(WHEELS.glob(f"{name}-1-*.whl")))


RPATH, EXTERNAL, HAZARD = map(fixture, ("wheel_rpath", "wheel_external_lib", "wheel_bundled_hazard"))


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "diagnose", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=folder)


def test_only_new_findings_fail(tmp_path: Path) -> None:
    written = run(tmp_path, "wheel", "--write-baseline", "known.json", "--fail-on", "note", EXTERNAL, HAZARD)
    assert (written.returncode, written.stderr) == (0, "wrote known.json: 2 findings\n")
    gate = ("wheel", "--baseline", "known.json", "--fail-on", "note")
    done = run(tmp_path, *gate, EXTERNAL)
    assert done.returncode == 0
    assert done.stdout.startswith("✗ ")  # the wheel is as broken as before
    assert "known, in the baseline: wheel-external-lib" in done.stdout
    assert "error[" not in done.stdout
    assert "error[wheel-external-lib]" in run(tmp_path, *gate, "-v", EXTERNAL).stdout
    new = run(tmp_path, *gate, EXTERNAL, RPATH)
    assert new.returncode == 1
    assert "[wheel-rpath]" in new.stdout
    report = json.loads(run(tmp_path, *gate, "--format", "json", EXTERNAL, RPATH).stdout)
    assert [[finding["known"] for finding in subject["findings"]] for subject in report["subjects"]] == [
        [True],
        [False],
    ]
    annotations = run(tmp_path, *gate, "--format", "github", EXTERNAL).stdout
    assert "::error" not in annotations
    assert "in the baseline: wheel-external-lib" in annotations


def test_the_file_is_the_same_for_the_same_findings_and_replaces_the_old_one(tmp_path: Path) -> None:
    run(tmp_path, "wheel", "--write-baseline", "a.json", EXTERNAL, HAZARD)
    run(tmp_path, "wheel", "--write-baseline", "b.json", HAZARD, EXTERNAL)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    again = run(tmp_path, "wheel", "--baseline", "a.json", "--write-baseline", "a.json", RPATH)
    assert again.returncode == 0
    assert run(tmp_path, "wheel", "--baseline", "a.json", "--fail-on", "note", EXTERNAL).returncode == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "b.json"]


def test_it_may_come_from_the_configuration_and_is_beside_it(tmp_path: Path) -> None:
    run(tmp_path, "wheel", "--write-baseline", "known.json", EXTERNAL)
    (tmp_path / "diagnose.toml").write_text('baseline = "known.json"\n')
    (tmp_path / "below").mkdir()
    assert run(tmp_path / "below", "wheel", EXTERNAL).returncode == 0
    assert run(tmp_path / "below", "wheel", "--isolated", EXTERNAL).returncode == 1


def test_findings_that_are_gone_are_reported(tmp_path: Path) -> None:
    run(tmp_path, "wheel", "--write-baseline", "known.json", EXTERNAL)
    rows = json.loads((tmp_path / "known.json").read_text())
    rows["findings"].append({**rows["findings"][0], "check": "wheel-rpath"})
    (tmp_path / "known.json").write_text(json.dumps(rows))
    done = run(tmp_path, "wheel", "--baseline", "known.json", EXTERNAL)
    assert "settings: known.json: 1 finding is gone; --write-baseline writes it again" in done.stdout
    assert "gone" not in run(tmp_path, "wheel", "--baseline", "known.json", RPATH).stdout


def test_it_is_not_written_from_half_the_inputs(tmp_path: Path) -> None:
    done = run(tmp_path, "wheel", "--write-baseline", "known.json", EXTERNAL, "none.whl")
    assert done.returncode == 2
    assert "known.json: not written, because not every input could be inspected" in done.stderr
    assert not (tmp_path / "known.json").exists()
    done = run(tmp_path, "wheel", "--write-baseline", "no/such/folder.json", EXTERNAL)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def result(
    *findings: Finding, name: str = "demo-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", kind: str = "wheel"
) -> Result:
    return Result(kind, name, {}, findings)


def finding(
    detail: str, path: str = "demo.so", severity: Severity = Severity.WARNING, **more: tuple[str, ...]
) -> Finding:
    return Finding("m", severity, (Evidence(detail, path),), check="a-b", **more)


def known(before: Result, after: Result) -> bool:
    return next(baseline.of("x", [before]).marked([after])).findings[0].known


def package(layout: str, name: str, arch: str = "x86_64") -> Result:
    facts = {"layout": layout, "name": name.rpartition("-")[0], "arch": arch}
    return Result("wheel", name, facts, (finding("x"),))


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (package("installed", "demo-1.0"), package("installed", "Demo-2.0"), True),
        (package("conda", "demo-1.0"), package("conda", "demo-2.0"), True),
        (package("conda", "demo-1.0"), package("conda", "demo-1.0", "aarch64"), False),
        (package("conda", "demo-1.0"), package("installed", "demo-1.0"), False),
        (result(finding("x", "a.yml:3:4")), result(finding("x", "a.yml:30:1")), True),
        (result(finding("in line 3")), result(finding("in line 4")), True),
        (result(finding("needs libx-1234abcd.so.2")), result(finding("needs libx-ffff0000.so.2")), True),
        (result(finding("x", "demo-1.0.dist-info/RECORD")), result(finding("x", "demo-2.0.dist-info/RECORD")), True),
        (result(finding("x")), result(finding("x"), name="demo-2.0-1-cp312-cp312-manylinux_2_28_x86_64.whl"), True),
        (result(finding("x")), result(finding("x"), name="Demo-2.0-cp312-cp312-manylinux2014_x86_64.whl"), True),
        (result(finding("x")), result(finding("x"), name="demo-1.0-cp312-cp312-manylinux_2_17_aarch64.whl"), False),
        (result(finding("x")), result(finding("x"), name="demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"), False),
        (result(finding("x")), result(finding("y")), False),
        (result(finding("x")), result(finding("x", "other.so")), False),
        (result(finding("x")), result(finding("x", severity=Severity.ERROR)), False),
        (result(finding("x")), result(finding("x", severity=Severity.NOTE)), True),
        (result(finding("x", libraries=("a", "b"))), result(finding("y", libraries=("b",))), True),
        (result(finding("x", libraries=("a",))), result(finding("x", libraries=("a", "b"))), False),
        (
            result(finding("took 3 s"), name="1.log", kind="log"),
            result(finding("took 4 s"), name="2.log", kind="log"),
            True,
        ),
        (result(finding("needs GLIBC_2.34")), result(finding("needs GLIBC_2.38")), False),
    ],
)
def test_a_finding_is_new_only_if_it_is_about_more(before: Result, after: Result, same: bool) -> None:
    assert known(before, after) is same


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "not a baseline: not valid JSON"),
        ("[" * 100_000, "not a baseline: not valid JSON"),
        ("[]", "not a baseline of version 1; write it with --write-baseline"),
        ('{"version": 2, "findings": []}', "not a baseline of version 1; write it with --write-baseline"),
        ('{"version": 1}', "findings: not a list"),
        ('{"version": 1, "findings": [3]}', "finding 1 lacks subject, check, severity or items"),
        (
            '{"version": 1, "findings": [{"subject": "s", "check": "c", "severity": "x", "items": []}]}',
            "finding 1: its severity is unknown",
        ),
        (None, "no such file"),
    ],
)
def test_a_wrong_baseline_is_one_line(tmp_path: Path, content: str | None, reason: str) -> None:
    if content is not None:
        (tmp_path / "known.json").write_text(content)
    done = run(tmp_path, "wheel", "--baseline", "known.json", EXTERNAL)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"diagnose: --baseline: known.json: {reason}\n")
