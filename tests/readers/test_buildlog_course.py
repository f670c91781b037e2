"""The course of a build: the outcome that its tools' marks show, and unknown outcomes."""

from __future__ import annotations

import random

import pace
import pytest

from diagnose.readers import buildlog
from diagnose.readers.buildlog.course import Ending
from diagnose.readers.buildlog.marks import MARKS, STAGES, Sign

FAILURES = [
    "=========== 1 failed, 2 passed in 0.06s ============",
    "1 failed in 0.06s",
    "2 errors in 0.10s",
    "!!!!!!!!!!!!!!!!!!!! Interrupted: 1 error during collection !!!!!!!!!!!!!!!!!!!!",
    "no tests ran in 0.01s",
    "FAILED (failures=1)",
    "FAILED (errors=2, skipped=1)",
    "  py310: FAIL code 1 (0.10=setup[0.05]+cmd[0.05] seconds)",
    "  evaluation failed :( (0.15 seconds)",
    "nox > Session tests-3.9 failed.",
    "test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
    "Aborted (core dumped)",
    "Aborted",
    "Segmentation fault",
    "./run.sh: line 3: 12345 Segmentation fault      (core dumped) ./a.out",
    "Killed",
    "Illegal instruction (core dumped)",
    "Bus error",
    "Fatal glibc error: CPU does not support x86-64-v2",
    "##[error]Process completed with exit code 1.",
    "2024-11-26T19:26:50.1234567Z ##[error]The operation was canceled.",
    "::error::it is broken",
    "fatal: could not read Username for 'https://git.example': terminal prompts disabled",
    "ninja: build stopped: subcommand failed.",
    "  × No solution found when resolving dependencies:",
    'meson.build:3:0: ERROR: Dependency "x" was not to be had',
    "-- Configuring incomplete, errors occurred!",
    "make: *** [Makefile:3: all] Error 1",
    'ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 2',
    "npm ERR! code ELIFECYCLE",
    " ELIFECYCLE  Command failed with exit code 1.",
    "error Command failed with exit code 1.",
    "ERROR: Job failed: exit code 1",
    'The command "make" exited with 2.',
    "99% tests passed, 1 tests failed out of 120",
    "configure: exit 77",
    '{"reason":"build-finished","success":false}',
    "bash: line 1: foo: command not found",
    "ModuleNotFoundError: No module named 'numpy'",
]
SUCCESSES = [
    "=========== 3 passed, 1 skipped, 2 warnings in 0.06s ============",
    "12 passed in 3.21s",
    "3 skipped in 0.01s",
    "Ran 3 tests in 0.010s\n\nOK",
    "Ran 3 tests in 0.010s\n\nOK (skipped=1)",
    "  congratulations :) (3.25 seconds)",
    "nox > Session tests-3.12 was successful.",
    "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
    "    Finished `release` profile [optimized] target(s) in 0.41s",
    "📦 Built wheel for abi3 Python ≥ 3.8 to /io/target/wheels/demo-0.1.0-cp38-abi3-linux_x86_64.whl",
    "Successfully installed demo-1.0",
    "Installed 3 packages in 12ms",
    "-- Build files have been written to: /w/build",
    "[12/12] Linking CXX executable demo",
    "OK: 123 MiB in 40 packages",
    "Complete!",
    "100% tests passed, 0 tests failed out of 120",
    "Job succeeded",
    "4 wheels produced in 3 minutes:",
    "configure: exit 0",
    '{"reason":"build-finished","success":true}',
]
WHOLES = [
    "#5 [2/2] RUN make\n#5 0.5 built\n#5 DONE 0.5s\n\n#6 exporting to image\n"
    "#6 naming to docker.io/library/demo:1 done\n#6 DONE 0.1s",
    "#9 [b 2/2] RUN make\n#9 DONE 0.5s\n#10 exporting to client directory\n"
    "#10 copying files 9.5MB 0.1s done\n#10 DONE 0.1s",
    "WARNING: No output specified with docker-container driver. Build result will only remain in the build cache.\n"
    "#5 [2/2] RUN make\n#5 DONE 0.5s",
    "Building cp312-manylinux_x86_64 wheel\nSuccessfully built demo\nRepairing wheel...\n"
    "1 wheels produced in 1 minutes:",
]
NEITHER = [
    "done",
    "   Compiling demo v0.1.0 (/w)",
    "    Finished `dev` profile target(s) in 1.2s\n============ test session starts ============\nt.py ..",
    "fatal: not a git repository (or any of the parent directories): .git",
    "warning: unused variable: `error`",
    "   Compiling thiserror v2.0.11\n   Compiling error-chain v0.12.4",
    "checking for strerror... no",
    "pip 24.0 from /usr/lib/python3/dist-packages/pip (python 3.12)",
    "0 errors, 3 warnings",
    # what a tool is done with is a part of the work of the one that runs it
    "    Finished `test` profile [unoptimized + debuginfo] target(s) in 0.50s",
    "🔗 Found pyo3 bindings\n    Finished `release` profile [optimized] target(s) in 0.41s\n"
    "🔗 External shared libraries to",
    "Collecting demo\n    Finished `release` profile [optimized] target(s) in 0.41s",
    "Building cp312-manylinux_x86_64 wheel\nSuccessfully built demo",
    "#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\n\n"
    "#2 [internal] load .dockerignore\n#2 DONE 0.1s",
    "#5 [2/3] RUN pip install demo\n#5 3.1 Successfully installed demo-1.0\n#5 DONE 3.5s\n\n"
    "#6 [3/3] RUN make\n#6 0.1 cc a.c",
    "build\tRun\t2024-11-26T19:26:50.1234567Z 3 passed in 1s\n"
    "lint\tRun\t2024-11-26T19:26:51.1234567Z    Compiling demo v0.1.0 (/w)",
]


