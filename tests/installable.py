"""A copy of what the distribution is built from, without tests and fixtures."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("diagnose", "checks", "scripts", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")


def copy_to(folder: Path) -> Path:
    """Copy it to the new *folder*, and return that."""
    folder.mkdir()
    for part in (ROOT / name for name in PARTS):
        if part.is_dir():
            shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(part, folder)
    return folder
