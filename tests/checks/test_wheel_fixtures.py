"""Every check of wheels reports its broken fixture, and no check reports a healthy one."""

from __future__ import annotations

import zlib

import pytest
from wheels import CAUSES, EXPECTED, FOLDER, build, cases, findings

from diagnose.model.finding import Finding

#: Loaders crash on the files that these report: no such file is kept, so the tests use facts.
CRASHING = {"wheel-relr-unmarked", "wheel-segments-misaligned"}
#: A file beyond the limit is made by its test.
LARGE = {"wheel-too-large"}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_exactly_what_is_wrong_is_found(name: str) -> None:
    found = findings(FOLDER / name)
    assert {f.check: f.severity.value for f in found} == EXPECTED[name]
    assert len(found) == len(EXPECTED[name]), "one cause gives one finding"
    for finding in found:
        _is_whole(finding)


def _is_whole(finding: Finding) -> None:
    assert finding.evidence
    assert all(bool(item.path) != bool(item.where) and item.detail for item in finding.evidence)
    assert finding.consequence
    assert "\n" not in finding.message


def test_the_table_and_the_folder_hold_the_same_wheels() -> None:
    assert {path.name for path in FOLDER.glob("*.whl")} == set(EXPECTED)


SETTINGS = {"wheel-exclude-unmatched"}
"""Checks that no wheel alone can show: tests/config/test_excludes.py."""


def test_every_check_of_wheels_has_a_broken_and_a_healthy_fixture() -> None:
    spoken = {check for found in EXPECTED.values() for check in found}
    assert spoken == {cause.id for cause in CAUSES} - CRASHING - LARGE - SETTINGS
    fixed = {check for case in cases.CASES if case.broken and case.fixed for check in case.found}
    assert fixed == spoken, "each has at least one case with a fixed twin"


def test_fixtures_cover_architectures_and_libraries() -> None:
    tags = " ".join(EXPECTED)
    for arch in build.ARCHES:
        assert arch in tags or arch == "armel"
    assert sum((FOLDER / name).stat().st_size for name in EXPECTED) < 1_000_000


@pytest.mark.parametrize("case", ["healthy_x86_64", "wheel_rpath_misses", "wheel_bundled_libc_private"])
def test_building_them_again_gives_the_same_bytes(case: str) -> None:
    compiler, folder = build.compiler()
    with folder:
        for name, (described, version, wheel) in cases.files().items():
            if described.name == case:
                data = build.wheel_bytes(compiler, case, version, wheel)
                if "zlib-ng" not in zlib.ZLIB_RUNTIME_VERSION:  # which compresses to other bytes
                    assert data == (FOLDER / name).read_bytes()
