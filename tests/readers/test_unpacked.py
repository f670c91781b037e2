"""Code that is in no wheel: ELF files, and installed distributions; nothing passes that was not looked at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from diagnose.engine import registry

WHEELS = Path(__file__).resolve().parents[2] / "fixtures" / "wheels"


def diagnose(*words: str | Path, folder: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "diagnose", "wheel", *map(str, words)]
    return subprocess.run(command, cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True)


def judged(*words: str | Path, code: int = 0, **environ: str) -> list[dict[str, Any]]:
    done = diagnose(*words, "--format", "json", **environ)
    assert (done.returncode, done.stderr) == (code, ""), done.stdout + done.stderr
    subjects: list[dict[str, Any]] = json.loads(done.stdout)["subjects"]
    return subjects


def fixture(start: str) -> Path:
    return min(WHEELS.glob(f"{start}-*.whl"))  # -1 is the broken one


def unpacked(start: str, folder: Path) -> Path:
    """Unpack the fixture wheel whose name begins so, as an installer does; return *folder*."""
    with zipfile.ZipFile(fixture(start)) as archive:
        archive.extractall(folder)
    return folder


def extension(folder: Path) -> Path:
    return next(folder.rglob("*.so"))


def test_an_elf_file_is_judged_by_its_code_alone(tmp_path: Path) -> None:
    file = extension(unpacked("wheel_glibc_too_new", tmp_path))
    (result,) = judged(file)
    assert (result["outcome"], result["findings"], result["error"]) == ("not-judged", [], None)
    assert result["facts"]["lowest_tag"] == "manylinux_2_38_x86_64"
    assert (result["facts"]["layout"], result["facts"]["judged"], result["facts"]["tags"]) == ("code", False, [])
    assert "a bare file has no tag" in result["headline"]
    code = {check.id for check in registry.load("wheel") if check.needs == "code"}
    assert set(result["passed"]) <= code and result["passed"]
    assert code | set(result["not_applicable"]) == {check.id for check in registry.load("wheel")}


@pytest.mark.parametrize("start", ["wheel_execstack", "wheel_textrel", "wheel_glibc_marker", "wheel_page_alignment"])
def test_what_code_alone_shows_is_found_with_and_without_its_wheel(start: str, tmp_path: Path) -> None:
    folder = unpacked(start, tmp_path)
    wheel = fixture(start)
    code = {check.id for check in registry.load("wheel") if check.needs == "code"}
    of_wheel = {one["check"] for one in judged(wheel, "--fail-on", "never")[0]["findings"]} & code
    found = [one for result in judged("--elf", folder, "--fail-on", "never") for one in result["findings"]]
    assert {one["check"] for one in found} == of_wheel != set()
    assert all(one["fixes"] == [] for one in found)


def test_a_library_beyond_every_policy_is_named(tmp_path: Path) -> None:
    (result,) = judged(extension(unpacked("wheel_external_lib", tmp_path)))
    assert "qualifies for no manylinux or musllinux: needs lib" in result["headline"]


def test_an_installed_distribution_has_the_verdict_of_its_wheel(tmp_path: Path) -> None:
    for start in ("healthy_abi3", "wheel_glibc_too_new"):
        site = unpacked(start, tmp_path / start)
        (wheel,) = judged(fixture(start), "--fail-on", "never")
        (result,) = judged(site, "--fail-on", "never")
        for key in ("lowest_tag", "symbol_tag", "tags", "bundled_libraries", "generator"):
            assert result["facts"][key] == wheel["facts"][key], key
        assert [one["check"] for one in result["findings"]] == [one["check"] for one in wheel["findings"]]
        assert (result["outcome"], result["facts"]["layout"]) == (wheel["outcome"], "installed")
        assert all(one["fixes"] == [] for one in result["findings"])


def test_a_file_that_changed_after_the_installation(tmp_path: Path) -> None:
    site = unpacked("healthy_abi3", tmp_path)
    with extension(site).open("ab") as file:
        file.write(b"x")
    (result,) = judged(site)
    assert [(one["check"], one["severity"]) for one in result["findings"]] == [("wheel-record-invalid", "warning")]


def test_a_native_file_that_is_gone_leaves_the_outcome_open(tmp_path: Path) -> None:
    site = unpacked("healthy_abi3", tmp_path)
    extension(site).unlink()
    (result,) = judged(site)
    assert result["outcome"] == "cannot-tell"
    assert any("No such file" in line for line in result["unseen"])


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    site = unpacked("wheel_glibc_too_new", tmp_path / "site")
    file = extension(site)
    elsewhere = tmp_path / "secret.so"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    (result,) = judged(site)
    assert (result["outcome"], result["facts"]["elf_files"]) == ("cannot-tell", [])
    assert diagnose("--elf", site).returncode == 2  # no other file


def test_what_was_not_installed_from_a_wheel(tmp_path: Path) -> None:
    site = unpacked("healthy_abi3", tmp_path)
    next(site.glob("*.dist-info/WHEEL")).unlink()
    done = diagnose(site)
    assert (done.returncode, "has no WHEEL: not installed from a wheel" in done.stdout) == (2, True)


def test_installed_by_name(tmp_path: Path) -> None:
    unpacked("healthy_abi3", tmp_path / "lib" / "python3.12" / "site-packages")
    (result,) = judged("--installed", "Healthy-ABI3", VIRTUAL_ENV=str(tmp_path))
    assert (result["outcome"], result["facts"]["version"]) == ("ok", "2")
    done = diagnose("--installed", "other", VIRTUAL_ENV=str(tmp_path))
    assert (done.returncode, len(done.stdout.splitlines())) == (2, 1)
    assert "other: not installed in " in done.stdout
    done = diagnose("--installed", "other", VIRTUAL_ENV=str(tmp_path / "none"))
    assert "which has no site-packages" in done.stdout


def test_files_of_two_processors_are_two_subjects(tmp_path: Path) -> None:
    unpacked("wheel_wrong_arch", tmp_path / "a")
    unpacked("healthy_abi3", tmp_path / "b")
    found = judged("--elf", tmp_path, "--fail-on", "never")
    arches = [result["facts"]["arch"] for result in found]
    assert len(arches) == len(set(arches)) > 1


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("demo-1.0-py312_0.conda", b"PK", "not a zip archive"),
        ("demo-1.0-py312_0.tar.bz2", b"BZh", "a conda package of the old form"),
        ("notes.txt", b"hello", "not a wheel's file name"),
        ("cut.so", b"\x7fELF", ""),
    ],
)
def test_bad_input_is_one_line(name: str, content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    done = diagnose(name, folder=tmp_path)
    if reason:
        assert (done.returncode, done.stderr) == (2, "")
        assert [reason in line for line in done.stdout.splitlines()] == [True]
    else:
        assert "error[wheel-elf-broken]" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("--elf", "nothing.so"),
        (),
        ("--apply", "--out-dir", "x", "--installed", "a"),
        ("--fix-format", "sh", "--installed", "a"),
    ],
)
def test_wrong_usage(words: tuple[str, ...], tmp_path: Path) -> None:
    unpacked("healthy_abi3", tmp_path / "lib" / "python3.12" / "site-packages")
    done = diagnose(*words, folder=tmp_path, VIRTUAL_ENV=str(tmp_path))
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


def test_an_empty_folder_and_one_that_cannot_be_read(tmp_path: Path) -> None:
    for words in ((tmp_path,), ("--elf", tmp_path)):
        done = diagnose(*words)
        assert (done.returncode, len(done.stdout.splitlines())) == (2, 1)
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("every folder can be read here")
    tmp_path.chmod(0)
    try:
        assert diagnose("--elf", tmp_path).returncode == 2
    finally:
        tmp_path.chmod(0o700)
