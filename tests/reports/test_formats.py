"""All formats of one run have the same findings and the same exit code."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

WHEELS = Path(__file__).resolve().parents[2] / "fixtures" / "wheels"


def test_all_formats_of_one_run_agree(tmp_path: Path) -> None:
    names = ("text", "json", "jsonl", "github", "markdown", "html", "sarif", "junit")
    args = [f"--format={name}={tmp_path / name}" for name in names]
    wheels = sorted(map(str, WHEELS.glob("*_x86_64.whl")))[::3]
    done = subprocess.run([sys.executable, "-m", "diagnose", "wheel", *args, *wheels], capture_output=True, text=True)
    texts = {name: (tmp_path / name).read_text(encoding="utf-8") for name in names}
    subjects = json.loads(texts["json"])["subjects"]
    found = [(one["check"], one["severity"]) for subject in subjects for one in subject["findings"]]
    errors = sum(severity == "error" for _, severity in found)
    assert (done.returncode, errors > 5, len(found) > errors) == (1, True, True)

    lines = map(json.loads, texts["jsonl"].splitlines())
    assert [(one["check"], one["severity"]) for line in lines for one in line["findings"]] == found
    run = json.loads(texts["sarif"])["runs"][0]
    assert [(one["ruleId"], one["level"]) for one in run["results"]] == found
    assert run["invocations"][0]["exitCode"] == done.returncode
    root = ElementTree.fromstring(texts["junit"])
    assert (root.get("failures"), root.get("errors")) == (str(errors), "0")
    command = {"error": "error", "warning": "warning", "note": "notice"}
    annotations = [line for line in texts["github"].splitlines() if line.startswith("::")]
    heads = [f"::{command[severity]} title={check}::" for check, severity in found]
    assert sum(line.startswith(tuple(set(heads))) for line in annotations) == len(found)
    for check, severity in found:
        assert f" {severity} `{check}`" in texts["markdown"]
        assert f"  {severity}[{check}] " in texts["text"]
        assert f'<span class="badge {severity}">{severity}</span> <code>{check}</code>' in texts["html"]
    assert texts["html"].count("<article") == len(found)
    assert texts["markdown"].count("\n#### ") == len(found)