def ending(text: str) -> Ending:
    """Return how the log *text* ends."""
    return buildlog.read_text(f"it begins\n{text}\n", "x.log").course.ending


@pytest.mark.parametrize("text", FAILURES)
def test_a_tools_own_word_for_a_failure(text: str) -> None:
    assert ending(text).failed and not ending(text).done


@pytest.mark.parametrize("text", SUCCESSES + WHOLES)
def test_a_tools_own_word_for_success(text: str) -> None:
    assert ending(text).done and not ending(text).failed


@pytest.mark.parametrize("text", NEITHER)
def test_without_a_mark_of_its_end_the_outcome_is_unknown(text: str) -> None:
    assert ending(text) == Ending()


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("success", SUCCESSES[::4])
def test_the_last_word_counts(failure: str, success: str) -> None:
    assert ending(f"{success}\n{failure}").failed
    if failure.startswith("nox >") and success.startswith("nox >"):
        assert ending(f"{failure}\n{success}").failed  # of several sessions, one that failed is enough
    else:
        assert not ending(f"{failure}\n{success}").failed


def test_the_success_of_one_job_does_not_cancel_the_failure_of_another() -> None:
    lines = (
        "build\tRun\t2024-11-26T19:26:50.1234567Z error: it is broken",
        "lint\tRun\t2024-11-26T19:26:50.1234567Z 3 passed in 1s",
    )
    assert ending("\n".join(lines)).failed


def test_what_floods_a_log_does_not_hide_how_it_ends() -> None:
    flood = "".join(f"error: number {number}\n" for number in range(30_000))
    assert ending(f"{flood}3 passed in 0.1s").done
    assert ending(f"3 passed in 0.1s\n{flood}error: the last").failed == 30_003


