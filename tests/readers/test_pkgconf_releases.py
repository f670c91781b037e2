"""The answers of real releases of pkgconf, and the resolver's predictions."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import need
from readers import pc_worlds


@pytest.fixture(scope="module", params=pc_worlds.RELEASES)
def programs(request: pytest.FixtureRequest) -> dict[str, Path]:
    try:
        found = pc_worlds.program(request.param)
    except (OSError, subprocess.SubprocessError):
        found = None
    need(found, f"pkgconf {request.param} cannot be fetched")
    assert found is not None
    return {request.param.partition(".post")[0]: found}


def test_random_folders_and_questions(programs: dict[str, Path], tmp_path: Path) -> None:
    assert [found for seed in range(60) if (found := pc_worlds.disagreement(seed, programs, tmp_path))] == []
