"""JSON Lines are written while the inputs are judged, in order, and little of them is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnose.cli import report, streaming, workers
from diagnose.cli.destinations import Destination
from diagnose.cli.errors import OutputError
from diagnose.cli.options import Output, Selection
from diagnose.config.settings import Settings
from diagnose.engine.run import Report, Result
from diagnose.model.finding import Declaration, Evidence, Finding, Severity

WHEELS = Path(__file__).resolve().parents[2] / "fixtures" / "wheels"
NOTE = Finding("m", Severity.NOTE, (Evidence("d", path="p"),), check="wheel-x")


def results(number: int, *, error: int = -1) -> Iterator[Result]:
    for one in range(number):
        facts = {"elf_files": [{"needed": [f"lib{one % 3}.so"]}], "bulk": "x" * 1000}
        yield Result("wheel", f"w{one}", facts, (NOTE,), error="bad" if one == error else None)


def test_a_row_is_there_before_the_next_input_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[int] = []

    def judged() -> Iterator[Result]:
        for result in results(3):
            seen.append(len(capsys.readouterr().out.splitlines()))
            yield result

    file = tmp_path / "rows.jsonl"
    output = Output(format=("jsonl", f"jsonl={file}"))
    assert report.finish(judged(), output, Selection()) == 0
    assert seen == [0, 1, 1]
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["name"] for row in rows] == ["w0", "w1", "w2"]


def test_workers_answer_in_order_before_all_is_done(tmp_path: Path) -> None:
    signal = tmp_path / "go"
    os.mkfifo(signal)

    def work(item: int) -> int:
        if item == 9:
            signal.read_text()  # until the first answer has arrived
        return item * item

    answers = workers.run(work, range(10), 2)
    assert next(answers) == 0
    signal.write_text("go")
    assert list(answers) == [number * number for number in range(1, 10)]


def test_few_answers_wait_for_a_slow_one(tmp_path: Path) -> None:
    begun, signal = tmp_path / "begun", tmp_path / "go"
    begun.mkdir()
    os.mkfifo(signal)
    done: list[int] = []

    def work(item: int) -> int:
        (begun / str(item)).touch()
        if item == 0:
            signal.read_text()
        return item

    def progress(number: int) -> None:
        done.append(number)
        if number == 4:  # all that may be begun before the first is done
            assert {one.name for one in begun.iterdir()} == {"0", "1", "2", "3", "4"}
            signal.write_text("go")

    assert list(workers.run(work, range(20), 2, progress, ahead=5)) == list(range(20))
    assert done == list(range(1, 21)) and len(list(begun.iterdir())) == 20


def test_a_killed_worker_holds_nobody_up() -> None:
    def work(item: int) -> int:
        if item == 0:
            os.kill(os.getpid(), 9)
        return item

    first, *others = workers.run(work, range(20), 2, ahead=3)
    assert first == workers.LostWorker("killed by SIGKILL") and others == list(range(1, 20))


def test_who_stops_early_leaves_no_worker() -> None:
    def work(item: int) -> int:
        return os.getpid()

    answers = workers.run(work, range(1000), 2, ahead=4)
    worker = next(answers)
    assert isinstance(worker, int) and worker != os.getpid()
    answers.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


@pytest.mark.parametrize("number", [10, 5000])
def test_what_is_kept_does_not_grow(number: int, tmp_path: Path) -> None:
    kept: list[Result] = []

    def judge(judged: object) -> Report:
        kept.extend(judged)  # type: ignore[call-overload]
        return Report(tuple(kept))

    place = Destination("jsonl", str(tmp_path / "x"))
    settings = Settings(excludes=("libx.so",))
    made = streaming.write_rows(results(number), [place], judge, Selection(settings=settings), keep=False)
    assert len(kept) == 3 and made.exit_code() == 0  # one for each set of needed libraries
    assert (tmp_path / "x").read_text().count("\n") == number


def test_exit_code_and_notices_are_those_of_the_whole(tmp_path: Path) -> None:
    declared = NOTE._replace(
        check="wheel-y", consequences=(NOTE._replace(declared=(Declaration(2, "r", "", ("n",)),)),)
    )
    given = [
        *results(4, error=2),
        Result("wheel", "last", {"elf_files": []}, (declared, NOTE._replace(severity=Severity.ERROR))),
    ]
    reports = []

    def judge(judged: object) -> Report:
        reports.append(Report(tuple(judged)))  # type: ignore[arg-type]
        return reports[-1]

    for keep in (True, False):
        place = Destination("jsonl", str(tmp_path / "x"))
        streaming.write_rows(iter(given), [place], judge, Selection(), keep)
    whole, rest = reports
    assert whole.exit_code() == rest.exit_code() == 2
    numbers = [
        {one.number for result in made.results for f in result.findings for one in streaming._declared(f)}
        for made in reports
    ]
    assert numbers == [{2}, {2}] and whole.count(Severity.ERROR) == rest.count(Severity.ERROR)


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text("before")

    def stopped() -> Iterator[Result]:
        yield from results(2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        report.finish(stopped(), Output(format=(f"jsonl={file}",)), Selection())
    assert [one.name for one in tmp_path.iterdir()] == ["rows.jsonl"] and file.read_text() == "before"
    with pytest.raises(OutputError, match="/dev/full: No space left on device"):
        report.finish(results(200), Output(format=("jsonl=/dev/full",)), Selection())


def test_the_last_row_has_the_notices(tmp_path: Path) -> None:
    (tmp_path / "diagnose.toml").write_text('allow = [{id = "wheel-rpath", library = "libnone.so", reason = "r"}]\n')
    command = [sys.executable, "-m", "diagnose", "wheel", "--format=jsonl", *sorted(map(str, WHEELS.glob("healthy_*")))]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    *rows, last = map(json.loads, done.stdout.splitlines())
    assert [row["name"] for row in rows] == sorted(path.name for path in WHEELS.glob("healthy_*"))
    assert list(last) == ["schema", "notices"] and "matches no finding" in last["notices"][0]
