"""What ``diagnose wheel`` is given: folders, patterns, everything in dist/, standard input."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WHEELS = Path(__file__).parents[2] / "fixtures" / "wheels"
BROKEN = next(WHEELS.glob("wheel_glibc_too_new-1-*.whl"))
HEALTHY = next(WHEELS.glob("healthy_abi3-*.whl"))


def run(*args: str | Path, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "diagnose", *map(str, args)]
    done = subprocess.run(command, capture_output=True, timeout=60, cwd=cwd, input=stdin)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A dist/ as publishing tools leave it."""
    folder = tmp_path / "dist"
    folder.mkdir()
    shutil.copy(HEALTHY, folder)
    for name in (
        "a-1.0.tar.gz",
        "a-1.0.zip",
        "a-1.0.tar.gz.asc",
        "a.whl.publish.attestation",
        "SHA256SUMS",
        "sha256sum.txt",
    ):
        (folder / name).write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize("quoted", [False, True])
def test_other_files_next_to_wheels_are_skipped_with_a_line(dist: Path, quoted: bool) -> None:
    paths = ["dist/*"] if quoted else sorted(str(path.relative_to(dist)) for path in dist.glob("dist/*"))
    result = run("wheel", *paths, cwd=dist)
    assert result.returncode == 0
    assert "skipped dist/a-1.0.tar.gz: a source distribution, not a wheel\n" in result.stderr
    assert result.stderr.count("skipped ") == 6
    assert result.stdout == run("wheel", "dist", cwd=dist).stdout != ""
    assert run("wheel", "-q", *paths, cwd=dist).stderr == ""


def test_only_a_source_distribution_is_an_error(dist: Path) -> None:
    result = run("wheel", "dist/a-1.0.tar.gz", cwd=dist)
    assert (result.returncode, result.stdout) == (2, "✗ dist/a-1.0.tar.gz: a source distribution, not a wheel\n")


@pytest.mark.parametrize(("wheel", "code"), [(HEALTHY, 0), (BROKEN, 1)])
def test_standard_input(wheel: Path, code: int, tmp_path: Path) -> None:
    named, piped = (
        run("wheel", "--format", "json", path, cwd=tmp_path, stdin=wheel.read_bytes()) for path in (wheel, "-")
    )
    assert (named.returncode, piped.returncode) == (code, code)
    left, right = (json.loads(result.stdout)["subjects"][0] for result in (named, piped))
    assert [found["check"] for found in left["findings"]] == [found["check"] for found in right["findings"]]
    assert left["facts"] == right["facts"]
    assert right["unseen"][-1].startswith("the file name: the wheel came from standard input")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "standard input is empty"),
        (b"not a zip archive", "standard input: not a wheel: not a zip archive that can be read"),
        (b"PK\x05\x06" + bytes(18), "standard input: not a wheel: a zip archive without one *.dist-info/WHEEL"),
    ],
)
def test_no_wheel_on_standard_input_is_one_line(data: bytes, message: str, tmp_path: Path) -> None:
    result = run("wheel", "-", cwd=tmp_path, stdin=data)
    assert (result.returncode, result.stdout, result.stderr) == (2, f"✗ {message}\n", "")


def test_a_name_made_from_metadata_stays_in_its_folder(tmp_path: Path) -> None:
    import io
    import zipfile

    for tag in ("py3-none-../../../etc/x", "py3-none-a\0b", "py3", "py3-none-" + "a" * 300):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("a-1.dist-info/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        result = run("wheel", "-", cwd=tmp_path, stdin=buffer.getvalue())
        assert (result.returncode, result.stdout.count("\n"), result.stderr) == (2, 1, "")
