"""Declared intent: an entry makes exactly the findings that it describes a note, and one that does not is reported."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from diagnose.config.adjust import FindingRules
from diagnose.config.declared import AllowEntry
from diagnose.config.settings import Settings
from diagnose.model.finding import Evidence, Finding, Severity
from diagnose.reports.intent import declared

WHEELS = Path(__file__).parents[2] / "fixtures" / "wheels"


def fixture(name: str) -> str:
    return str(next(WHEELS.glob(f"{name}-1-*.whl")))


BUNDLED = fixture("wheel_bundled_hazard")
BROKEN = fixture("wheel_bundled_hazard_folder")
EXTERNAL = fixture("wheel_external_lib")
ENTRY = '[[allow]]\nid = "wheel-external-lib"\nlibrary = "libsndfile.so*"\nreason = "the README says so"\n'


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "diagnose", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=folder)


def judged(folder: Path, settings: str, *args: str) -> dict:
    (folder / "diagnose.toml").write_text(settings)
    return json.loads(run(folder, "wheel", "--format", "json", *args).stdout)


def with_library(wheel: str, folder: Path, before: str, after: str) -> str:
    """Write a copy of *wheel* whose files need *after*, which is not longer than *before*."""
    path = folder / Path(wheel).name
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        rows = []
        for info in old.infolist():
            content = old.read(info).replace(before.encode() + b"\0", after.encode().ljust(len(before) + 1, b"\0"))
            if info.filename.endswith("/RECORD"):
                content = "".join([*rows, f"{info.filename},,\n"]).encode()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            rows.append(f"{info.filename},sha256={digest},{len(content)}\n")
            new.writestr(info, content)
    return str(path)


@pytest.mark.parametrize("check", ["wheel-bundled-hazard", "wheel-external-lib"])
def test_an_alsa_wheel_passes_the_strict_gate_with_two_lines(tmp_path: Path, check: str) -> None:
    """Whether it bundles libasound or leaves it outside."""
    wheel = BUNDLED
    if check == "wheel-external-lib":
        wheel = with_library(EXTERNAL, tmp_path, "libsndfile.so.1", "libasound.so.2")
    gate = ("wheel", "--fail-on", "warning", wheel)
    assert run(tmp_path, *gate).returncode == (check == "wheel-bundled-hazard")
    (tmp_path / "pyproject.toml").write_text(
        "[tool.diagnose]\n"
        f'allow = [{{id = "{check}", library = "libasound.so.2", reason = "needs ALSA: see the installation notes"}}]\n'
    )
    done = run(tmp_path, *gate)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"note[{check}]" in done.stdout
    assert "declared: libasound.so.2: needs ALSA: see the installation notes" in done.stdout
    assert "fix:" not in done.stdout
    assert "matches no finding" not in done.stdout


def test_a_declared_error_is_a_note_and_keeps_what_it_says(tmp_path: Path) -> None:
    (finding,) = judged(tmp_path, ENTRY, EXTERNAL)["subjects"][0]["findings"]
    assert finding["severity"] == "note"
    assert finding["declared"] == [{"reason": "the README says so", "expires": "", "names": ["libsndfile.so.1"]}]
    assert "cannot open shared object file" in finding["consequence"]
    assert run(tmp_path, "wheel", "--fail-on", "warning", EXTERNAL).returncode == 0
    assert run(tmp_path, "wheel", "--fail-on", "note", EXTERNAL).returncode == 1


@pytest.mark.parametrize(
    "line",
    ['library = "libother.so*"', 'symbol = "snd_*"', 'file = "other.so"', 'library = "libsnd*"\nfile = "other.so"'],
)
def test_an_entry_that_matches_nothing_is_reported_and_changes_nothing(tmp_path: Path, line: str) -> None:
    report = judged(tmp_path, f'[[allow]]\nid = "wheel-external-lib"\nreason = "x"\n{line}\n', EXTERNAL)
    (finding,) = report["subjects"][0]["findings"]
    assert (finding["severity"], finding["declared"]) == ("error", [])
    (notice,) = report["notices"]
    assert notice.startswith("diagnose.toml:1: allow entry 1 (wheel-external-lib, ")
    assert notice.endswith("matches no finding; remove it, or correct its patterns")
    text = run(tmp_path, "wheel", EXTERNAL).stdout
    assert f"settings: {notice}" in text
    assert (
        f"::notice title=diagnose settings::{notice}" in run(tmp_path, "wheel", "--format", "github", EXTERNAL).stdout
    )


@pytest.mark.parametrize(
    "line",
    [
        'file = "demo.*"',
        'file = "wheel_external_lib-1-*"',
        'library = "libsndfile.so.?"\nfile = "demo.cpython-312-*.so"',
    ],
)
def test_patterns_of_files(tmp_path: Path, line: str) -> None:
    report = judged(tmp_path, f'[[allow]]\nid = "wheel-external"\nreason = "x"\n{line}\n', EXTERNAL)
    assert [finding["severity"] for finding in report["subjects"][0]["findings"]] == ["note"]
    assert report["notices"] == []


def test_symbols(tmp_path: Path) -> None:
    wheel = fixture("wheel_glibc_too_new")
    head = '[[allow]]\nid = "wheel-glibc-too-new"\nreason = "x"\n'
    for pattern, severity in (("__isoc23_*", "note"), ("fork", "error")):
        report = judged(tmp_path, f'{head}symbol = "{pattern}"\n', wheel)
        assert [finding["severity"] for finding in report["subjects"][0]["findings"]] == [severity], pattern


def test_a_finding_with_another_library_is_not_accepted() -> None:
    evidence = (Evidence("needs both", "a.so"),)
    finding = Finding("needs liba.so, libb.so", Severity.ERROR, evidence, check="x-y", libraries=("libb.so", "liba.so"))
    entries = tuple(AllowEntry(number, "x", "why", library=f"lib{letter}.*") for number, letter in enumerate("ab", 1))
    half = FindingRules(Settings(allow=entries[:1]), "w.whl", None).applied(finding)
    assert (half.severity, half.undeclared) == (Severity.ERROR, ("libb.so",))
    assert declared(half) == ["declared: liba.so: why", "not declared: libb.so"]
    whole = FindingRules(Settings(allow=entries), "w.whl", None).applied(finding)
    assert (whole.severity, whole.undeclared) == (Severity.NOTE, ())
    assert [declaration.number for declaration in whole.declared] == [1, 2]


@pytest.mark.parametrize(
    ("library", "pattern", "fits"),
    [
        ("libasound.so.2.0.0", "libasound.so.2", True),
        ("libasound.so.2.0.0", "libasound.so.2.0", True),
        ("libasound.so.2", "libasound.so.2.0.0", False),
        ("libasound.so.20", "libasound.so.2", False),
        ("libasound.so.2.0.0", "libasound.so", False),
        ("libasound.so.2.x", "libasound.so.2", False),
        ("libasound_module.so.2.0.0", "libasound.so.2", False),
    ],
)
def test_a_library_is_also_known_by_its_file(library: str, pattern: str, fits: bool) -> None:
    finding = Finding("m", Severity.WARNING, (Evidence("d", "p"),), check="a-b", libraries=(library,))
    entry = AllowEntry(1, "a-b", "r", library=pattern)
    accepted = FindingRules(Settings(allow=(entry,)), "w.whl", None).applied(finding)
    assert (accepted.severity is Severity.NOTE) is fits


def test_intent_does_not_excuse_a_folder_of_the_build_machine(tmp_path: Path) -> None:
    report = judged(tmp_path, '[[allow]]\nid = "wheel-bundled-hazard"\nreason = "x"\nlibrary = "*"\n', BROKEN)
    assert [finding["severity"] for finding in report["subjects"][0]["findings"]] == ["error"]
    assert len(report["notices"]) == 1


def test_an_entry_expires_only_on_a_day_that_is_given(tmp_path: Path) -> None:
    for value in ("2000-01-31", '"2000-01-31"'):
        (tmp_path / "diagnose.toml").write_text(f"{ENTRY}expires = {value}\n")
        gate = ("wheel", "--fail-on", "warning", EXTERNAL)
        done = run(tmp_path, *gate)
        assert done.returncode == 0
        assert "the README says so (until 2000-01-31)" in done.stdout
        assert run(tmp_path, *gate, "--today", "2000-01-31").stdout == done.stdout
        late = run(tmp_path, *gate, "--today", "2000-02-01")
        assert late.returncode == 1
        assert "allow entry 1 (wheel-external-lib, library libsndfile.so*) expired on 2000-01-31" in late.stdout
    wrong = run(tmp_path, *gate, "--today", "1.2.2000")
    assert (wrong.returncode, wrong.stderr) == (2, "diagnose: --today: '1.2.2000' is not a date such as 2027-01-31\n")


def test_entries_of_other_commands_and_of_unread_wheels_are_not_reported(tmp_path: Path) -> None:
    other = '[[allow]]\nid = "pc-missing"\nreason = "x"\nfile = "x"\n'
    assert judged(tmp_path, other, BUNDLED)["notices"] == []
    assert judged(tmp_path, ENTRY, "none.whl", BUNDLED)["notices"] == []
    assert judged(tmp_path, ENTRY, "--ignore", "wheel-external-lib", BUNDLED)["notices"] == []
    assert len(judged(tmp_path, ENTRY, BUNDLED)["notices"]) == 1
    assert judged(tmp_path, ENTRY, BUNDLED, EXTERNAL)["notices"] == []


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ('[allow]\nid = "x"\n', "allow: not a list of tables"),
        ("allow = 1\n", "allow: not a list of tables"),
        ('[[allow]]\nid = "wheel-rpath"\nfile = "x"\n', "allow entry 1: reason is missing"),
        ('[[allow]]\nreason = "x"\nfile = "x"\n', "allow entry 1: id is missing"),
        ('[[allow]]\nid = "wheel-rpath"\nreason = "x"\n', "allow entry 1: needs a pattern: library, symbol, file"),
        (ENTRY + ENTRY + 'libary = "x"\n', "allow entry 2: unknown key 'libary'; did you mean library?"),
        ('[[allow]]\nid = "wheel-rpaht"\nreason = "x"\nfile = "x"\n', "allow.id: no check is named 'wheel-rpaht'; did"),
        ('[[allow]]\nid = "wheel-rpath"\nreason = " "\nfile = "x"\n', "allow.reason: ' ' is empty"),
        ('[[allow]]\nid = ["wheel-rpath"]\nreason = "x"\nfile = "x"\n', "allow.id: not a text"),
        (ENTRY + 'expires = "soon"\n', "allow entry 1: expires is not a date such as 2027-01-31"),
        (ENTRY + "expires = 2027-01-31T00:00:00\n", "allow entry 1: expires is not a date such as 2027-01-31"),
    ],
)
def test_whatever_is_wrong_is_one_line(tmp_path: Path, settings: str, reason: str) -> None:
    (tmp_path / "diagnose.toml").write_text(settings)
    done = run(tmp_path, "wheel", EXTERNAL)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("diagnose: diagnose.toml:")
    assert reason in done.stderr