def test_what_failed_in_an_attempt_that_is_repeated_does_not_count() -> None:
    attempt = "##[warning]Attempt 1 failed. Reason: Child_process exited with error code 1"
    failure = "ERROR: No matching distribution found for demo"
    assert ending(f"{failure}\n{attempt}\n") == Ending()
    assert ending(f"{failure}\n{attempt}\n3 passed in 0.1s").done == 4
    assert ending(f"{failure}\n{attempt}\n{failure}\n##[error]Final attempt failed.").failed == 5
    trying = "-- Trying 'Ninja' generator"
    before = "CMake Error: of the project around it"
    assert ending(f"{before}\n{trying}\nCMake Error: no ninja\n{trying} - failure\n").failed == 2
    last = "scikit-build could not get a working generator for your system. Aborting build."
    assert ending(f"{trying}\nCMake Error: no ninja\n{trying} - failure\n{last}").failed == 5


NO_LIBRARY = "/usr/bin/ld: cannot find -lfoo: No such file or directory"
CMAKE_ASKS = "Determining if the function foo exists failed with the following output:"


def test_what_a_probe_reports_does_not_count_once_another_begins() -> None:
    first, second = "configure:10: checking for foo in -lfoo", "configure:20: checking for bar"
    assert ending(f"{first}\n{NO_LIBRARY}\nconfigure:15: result: no\n{second}") == Ending()
    assert ending(f"{first}\n{NO_LIBRARY}\nconfigure:15: result: no").failed == 3
    assert ending(f"{NO_LIBRARY}\n{first}\nconfigure:15: result: yes\n").failed == 0  # configure was started later


def test_cmakes_log_of_probes_tells_nothing_of_the_build() -> None:
    tested = CMAKE_ASKS.replace("the function foo exists", "the C compiler works")
    asked = f"{CMAKE_ASKS}\n{NO_LIBRARY}\ngmake: *** [Makefile:127: cmTC_31635/fast] Error 2"
    assert ending(asked) == Ending()
    assert ending(f"{asked}\n{asked}") == Ending()
    assert ending(f"{asked}\nCMake Error at CMakeLists.txt:2 (message): no foo").failed == 5
    assert ending(f"{asked}\n{tested}\n{NO_LIBRARY}").failed == 6
    probe = f'kind: "try_compile-v1"\nchecks:\n- "Looking for foo"\n{NO_LIBRARY}\nexitCode: 2'
    assert ending(f"{probe}\n{probe}") == Ending()
    works = probe.replace("Looking for foo", "Check for working C compiler: /usr/bin/cc")
    assert ending(works.removesuffix("exitCode: 2")).failed


def test_a_function_that_configure_asks_for_is_not_one_that_an_object_needs() -> None:
    asks = "/w/conftest.c:47: undefined reference to `strlcpy'"
    assert not buildlog.read_text(f"{asks}\n", "x.log").links
    assert buildlog.read_text(f"{asks.replace('conftest', 'audio')}\n", "x.log").links


def test_every_tool_that_has_a_stage_has_marks() -> None:
    assert set(STAGES) <= {mark.tool for mark in MARKS}
    assert {mark.tool for mark in MARKS if mark.sign is Sign.FAILED} >= {"cargo", "pip", "pytest", "apt", "docker"}


def test_the_reason_of_a_panic_is_in_the_next_line() -> None:
    log = buildlog.read_text("thread 'main' panicked at src/lib.rs:1132:5:\n\nis `cmake` not installed?\n", "x.log")
    assert log.first_error is not None and log.first_error.text.endswith("is `cmake` not installed?")


def test_the_window_shows_the_lines_around() -> None:
    text = "".join(f"line {number}\n" for number in range(1, 21)) + "ValueError: no\n" + "after\n"
    log = buildlog.read_text(text, "x.log")
    assert log.last_error is not None
    window = dict(log.window(log.last_error.line))
    assert window[log.last_error.line] == "ValueError: no"
    assert window[20] == "line 20" and window[22] == "after"
    assert len(window) <= 20


def test_a_long_course_is_read_in_linear_time() -> None:
    chance = random.Random(3)
    words = [*FAILURES, *SUCCESSES, *NEITHER]
    for count in (2_000, 20_000):
        text = "\n".join(chance.choice(words) + f" {number}" for number in range(count))
        with pace.within(4):
            log = buildlog.read_text(text, "x.log")
            log.course.ending, log.first_error, log.last_error  # noqa: B018
