"""Each wheel has one row in the end: on processes of this machine, on a Dask cluster, and when workers are killed."""

from __future__ import annotations

import contextlib
import os
import platform
import random
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import killing
import pytest

from diagnose.index import executors, judging, scheduling
from diagnose.index.executors import DaskWorkers, LocalWorkers, Workers
from diagnose.index.judging import RunFlags
from diagnose.index.locations import Location
from diagnose.index.rows import Row
from diagnose.model.finding import InputError

FIXTURES = Path(__file__).parents[2] / "fixtures" / "wheels"
WHEELS = [Location(str(path), path.stat().st_size) for path in sorted(FIXTURES.glob("*.whl"))][::3]

BULK = random.Random(1).randbytes(4096) * 1000

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be killed")


@pytest.fixture
def local() -> Iterator[Workers]:
    workers = LocalWorkers(2)
    yield workers
    workers.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a scheduler with two worker processes, as their commands start them."""
    distributed = pytest.importorskip("distributed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    place = tmp_path_factory.mktemp("dask")
    paths = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    with contextlib.ExitStack() as stack:
        for command in (
            ("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show"),
            ("worker", address, "--nworkers", "2", "--nthreads", "1", "--no-dashboard"),
        ):
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{command[0]}", *command[1:]],
                env={**os.environ, "PYTHONPATH": paths},
                cwd=place,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
        with distributed.Client(address, timeout=120, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=120)  # the second may start long after the first
        yield address


def _judged(wheels: list[Location], workers: Workers, judge: object = judging.judge) -> list[Row]:
    rows: list[Row] = []
    scheduling.judge_all(wheels, workers, RunFlags(), rows.extend, judge=judge)  # type: ignore[arg-type]
    return sorted(rows)


def test_batches_are_full_or_large() -> None:
    small = [Location(f"{number}.whl", 1000) for number in range(250)]
    assert [len(batch) for batch in scheduling.batches(small)] == [100, 100, 50]
    assert [len(batch) for batch in scheduling.batches([Location("x.whl", 30 << 20)] * 5)] == [2, 2, 1]
    assert [len(batch) for batch in scheduling.batches([Location("https://x.example/x.whl")] * 51)] == [50, 1]


def test_processes_give_the_rows_that_one_call_gives(local: Workers) -> None:
    assert _judged(WHEELS, local) == sorted(judging.judge(WHEELS, RunFlags()))


@needs_fork
def test_a_wheel_that_kills_its_process_is_a_row(local: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(killing.__file__).parent))  # where processes are not forked
    wheels = [Location(f"{number}.whl") for number in range(205)] + [Location("poison.whl")]
    rows = _judged(wheels, local, killing.judge)
    assert sorted(row.place for row in rows) == sorted(wheel.place for wheel in wheels)
    (lost,) = [row for row in rows if row.outcome != "ok"]
    assert lost.file == "poison.whl"
    assert lost.error == "poison.whl: not inspected: the process that read it was killed (BrokenProcessPool)"


def test_no_more_is_given_out_than_the_workers_need() -> None:
    asked: list[int] = []

    def wheels() -> Iterator[Location]:
        for number in range(10_000):
            asked.append(number)
            yield Location(f"{number}.whl", 1)

    workers = LocalWorkers(1)
    most = 0

    def take(rows: list[Row]) -> None:
        nonlocal most, taken
        taken += len(rows)
        most = max(most, len(asked) - taken)

    taken = 0
    try:
        scheduling.judge_all(wheels(), workers, RunFlags(), take, judge=_empty)
    finally:
        workers.close()
    assert taken == 10_000
    assert most <= (scheduling.AHEAD + 1) * scheduling.BATCH


def _empty(batch: tuple[Location, ...], flags: RunFlags) -> list[Row]:
    return [Row(wheel.label, wheel.file_name) for wheel in batch]


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_gives_the_rows_that_this_machine_gives(cluster: str) -> None:
    workers = DaskWorkers(cluster)
    try:
        assert workers.count() == 2
        assert _judged(WHEELS, workers) == sorted(judging.judge(WHEELS, RunFlags()))
    finally:
        workers.close()


@needs_fork
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_whose_workers_are_killed_loses_no_row(cluster: str) -> None:
    workers = DaskWorkers(cluster)
    wheels = [Location(f"{number}.whl") for number in range(60)] + [Location("poison.whl")]
    try:
        rows = _judged(wheels, workers, killing.judge)
    finally:
        workers.close()
    assert sorted(row.place for row in rows) == sorted(wheel.place for wheel in wheels)
    assert [row.error for row in rows if row.outcome != "ok"] == [
        "poison.whl: not inspected: the process that read it was killed (KilledWorker)"
    ]


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_of_another_release_is_refused(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "__version__", "0.0.1")
    with pytest.raises(InputError, match=r"its workers have crosslink-diagnose .*, not 0\.0\.1"):
        DaskWorkers(cluster)


@pytest.mark.filterwarnings("ignore")
def test_no_scheduler_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(executors, "PATIENCE", 0.5)
    with pytest.raises(InputError, match=r"tcp://127\.0\.0\.1:1: no scheduler with workers"):
        DaskWorkers("tcp://127.0.0.1:1")


def test_without_distributed_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"install crosslink-diagnose\[dask\]"):
        DaskWorkers("tcp://127.0.0.1:1")


def test_progress_says_what_is_left() -> None:
    now = [0.0]
    pace = scheduling.Pace(lambda: now[0])
    now[0], pace.done = 10.0, 50
    assert pace.words() == "50 wheels, 5.0 a second"
    pace.expected = 36_050
    assert pace.words() == "50 wheels, 5.0 a second, 2:00:00 left"


FAULTS = """
import resource, sys
from diagnose.index import judging
from diagnose.index.locations import Location
def faults(path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    (row,) = judging.judge([Location(path)], judging.RunFlags())
    assert row.outcome == "ok", row
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
first, again = faults(sys.argv[1]), faults(sys.argv[1])
print(again)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the environment's settings are glibc's")
def test_a_worker_keeps_freed_memory_though_dask_forbids_it(tmp_path: Path) -> None:
    """Each buffer of some megabytes would be new to the system, and cost a fault for every page."""
    pytest.importorskip("deflate")
    given = next(path for path in FIXTURES.glob("healthy_x86_64-*.whl"))
    wheel = tmp_path / given.name
    with zipfile.ZipFile(given) as old, zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("RECORD"):
                for number in range(12):
                    new.writestr(f"more/{number}.txt", BULK)
                    content += f"more/{number}.txt,,\n".encode()
            new.writestr(name, content)
    counts = {}
    for setting in ("", "65536"):
        env = {name: value for name, value in os.environ.items() if name != "MALLOC_TRIM_THRESHOLD_"}
        env |= {"MALLOC_TRIM_THRESHOLD_": setting} if setting else {}
        command = [sys.executable, "-c", FAULTS, str(wheel)]
        counts[setting] = int(subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout)
    pages = 12 * len(BULK) // os.sysconf("SC_PAGE_SIZE")
    assert counts["65536"] < counts[""] + pages // 4
