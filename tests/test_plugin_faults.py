"""A plugin that is broken costs its own result, and is named in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEALTHY = next((Path(__file__).parents[1] / "fixtures" / "wheels").glob("healthy_x86_64-*.whl"))
HEAD = '''"""Acme rule.

How to fix: it.
"""
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity

CHECK = Check(since="1.0")
'''
FOUND = 'Finding("m", Severity.NOTE, (Evidence("d", "p"),))'


def run(folder: Path, source: str, *words: str, package: str = "acme_checks") -> subprocess.CompletedProcess[str]:
    area = folder / "acme_checks" / "wheel"
    area.mkdir(parents=True)
    (area.parent / "__init__.py").touch()
    (area / "__init__.py").touch()
    (area / "acme_rule.py").write_text(source)
    info = folder / "acme-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text(f"[diagnose.checks]\nacme = {package}\n")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "diagnose", *(words or ("wheel", str(HEALTHY), "--format", "json"))]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environ)


@pytest.mark.parametrize(
    "source",
    ["raise ValueError('one\\ntwo')", "import nothing_of_this_name", "raise SystemExit(0)", "exit()", "("],
)
def test_one_that_cannot_be_imported(tmp_path: Path, source: str) -> None:
    done = run(tmp_path, f"{HEAD}\n{source}\n\n\ndef wheel(wheel):\n    return ()\n")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("diagnose: the plugin acme_checks.wheel.acme_rule cannot be imported: ")


@pytest.mark.parametrize("package", ["nothing_of_this_name", "acme_checks.nothing", "..", "", "a b", "\u00e9"])
def test_a_package_that_is_not_there(tmp_path: Path, package: str) -> None:
    done = run(tmp_path, HEAD, package=package)
    if package:
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.startswith("diagnose: the plugin ")


@pytest.mark.parametrize(
    "body",
    [
        "return None", "return 7", "return [7]", "return ['text']", "raise SystemExit(0)", "yield None",
        "raise KeyError('one\\ntwo')", "return [('m', Severity.NOTE, ())]",
        "return [Finding(7, Severity.NOTE, (Evidence('d', 'p'),))]",
        "return [Finding('m', 'error', (Evidence('d', 'p'),))]", "return [Finding('m', Severity.NOTE, ())]",
        "return [Finding('m', Severity.NOTE, 'text')]", "return [Finding('m', Severity.NOTE, (Evidence(7),))]",
        f"return [{FOUND}._replace(fixes=(7,))]", f"return [{FOUND}._replace(fixes=(Fix('t', ('ls',)),))]",
        f"return [{FOUND}._replace(fixes=(Fix('t', env=('ab',)),))]", f"return [{FOUND}._replace(libraries=7)]",
        f"while True: yield {FOUND}", f"return iter([{FOUND}, 7])",
    ],
)  # fmt: skip
def test_one_that_returns_rubbish(tmp_path: Path, body: str) -> None:
    done = run(tmp_path, f"{HEAD}\n\ndef wheel(wheel):\n    {body}\n")
    assert (done.returncode, done.stderr) == (2, "")
    (subject,) = json.loads(done.stdout)["subjects"]
    assert [found["check"] for found in subject["findings"]] == ["internal-error"]
    assert "acme-rule" in subject["findings"][0]["message"]
    assert len(subject["passed"]) > 20


def test_one_whose_other_functions_fail(tmp_path: Path) -> None:
    source = f"{HEAD[:-1]}\ndef _fails(*_):\n    raise SystemExit(0)\n\n\nCHECK = Check(since='1', applies=_fails)\n"
    done = run(tmp_path, f"{source}leads_to = _fails\n\n\ndef wheel(wheel):\n    return ()\n")
    assert (done.returncode, done.stderr) == (2, "")
    (subject,) = json.loads(done.stdout)["subjects"]
    assert [found["check"] for found in subject["findings"]] == ["internal-error"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phase", "7"), ("aliases", "'text'"), ("aliases", "(7,)"), ("patterns", "(7,)"), ("needs", "None"),
        ("applies", "7"), ("log_kinds", "None"), ("pedantic", "'no'"), ("patterns", "(Pattern('k', 'anchor', '('),)"),
    ],
)  # fmt: skip
def test_a_declaration_of_rubbish(tmp_path: Path, field: str, value: str) -> None:
    source = HEAD.replace('since="1.0"', f'since="1.0", {field}={value}').replace(
        "\nCHECK", "from diagnose.model.pattern import Pattern\n\nCHECK"
    )
    done = run(tmp_path, f"{source}\n\ndef wheel(wheel):\n    return ()\n")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr == f"diagnose: acme_checks.wheel.acme_rule: {field} of its CHECK is not of its kind\n"


def test_one_that_is_sound(tmp_path: Path) -> None:
    done = run(tmp_path, f"{HEAD}\n\ndef wheel(wheel):\n    yield {FOUND}\n")
    assert (done.returncode, done.stderr) == (0, "")
    (subject,) = json.loads(done.stdout)["subjects"]
    assert [found["check"] for found in subject["findings"]] == ["acme-rule"]
