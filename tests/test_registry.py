"""The catalogue of built-in checks keeps the house's rules, and a plugin comes in through the same door."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from diagnose.engine import registry
from diagnose.model.check import KINDS, Check

CHECKS = registry.load()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_is_documented_and_detects(check: Check) -> None:
    title, _, body = check.doc.partition("\n")
    assert title.strip().endswith(".")
    assert len(title) <= 120
    assert len(body.split()) >= 25, "explains neither the check nor the fix"
    assert check.detectors
    assert check.id not in check.aliases


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_page_has_a_fix_and_references(check: Check) -> None:
    body, _, references = check.doc.strip().partition("\n\nReferences:\n")
    assert "\nHow to fix: " in body
    assert references
    assert all(line.startswith("    ") for line in references.splitlines())


def test_names_are_unique() -> None:
    names = [name for check in CHECKS for name in (check.id, *check.aliases)]
    assert len(names) == len(set(names))


def test_a_plugin_comes_in_through_the_same_door(tmp_path: Path) -> None:
    area = tmp_path / "acme_checks" / "wheel"
    area.mkdir(parents=True)
    (area.parent / "__init__.py").touch()
    (area / "__init__.py").touch()
    declaration = 'from diagnose.model.check import Check\n\nCHECK = Check(since="1.0")\n'
    (area / "acme_rule.py").write_text(f'"""Acme rule."""\n\n{declaration}\n\ndef wheel(wheel):\n    return ()\n')
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[console_scripts]\nx = y:z\n\n[diagnose.checks]\nacme = acme_checks\n")
    code = (
        "from diagnose.engine import registry\n"
        "checks = {check.id: check for check in registry.load('wheel')}\n"
        "assert checks['acme-rule'].title == 'Acme rule', checks\n"
        "assert len(checks) > 1 and not registry.select(registry.load('env'), ['acme-rule'], [])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{code}"],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr


_HEAD = "from diagnose.model.check import Check\n"


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("def wheel(wheel):\n    return ()\n", "declares no CHECK"),
        (_HEAD + 'CHECK = Check(since="1.0")\n', "has no detector"),
        (_HEAD + 'CHECK = Check(since="1.0")\n\n\ndef wheels(wheel):\n    return ()\n', "wheels is not a detector"),
        (_HEAD + 'CHECK = Check(since="1.0")\nwheel = 1\n', "wheel is not a function"),
    ],
)
def test_a_misspelt_declaration_is_an_error(source: str, fault: str) -> None:
    module = ModuleType("acme_checks.wheel.acme_rule")
    exec(source, module.__dict__)
    with pytest.raises(registry.DeclarationError, match=fault):
        registry.declared(module)


@pytest.fixture
def index_checks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "scripts")
    return importlib.import_module("index_checks")


def test_the_index_says_what_the_checks_declare(index_checks: ModuleType) -> None:
    assert index_checks.main("--check") == 0, "run: python3 dev.py fmt"


def test_a_stale_index_is_refused_and_written_again(
    index_checks: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(index_checks, "CHECKS", tmp_path)
    (tmp_path / registry.BUILT_IN).mkdir()
    assert index_checks.main("--check") == 1 and "dev.py fmt" in capsys.readouterr().err
    assert index_checks.main() == 0 and index_checks.main("--check") == 0
    index = tmp_path / f"{registry.INDEX.replace('.', '/')}.py"
    right = index.read_text()
    assert right == (Path(__file__).parents[1] / "checks" / registry.BUILT_IN / index.name).read_text()
    index.write_text(right.replace('"env", ', "", 1))
    assert index_checks.main("--check") == 1
    assert index_checks.main() == 0 and index.read_text() == right


@pytest.mark.parametrize("kind", KINDS)
def test_a_stand_in_is_what_the_check_declares(kind: str) -> None:
    """All but its documentation, and functions in their places."""
    whole = [check for check in CHECKS if kind in check.detectors]
    light = registry.stand_ins(kind)
    assert [check.id for check in light] == [check.id for check in whole]
    copied = set(Check._fields) - {"doc", "detectors", "patterns", "applies", "leads_to", "log_kinds", "env_facts"}
    for one, other in zip(light, whole, strict=True):
        assert {name: getattr(one, name) for name in copied} == {name: getattr(other, name) for name in copied}
        assert one.detectors.keys() == other.detectors.keys()
        assert [one.applies is None, one.leads_to is None] == [other.applies is None, other.leads_to is None]
        fetched = [pattern for wordings in one.patterns for pattern in wordings.fetch()] if kind == "log" else []
        assert fetched == list(other.patterns if kind == "log" else ())
        assert {text for wordings in one.patterns for text in wordings.anchors} == {
            row.anchor.encode() for row in fetched
        }


@pytest.mark.parametrize("kind", KINDS)
def test_loading_one_kind_finds_what_loading_all_finds(kind: str) -> None:
    assert [check.id for check in registry.load(kind)] == [check.id for check in CHECKS if kind in check.detectors]


@pytest.mark.parametrize("binding", ["log = _shared", "from acme_checks._shared import log", "log: object = _shared"])
def test_a_detector_bound_in_another_way_is_found_for_its_kind(tmp_path: Path, binding: str) -> None:
    path = tmp_path / "rule.py"
    path.write_text(f'"""Rule."""\n\n{binding}\n')
    assert registry._may_detect(str(path), "log")
