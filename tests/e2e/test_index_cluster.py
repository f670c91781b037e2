"""``diagnose index`` on a cluster of containers: one worker is killed, one cut off, and each wheel has one row."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import need

from diagnose.index import store
from e2e import docker
from e2e.cluster import cluster, copies, index

COUNT = 4000  # the first two thousand rows are written before the workers are lost


def _rows(into: Path) -> list[dict[str, Any]]:
    return sorted(store.read(str(into)), key=lambda row: str(row["place"]))


@pytest.mark.e2e
def test_lost_workers_lose_no_row(tmp_path: Path) -> None:
    reason = docker.reason_against()
    need(not reason, reason)
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    copies(wheels, COUNT)
    local = [sys.executable, "-m", "diagnose", "index", "wheels", "--into", "local"]
    subprocess.run(local, cwd=tmp_path, check=True, capture_output=True)
    with cluster(tmp_path, 3) as made:
        made.run("client", *index("rows"))
        while made.runs("client") and not list(tmp_path.glob("rows/part-*")):
            time.sleep(0.05)
        assert made.runs("client"), made.printed("client")
        made.kill("worker0")
        made.cut_off("worker1")
        assert made.wait("client", 600) == 0, made.printed("client")
        printed = made.printed("client")
    assert len(_rows(tmp_path / "rows")) == COUNT, printed
    assert _rows(tmp_path / "rows") == _rows(tmp_path / "local")
