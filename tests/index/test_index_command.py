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
from diagnose.model.finding import InputError

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


_SLOW = """
import time
from diagnose.readers.wheel import reader
read = reader.read
def slow(*args, **options):
    time.sleep(0.5)
    return read(*args, **options)
reader.read = slow
from diagnose.cli import fast
fast.main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process is killed while it is stopped")
@pytest.mark.parametrize("stopped", [False, True])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_ends_all_workers(wheels: Path, number: signal.Signals, stopped: bool, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _SLOW, "index", str(wheels), "--into", str(tmp_path / "rows"), "--workers", "3"]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    end = time.monotonic() + 30
    while len(workers := [int(word) for word in listed.read_text().split()]) < 3:
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.05)
    time.sleep(0.3)
    if stopped:
        os.kill(workers[0], signal.SIGSTOP)
    process.send_signal(number)
    try:
        _, said = process.communicate(timeout=10)
        assert (process.returncode, said) == (128 + number if number != signal.SIGKILL else -number, "")
        end = time.monotonic() + 5
        while any(_runs(worker) for worker in workers):
            assert time.monotonic() < end, "a worker is left"
            time.sleep(0.05)
    finally:
        for worker in filter(_runs, workers):
            os.kill(worker, signal.SIGKILL)
        process.kill()
    done = _run(wheels, "--into", tmp_path / "rows")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(_rows(tmp_path / "rows")) == len(WHEELS[::10])


def _runs(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_names_that_are_not_utf_8(form: str, wheels: Path, tmp_path: Path) -> None:
    shutil.copy(WHEELS[0], os.fsencode(wheels) + b"/caf\xe9-1-py3-none-any.whl")
    for _ in range(2):
        done = _run(wheels, "--into", tmp_path / "rows", "--rows", form)
        assert (done.returncode, done.stderr) == (0, "")
        rows = _rows(tmp_path / "rows")
        assert len(rows) == len(WHEELS[::10]) + 1
    assert [row for row in rows if "caf\\udce9" in row["place"]]


_ROW = {"place": "a", "file": "a", "name": "", "version": "", "tags": [], "outcome": "ok", "error": "", "findings": []}
_ROW |= {"not_made": [], "unseen": [], "arch": "", "libc": "", "lowest_tag": "", "generator": "", "uploaded": ""}
_ROW |= {"size": 0, "fetched": 0}


@pytest.mark.parametrize(
    "part",
    [
        b"[]\n", b"7\n", b"{}\n", b"{\n", b"\xff\n", b"[" * 100_000, b"1" * 5000, b'"\\ud800"',
        *(json.dumps({**_ROW, name: 7.5}).encode() for name in _ROW),
        json.dumps({**_ROW, "findings": [{}]}).encode(),
        json.dumps({**_ROW, "tags": [None]}).encode(),
    ],
)  # fmt: skip
def test_rows_that_no_run_has_written(part: bytes, tmp_path: Path) -> None:
    (tmp_path / "part-000001.jsonl").write_bytes(json.dumps(_ROW).encode() + b"\n" + part)
    with pytest.raises(InputError, match=r"part-000001\.jsonl: cannot be read: [^\n]+$"):
        list(store.read(str(tmp_path)))


def test_parts_that_are_no_files(tmp_path: Path) -> None:
    for form in store.FORMS:
        os.mkfifo(tmp_path / f"part-000001.{form}")
        with pytest.raises(InputError, match="not a regular file"):
            list(store.read(str(tmp_path)))
        (tmp_path / f"part-000001.{form}").unlink()
    (tmp_path / "part-000001.parquet").write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    with pytest.raises(InputError, match=r"parquet: [^\n]+$"):
        list(store.read(str(tmp_path)))
    os.mkfifo(tmp_path / "about.json")
    done = _run(tmp_path, "--into", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "about.json: cannot be read: not a regular file" in done.stderr


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
    for wrong in ("no,number\nat,all\n", '{"a": ' + "9" * 400 + "}", '{"a": 1e999}', "a,nan\nb,nan", '{"a": -1}', "["):
        weights.write_text(wrong)
        done = _run("--into", tmp_path / "rows", "--weights", weights)
        assert "not a list of projects" in done.stderr and done.stderr.count("\n") == 1


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
