"""Any one file of a root turned into something else: one line or an answer, within bounds, and never a traceback."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from roots import CAUSES, cases, look

from diagnose.engine.run import run_checks
from diagnose.readers import env

CASES = ("trixie-no-library", "native-healthy", "noble-404", "manylinux2014-old-image", "musllinux_1_2-no-library")


def _sparse(path: Path) -> None:
    with open(path, "wb") as file:
        file.truncate(100 << 20)


def _write(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


TURNED: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "loop of links": lambda path: path.symlink_to(path.name),
    "dangling link": lambda path: path.symlink_to("/no/where"),
    "link out of the root": lambda path: path.symlink_to("/" + "../" * 40 + "etc/passwd"),
    "link to the kernel": lambda path: path.symlink_to("/proc/self/fd/0"),
    "folder": lambda path: path.mkdir(),
    "nothing in it": _write(b""),
    "binary": _write(bytes(range(256)) * 64),
    "not UTF-8": _write(b"\xff\xfe name = \xc3\n" * 50),
    "one long line": _write(b"a" * (3 << 20)),
    "brackets": _write(b"[" * 100_000),
    "huge": _sparse,
    "ELF of noise": _write(b"\x7fELF\x02\x01\x01" + bytes(range(7, 256)) * 20),
    "a script that calls itself": _write(b'#!/bin/sh\nexec pkg-config "$@"\n'),
    "itself in a script": _write(b"INPUT(" + b"-lasound libasound.so " * 2000 + b")"),
    "a module of itself": _write(
        b"Name: a\nDescription: a\nVersion: 1\nRequires: alsa, alsa\nLibs: ${a}\na=${b}${b}\nb=${a}\n"
    ),
    "variables of variables": _write(
        b"".join(b"v%d=${v%d}${v%d}\n" % (n, n + 1, n + 1) for n in range(60))
        + b"v60=x\nName: a\nVersion: 1\nLibs: ${v0}\n"
    ),
}


@contextmanager
def _within(seconds: int) -> Iterator[None]:
    def late(*_: object) -> None:
        raise TimeoutError(f"still at work after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, list[str]]]:
    found = {}
    for name in CASES:
        folder = tmp_path_factory.mktemp("whole")
        cases.furnish(cases.CASES[name], str(folder))
        paths = [os.path.join(base, one) for base, folders, files in os.walk(folder) for one in (*folders, *files)]
        found[name] = folder, sorted(os.path.relpath(path, folder) for path in paths)[1:]
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(CASES), turned=st.sampled_from(sorted(TURNED)), data=st.data())
def test_any_file_may_be_anything(
    furnished: dict[str, tuple[Path, list[str]]], tmp_path: Path, name: str, turned: str, data: st.DataObject
) -> None:
    folder, paths = furnished[name]
    path = data.draw(st.sampled_from([path for path in paths if path not in ("root", "project")]))
    work = tmp_path / "work"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(folder, work, symlinks=True, copy_function=os.link)
    place = work / path
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink()
    TURNED[turned](place)
    case = cases.CASES[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with _within(60):
        result = run_checks("env", "root", lambda: look(case, str(work / "root")), env.facts, CAUSES)
    if result.error is not None:
        assert "\n" not in result.error
        assert len(result.error) < 300
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 << 10  # KiB
