"""The fixture wheels and their table, for the tests of checks."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from diagnose.engine import registry
from diagnose.model.finding import Finding
from diagnose.readers.wheel import reader as wheel

FOLDER = Path(__file__).parents[2] / "fixtures" / "wheels"


def _module(name: str) -> Any:
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(FOLDER))


build, cases = _module("build"), _module("cases")
EXPECTED: dict[str, dict[str, str]] = cases.expected()
CAUSES = registry.load("wheel")


def findings(path: Path) -> list[Finding]:
    """Return everything that the checks find in the wheel at *path*, each with its check's id."""
    facts = wheel.read(str(path))
    return [f._replace(check=cause.id) for cause in CAUSES for f in cause.detectors["wheel"](facts)]


def broken(case: str) -> Path:
    """Return the broken wheel of *case*."""
    return next(FOLDER.glob(f"{case}-1-*.whl"))


def fixed(case: str) -> Path:
    """Return the fixed wheel of *case*."""
    return next(FOLDER.glob(f"{case}-2-*.whl"))


def finding(case: str) -> Finding:
    """Return the only finding about the broken wheel of *case*."""
    (found,) = findings(broken(case))
    return found
