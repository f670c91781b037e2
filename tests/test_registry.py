"""The catalogue of built-in checks keeps the house's rules, and a plugin comes in through the same door."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from diagnose.engine import registry

CAUSES = registry.load()


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_every_cause_is_documented_and_detectable(cause: registry.Check) -> None:
    title, _, body = cause.doc.partition("\n")
    assert title.strip().endswith(".")
    assert len(title) <= 120
    assert len(body.split()) >= 25, "says neither why nor how to mend it"
    assert cause.detectors
    assert cause.id not in cause.aliases


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_every_page_says_how_to_mend_it_and_where_that_is_known_from(cause: registry.Check) -> None:
    body, _, references = cause.doc.strip().partition("\n\nReferences:\n")
    assert "\nMend it" in body
    assert references
    assert all(line.startswith("    ") for line in references.splitlines())


def test_names_are_unique() -> None:
    names = [name for cause in CAUSES for name in (cause.id, *cause.aliases)]
    assert len(names) == len(set(names))


def test_a_plugin_comes_in_through_the_same_door(tmp_path: Path) -> None:
    area = tmp_path / "acme_checks" / "wheel"
    area.mkdir(parents=True)
    (area.parent / "__init__.py").touch()
    (area / "__init__.py").touch()
    (area / "acme_rule.py").write_text('"""Acme rule."""\n\n\ndef wheel(wheel):\n    return ()\n')
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[console_scripts]\nx = y:z\n\n[diagnose.checks]\nacme = acme_checks\n")
    code = (
        "from diagnose import registry\n"
        "causes = {cause.id: cause for cause in registry.load('wheel')}\n"
        "assert causes['acme-rule'].title == 'Acme rule', causes\n"
        "assert len(causes) > 1 and not registry.select(registry.load('env'), ['acme-rule'], [])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{code}"],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
