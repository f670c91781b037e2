"""What is found in real wheels: each finding below has been held against readelf and the archive's own listing."""

from __future__ import annotations

from pathlib import Path

import pytest
import real_wheels
from conftest import need
from wheels import findings

#: File name's beginning → {check: severity}. In all others nothing is wrong.
FOUND = {
    "MarkupSafe-": {"wheel-name-not-normalized": "warning"},
    "Pillow-": {"wheel-name-not-normalized": "warning"},
    "aiohttp-": {"wheel-debug-shipped": "note"},
    "capstone-": {"wheel-purelib": "note"},
    "cbor2-": {"wheel-musl-too-new": "note"},
    "cffi-2.0.0-": {"wheel-python-tag-mismatch": "note"},
    "cx_Oracle-": {"wheel-debug-shipped": "note", "wheel-name-not-normalized": "warning"},
    "dearpygui-": {
        "wheel-allowed-lib-absent": "note",
        "wheel-glibc-too-new": "error",
        "wheel-glibcxx-too-new": "error",
        "wheel-rpath": "warning",
    },
    "h3ronpy-": {"wheel-isa-too-new": "error"},
    "hidapi-": {"wheel-bundled-hazard": "note"},
    "keystone_engine-": {"wheel-purelib": "note"},
    "multidict-": {"wheel-python-tag-mismatch": "note"},
    "psycopg2_binary-": {"wheel-rpath": "warning"},
    "pyinstaller-": {"wheel-purelib": "note"},
    "pyodbc-": {"wheel-external-lib": "error"},
    "pyrefly-": {"runtime-page-size": "error"},
    "python_rtmidi-": {"wheel-bundled-hazard": "warning", "wheel-external-lib": "note"},
    "regex-": {"wheel-python-tag-mismatch": "note"},
    "shiboken6-": {"wheel-isa-too-new": "note"},
    "soundfile-": {"wheel-purelib": "note"},
    "torchaudio-": {"wheel-external-lib": "note", "wheel-rpath": "warning"},
    "vosk-": {
        "wheel-allowed-lib-absent": "note",
        "wheel-execstack": "error",
        "wheel-metadata-invalid": "warning",
        "wheel-purelib": "note",
    },
}


@pytest.fixture(scope="module")
def downloaded() -> dict[str, Path]:
    found = real_wheels.fetch()
    need(found, "the package index cannot be reached by pip")
    return found


@pytest.mark.network
@pytest.mark.parametrize("name", real_wheels.NAMES)
def test_what_is_wrong_with_it_and_nothing_else(name: str, downloaded: dict[str, Path]) -> None:
    need(name in downloaded, f"pip cannot download {name}")
    expected = next((FOUND[start] for start in FOUND if name.startswith(start)), {})
    assert {finding.check: finding.severity.value for finding in findings(downloaded[name])} == expected
