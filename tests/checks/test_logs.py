"""Every labelled log has its cause: the primary one, its consequences, and the other findings."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
from pathlib import Path

import pytest
from logs import CAUSES, FOLDER, judged, labels

from diagnose.model.finding import Finding, Severity
from diagnose.model.pattern import Pattern
from diagnose.readers.buildlog.anchors import GRAM
from diagnose.readers.buildlog.patterns import SHARED


@pytest.mark.parametrize("name", labels())
def test_the_cause_its_consequences_and_the_other_findings(name: str) -> None:
    label = labels()[name]
    seen = judged(FOLDER / name)
    findings = seen.findings
    ids = tuple(finding.check for finding in findings)
    assert ids == ((label.cause, *label.others) if label.cause else ())
    if findings:
        assert tuple(finding.check for finding in findings[0].consequences) == label.consequences
    assert seen.outcome.value == (label.ending)
    assert tuple(finding.check for finding in seen.recovered) == label.recovered
    assert seen.facts["failed"] == seen.outcome.value.startswith("failed")
    told = {*ids, *(other.check for finding in findings for other in finding.consequences)}
    assert not told.intersection(label.near)
    _assert_evidence_and_advice(FOLDER / name, findings)


def _assert_evidence_and_advice(path: Path, findings: tuple[Finding, ...]) -> None:
    """Assert that the evidence is lines of the log *path*, and that every error has advice."""
    lines = path.read_bytes().decode(errors="replace").split("\n")
    for finding in findings:
        assert "\n" not in finding.message
        assert finding.evidence
        for evidence in finding.evidence:
            file, _, number = evidence.path.rpartition(":")
            assert file == path.name
            assert any(word in lines[int(number) - 1] for word in evidence.detail.split()), evidence
        assert finding.fixes or finding.severity is not Severity.ERROR
        assert not any(fix.title.startswith("or ") for fix in finding.fixes)  # the report says that


def test_no_log_is_left_without_a_label() -> None:
    assert {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.log")} == set(labels())


@pytest.mark.parametrize("pattern", [pattern for cause in CAUSES for pattern in cause.patterns] + list(SHARED), ids=str)
def test_a_pattern_can_be_found_by_its_anchor(pattern: Pattern) -> None:
    assert len(pattern.anchor.encode()) >= GRAM
    re.compile(pattern.pattern)


def test_a_folder_or_nothing_is_no_log(tmp_path: Path) -> None:
    assert "directory" in (judged(tmp_path).error or "")
    assert "No such file" in (judged(tmp_path / "no").error or "")
    (tmp_path / "binary").write_bytes(b"\x7fELF" + bytes(5000))
    assert "binary" in (judged(tmp_path / "binary").error or "")
    assert judged(tmp_path / "binary").findings == ()


@pytest.mark.parametrize(
    ("packed", "packer"),
    [
        (gzip.compress(b"make: *** [all] Error 1\n"), "gzip"),
        (b"PK\x03\x04" + bytes(40), "zip"),
        (lzma.compress(b"make: *** [all] Error 1\n"), "xz"),
        (bz2.compress(b"make: *** [all] Error 1\n"), "bzip2"),
    ],
    ids=["gzip", "zip", "xz", "bzip2"],
)
def test_a_packed_log_is_not_said_to_be_without_failure(tmp_path: Path, packed: bytes, packer: str) -> None:
    (tmp_path / "log").write_bytes(packed)
    assert packer in (judged(tmp_path / "log").error or "")


@pytest.mark.parametrize(
    "line",
    [
        "CMake Error at CMakeLists.txt:3 (find_package):",
        'meson.build:2:0: ERROR: Dependency "demo" is not to be had',
        "gcc_arm64.S:27: Error: no such instruction: `stp x29,x30,[sp,'",
        "gmake[2]: *** [CMakeFiles/demo.dir/build.make:129: demo] Error 1",
        "npm ERR! code 1",
        "npm error code ELIFECYCLE",
        "gyp ERR! build error",
        "/usr/bin/ld: demo.o: file in wrong format",
    ],
)
def test_a_failure_of_an_unknown_kind_is_one(tmp_path: Path, line: str) -> None:
    (tmp_path / "log").write_text(f"before\n{line}\nafter\n")
    seen = judged(tmp_path / "log")
    assert seen.facts["failed"]
    assert seen.facts["first_error"]["line"] == 2
