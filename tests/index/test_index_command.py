"""``diagnose index`` as a command: rows on the disk, resumed after a kill, reported in three formats."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from serving import folder, serving

from diagnose.index import store

WHEELS = sorted((Path(__file__).parents[2] / "fixtures" / "wheels").glob("*.whl"))


def _run(*args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "diagnose", "index", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def _rows(into: Path) -> list[dict[str, Any]]:
    return sorted(store.read(str(into)), key=lambda row: str(row["place"]))


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    place = tmp_path / "wheels"
    place.mkdir()
    for wheel in WHEELS[::10]:
        shutil.copy(wheel, place)
    return place


def test_rows_are_the_same_in_both_forms(wheels: Path, tmp_path: Path) -> None:
    for form in ("jsonl", "parquet"):
        done = _run(wheels, "--into", tmp_path / form, "--rows", form)
        assert (done.returncode, done.stderr) == (0, "")
    assert _rows(tmp_path / "jsonl") == _rows(tmp_path / "parquet")
    assert len(_rows(tmp_path / "jsonl")) == len(WHEELS[::10])


def test_a_second_run_adds_what_is_new(wheels: Path, tmp_path: Path) -> None:
    into = tmp_path / "rows"
    _run(wheels, "--into", into)
    before = _rows(into)
    shutil.copy(WHEELS[1], wheels)
    _run(wheels, "--into", into)
    assert [row for row in _rows(into) if not row["place"].endswith(WHEELS[1].name)] == before
    assert len(_rows(into)) == len(before) + 1
    assert len(store.parts(str(into))) == 2


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs groups of processes")
def test_a_killed_run_is_continued_without_a_lost_or_doubled_row(tmp_path: Path) -> None:
    into = tmp_path / "rows"
    listed = tmp_path / "list.txt"
    listed.write_text("".join(f"{wheel}\n" for wheel in WHEELS))
    program = (
        "from diagnose.index import store, scheduling; store.ROWS = 20; scheduling.BATCH = 10;"
        f"from diagnose.cli.fast import run as start; start(['index', {str(listed)!r}, '--into', {str(into)!r}])"
    )
    kills = 0
    for pause in (0, 1, 2, 3):
        process = subprocess.Popen([sys.executable, "-c", program], start_new_session=True, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < end:
            if into.is_dir() and len(store.parts(str(into))) > pause:
                os.killpg(process.pid, signal.SIGKILL)
                kills += 1
                break
            time.sleep(0.005)
        process.wait()
    done = _run(listed, "--into", into)
    assert (done.returncode, done.stderr) == (0, "")
    assert kills
    assert [row["place"] for row in _rows(into)] == sorted(map(str, WHEELS))
    assert not [name for name in os.listdir(into) if name.startswith(".")]


def test_rows_of_another_kind_are_not_mixed(wheels: Path, tmp_path: Path) -> None:
    into = tmp_path / "rows"
    _run(wheels, "--into", into)
    other = _run(wheels, "--into", into, "--no-hashes")
    assert other.returncode == 2
    assert "take another folder" in other.stderr
    strange = _run(wheels, "--into", wheels)
    assert strange.returncode == 2
    assert "has other files" in strange.stderr


def test_a_bad_source_is_a_line_and_the_others_are_judged(wheels: Path, tmp_path: Path) -> None:
    (wheels / "broken-1-py3-none-any.whl").write_bytes(b"no zip")
    done = _run(tmp_path / "absent", wheels, "--into", tmp_path / "rows")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [f"diagnose: {tmp_path / 'absent'}: No such file or directory"]
    (broken,) = [row for row in _rows(tmp_path / "rows") if row["error"]]
    assert broken["error"] == "broken-1-py3-none-any.whl: not a zip archive, or cut off"
    assert len(_rows(tmp_path / "rows")) == len(WHEELS[::10]) + 1


def test_weights_count_projects(wheels: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights.csv"
    weights.write_text("project,downloads\nwheel-rpath,900\nHealthy_X86.64,100\n")
    done = _run(wheels, "--into", tmp_path / "rows", "--weights", weights, "--format", "json")
    found = json.loads(done.stdout)
    assert found["weighted"]
    assert found["total"]["wheels"] == len(WHEELS[::10])
    weights.write_text("no,number\nat,all\n")
    assert "not a list of projects" in _run("--into", tmp_path / "rows", "--weights", weights).stderr


def test_the_report_alone_needs_no_source(wheels: Path, tmp_path: Path) -> None:
    first = _run(wheels, "--into", tmp_path / "rows")
    page = tmp_path / "page.html"
    again = _run("--into", tmp_path / "rows", "--format", "text", "--format", f"html={page}")
    assert again.stdout == first.stdout
    text = page.read_text(encoding="ascii")
    assert "<script" not in text
    assert "default-src 'none'" in text


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["x"], "index needs --into DIR"),
        (["x", "--into", "{}", "--workers", "many"], "--workers: 'many' is not a number of processes"),
        (["x", "--into", "{}", "--workers", "2", "--scheduler", "tcp://x"], "--workers is for this machine"),
        (["--into", "{}/absent"], "absent: No such file or directory"),
        (["x", "--into", "{}", "--select", "nothing"], "no check is named 'nothing'"),
    ],
)
def test_wrong_usage_is_one_line(args: list[str], line: str, tmp_path: Path) -> None:
    done = _run(*(arg.format(tmp_path / "rows") for arg in args))
    assert done.returncode == 2
    assert line in done.stderr
    assert len(done.stderr.splitlines()) == 1


@contextlib.contextmanager
def _pypiserver(packages: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "pypiserver", "run", "-i", "127.0.0.1", "-p", str(port), "--disable-fallback"]
    process = subprocess.Popen([*command, str(packages)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/simple/"
    finally:
        process.terminate()
        process.wait()


def test_a_real_index_server_is_read(wheels: Path, tmp_path: Path) -> None:
    if find_spec("pypiserver") is None:  # its import changes how others are imported
        pytest.skip("pypiserver is not installed")
    with _pypiserver(wheels) as address:
        done = _run(address, "--into", tmp_path / "rows", "--no-hashes")
    assert (done.returncode, done.stderr) == (0, "")
    remote = {row["file"]: row for row in _rows(tmp_path / "rows")}
    _run(wheels, "--into", tmp_path / "local", "--no-hashes")
    local = {row["file"]: row for row in _rows(tmp_path / "local")}
    assert remote.keys() <= local.keys()  # the server leaves out names that it does not take for wheels
    assert len(remote) > len(local) / 2
    for name, row in remote.items():
        assert {**row, "place": "", "fetched": 0} == {**local[name], "place": "", "fetched": 0}


def test_credentials_are_in_no_row(wheels: Path, tmp_path: Path) -> None:
    with serving(folder(wheels)) as address:
        secret = address.replace("//", "//me:s3cr3t@")
        listed = tmp_path / "list.txt"
        listed.write_text("".join(f"{secret}{path.name}?token=s3cr3t\n" for path in wheels.iterdir()))
        done = _run(listed, "--into", tmp_path / "rows")
    assert (done.returncode, done.stderr) == (0, "")
    assert not [row for row in _rows(tmp_path / "rows") if not row["fetched"] and not row["error"]]
    assert "s3cr3t" not in done.stdout + json.dumps(_rows(tmp_path / "rows"))


def test_floors_have_no_architecture(tmp_path: Path) -> None:
    """Not even that of a tag which the files contradict."""
    wheels = [wheel for wheel in WHEELS if "wrong_arch" in wheel.name or "healthy_x86_64" in wheel.name]
    done = _run(*wheels, "--into", tmp_path / "rows", "--format", "json")
    floors = {row["tag"] for row in json.loads(done.stdout)["floors"]}
    assert "manylinux_2_17" in floors
    assert all(re.fullmatch(r"linux|(many|musl)linux_\d+_\d+", tag) for tag in floors)
