"""The parts of dev.py: the word list, the generated pages, the stubs of a new check; and the form of findings/."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import need

HERE = Path(__file__).resolve().parents[1]


def script(name: str) -> Any:
    """Import ``scripts/NAME.py``."""
    sys.path.insert(0, str(HERE / "scripts"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(HERE / "scripts"))


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "caught"),
    [
        ("3 things to mend", ["mend"]),
        ("Nobody reads it anew.", ["nobody", "anew"]),
        ("rows that are none", ["are none"]),
        ("This is no list.", ["is no list"]),
        ("There is no list, and the index has none.", []),
        ("It is no longer read.", []),
        ("if found is None: return", []),
        ("What follows is hidden; the rest is not.", ["what follows"]),
        ("What is missing?", []),
        ("It shows what is missing.", []),
        ("It cannot tell whether the wheel loads.", []),
        ("the recommended amendment", []),
    ],
)
def test_words_of_the_list_are_caught_and_others_are_not(line: str, caught: list[str]) -> None:
    words = script("words")
    found = [match.group().strip().lower() for pattern, _ in words.entries() for match in pattern.finditer(line)]
    assert sorted(found) == sorted(caught)


def test_only_language_is_read_in_python(tmp_path: Path) -> None:
    words = script("words")
    file = tmp_path / "x.py"
    file.write_text('"""A docstring."""\nmend = 1  # a comment\nprint(f"text {mend} end", "more")\n')
    read = " ".join(text for _, text in words.prose(file))
    assert all(text in read for text in ("A docstring", "a comment", "more"))
    assert "mend = 1" not in read


def test_what_is_called_clean_exists() -> None:
    words = script("words")
    assert all((HERE / name).exists() for name in words.CLEAN)


# --- pages -----------------------------------------------------------------------------------------------------------


def test_a_page_has_its_headings_in_order_and_an_example_of_its_own() -> None:
    pages = script("pages")
    check = next(check for check in pages.registry.load() if check.id == "wheel-execstack")
    text = pages.page(check)
    headings = ["What it finds", "Why it matters", "How to fix", "Example output", "References", "Since"]
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == headings
    assert "[wheel-execstack]" in text
    assert "\n## Since\n\n0." in text


def test_the_index_and_the_fields_name_everything() -> None:
    pages = script("pages")
    checks = pages.registry.load()
    assert all(f"[{check.id}]({check.id}.md)" in pages.index(checks) for check in checks)
    fields = pages.fields(pages.json.loads(pages.SCHEMA.read_text(encoding="utf-8")))
    assert "\n## finding\n" in fields
    assert "| `consequence` | string |" in fields


# --- a new check -----------------------------------------------------------------------------------------------------


_WORKFLOW = ("workflow/wf-example-odd", "workflow")


def test_a_new_check_works_as_it_is_written(tmp_path: Path) -> None:
    need(importlib.util.find_spec("ruff"), "ruff is not installed (python3 dev.py lint installs it)")
    folder = tmp_path / "copy"
    for name in ("checks", "diagnose", "fixtures", "scripts", "tests"):
        shutil.copytree(HERE / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "snapshots", "e2e"))
    shutil.copy(HERE / "pyproject.toml", folder)
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(folder / "checks")])}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, *words], cwd=folder, env=environ, capture_output=True, text=True)

    for name, *kinds in (("wheel/wheel-example-odd", "wheel"), ("apt/apt-example_odd", "env", "log"), _WORKFLOW):
        made = run("scripts/new_check.py", name, *kinds)
        assert made.returncode == 0, made.stderr
        assert "CHANGELOG.md" in made.stdout
    assert "exists already" in run("scripts/new_check.py", "apk/apt-example-odd", "log").stderr
    assert "no area" in run("scripts/new_check.py", "nowhere/a-b", "log").stderr
    roots = folder / "fixtures" / "containers" / "cases.py"
    whole = roots.read_text()
    roots.write_text(whole.replace("new-check: above this line", ""))
    here = {path for path in folder.rglob("*") if "__pycache__" not in path.parts}
    failed = run("scripts/new_check.py", "wheel/wheel-example-half", "wheel", "env")
    assert failed.returncode and "has no line" in failed.stderr
    assert {path for path in folder.rglob("*") if "__pycache__" not in path.parts} == here
    assert "wheel_example_half" not in (folder / "fixtures" / "wheels" / "cases.py").read_text()
    roots.write_text(whole)
    only = "example_odd or example-odd or every_check_of_wheels or every_cause or environment_is_found_somewhere"
    tested = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/checks", "tests/test_registry.py", "-k", only)
    assert tested.returncode == 0, tested.stdout[-3000:]
    for kind in ("wheel-example-odd-wheel", "apt-example-odd-env", "apt-example-odd-log"):
        check, _, kind = kind.rpartition("-")
        code = f"from diagnose.engine import registry; assert {check!r} in [c.id for c in registry.load({kind!r})]"
        assert run("-c", code).returncode == 0
    left = run("-m", "ruff", "check", "checks", "fixtures/wheels/cases.py", "--output-format", "concise").stdout
    assert {line.split()[1] for line in left.splitlines() if ":" in line} == {"FIX002"}, left


# --- findings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted((HERE / "findings").iterdir()), ids=lambda path: path.name)
def test_a_finding_has_the_form_of_findings(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert path.suffix == ".sh"
    assert os.access(path, os.X_OK)
    assert text.startswith("#!/usr/bin/env bash\n# ")
    assert all(f"\n# {word}: " in text for word in ("Version", "Behaviour", "Matters"))
    assert "\nset -euo pipefail\nwork=$(mktemp -d)\ntrap 'rm -rf \"$work\"' EXIT\n" in text
    assert "CHANGED" in text
    subprocess.run(["bash", "-n", str(path)], check=True)


# --- dev.py ----------------------------------------------------------------------------------------------------------


def dev(*words: str) -> subprocess.CompletedProcess[str]:
    """Run ``dev.py`` where it has nothing to install."""
    return subprocess.run([sys.executable, "dev.py", *words], cwd=HERE, capture_output=True, text=True)


def test_an_unknown_command_prints_all_commands() -> None:
    shown = dev("tests").stderr
    known = re.findall(r"^    python3 dev\.py ([a-z0-9-]+)", shown, re.MULTILINE)
    assert {"test", "fmt", "lint", "docs", "new-check", "fuzz", "e2e"} <= set(known)


def test_an_unknown_fuzzer_prints_the_known_ones() -> None:
    result = dev("fuzz", "nothing")
    assert result.returncode == 1
    assert "KIND is one of" in result.stderr
