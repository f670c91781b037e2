"""Every check of workflows fires on its repository, alone, and stays silent on its healthy twin and its near miss."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from diagnose.cli import fast
from diagnose.engine import registry
from diagnose.engine.run import Result, run_checks
from diagnose.readers import workflow

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "workflows"
CHECKS = registry.load("workflow")
FOLDERS = sorted(folder.name for folder in FIXTURES.iterdir())
SILENT = ("-healthy", "-near")


def judged(folder: Path) -> Result:
    repository = workflow.Repository(str(folder))
    (name,) = repository.workflows()
    return run_checks("workflow", name, lambda: workflow.read(name, repository), workflow.facts, CHECKS)


@pytest.mark.parametrize("name", FOLDERS)
def test_finds_its_cause_alone_or_nothing(name: str) -> None:
    result = judged(FIXTURES / name)
    assert result.error is None and not result.traces
    wanted = set() if name.endswith(SILENT) else {max((c.id for c in CHECKS if name.startswith(c.id)), key=len)}
    assert {finding.check for finding in result.findings} == wanted


@pytest.mark.parametrize("check", [check.id for check in CHECKS])
def test_every_check_has_a_broken_repository_and_a_healthy_twin(check: str) -> None:
    assert {check, f"{check}-healthy"} <= set(FOLDERS)


@pytest.mark.parametrize("name", [name for name in FOLDERS if not name.endswith(SILENT)])
def test_evidence_names_lines_that_exist(name: str) -> None:
    for finding in judged(FIXTURES / name).findings:
        assert finding.consequence and "\n" not in finding.message
        for item in finding.evidence:
            path, line, *_ = item.path.split(":")
            assert 1 <= int(line) <= len((FIXTURES / name / path).read_text().splitlines())


def test_annotations_are_on_the_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FIXTURES / "install-without-yes")
    assert fast.run(["workflow", "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith(
        "::error file=.github/workflows/release.yml,line=18,col=32,title=install-without-yes::"
    )


def test_json_has_the_table_of_legs(capsys: pytest.CaptureFixture[str]) -> None:
    folder = FIXTURES / "wrong-package-manager-for-container"
    assert fast.run(["workflow", "--format", "json", str(folder)]) == 1
    (subject,) = json.loads(capsys.readouterr().out)["subjects"]
    legs = {leg["target"]: leg for leg in subject["facts"]["legs"]}
    assert legs["x86_64-unknown-linux-gnu"]["image"] == "quay.io/pypa/manylinux2014_x86_64:latest"
    assert legs["x86_64-unknown-linux-gnu"]["managers"] == ["yum"]
    assert legs["aarch64-unknown-linux-gnu"]["image"] == "ghcr.io/rust-cross/manylinux2014-cross:aarch64"
    assert legs["aarch64-unknown-linux-gnu"]["managers"] == ["apt", "apt-get"]
    assert {leg["tag"] for leg in legs.values()} == {"manylinux2014_x86_64", "manylinux2014_aarch64"}
    assert all(leg["published"] for leg in legs.values())


def test_a_broken_file_is_one_line_and_the_others_are_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "a.yml").write_text("jobs:\n  x: [\n")
    text = (FIXTURES / "install-without-yes" / ".github" / "workflows" / "release.yml").read_text()
    (folder / "b.yml").write_text(text)
    assert fast.run(["workflow", str(tmp_path)]) == 2
    out = capsys.readouterr().out
    assert "✗ .github/workflows/a.yml:3: did not find expected node content" in out
    assert "error[install-without-yes]" in out


@pytest.mark.parametrize(
    ("path", "reason"),
    [("nowhere", "no such file or folder"), (".", "no workflow in its .github/workflows"), ("x.yml", "has no jobs")],
)
def test_wrong_inputs(path: str, reason: str, tmp_path: Path, monkeypatch, capsys) -> None:
    (tmp_path / "x.yml").write_text("a: b\n")
    monkeypatch.chdir(tmp_path)
    assert fast.run(["workflow", path]) == 2
    assert reason in capsys.readouterr().out


def test_a_link_out_of_the_repository_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.yml"
    secret.write_text("jobs: {}\n")
    folder = tmp_path / "repository" / ".github" / "workflows"
    folder.mkdir(parents=True)
    os.symlink(secret, folder / "x.yml")
    assert judged(tmp_path / "repository").error == ".github/workflows/x.yml: no such file"
