"""The texts of ``.dist-info``: near misses, and that the real pip and uv refuse what a finding says they refuse."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import need
from facts import levels, wheel
from wheels import FOLDER, cases

from diagnose.readers.wheel.metadata import Metadata, entry_points, fields, sbom

TAG = "cp312-cp312-manylinux2014_x86_64"
WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n"
CORE = "Metadata-Version: 2.4\nName: demo\nVersion: 1\n"


def about(check: str, core: str = CORE, header: str = WHEEL, points: str = "", **rest: object) -> list[str]:
    metadata = Metadata(fields(header), fields(core), entry_points(points))
    purelib = {"true": True, "false": False}.get(dict(fields(header)).get("root-is-purelib", "").lower())
    return levels(check, wheel(TAG, metadata=metadata, root_is_purelib=purelib, **rest))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("core", "level"),
    [
        (CORE, []),
        (CORE.replace("demo", "Demo"), []),
        (CORE.replace("Version: 1\n", "Version: 1.0.0\n"), []),
        (CORE.replace("\n", "\r\n"), []),
        (CORE + "\nName: other\n", []),  # the description
        (CORE.replace("\n", "\r\n") + "\r\nName: other\r\n", []),
        (CORE.replace("demo", "demos"), ["error"]),
        (CORE.replace("Version: 1\n", "Version: 1.1\n"), ["error"]),
        (CORE.replace("Version: 1\n", "Version: " + "1" * 5000 + "\n"), ["error"]),
        (CORE.replace("Version: 1\n", "Version: 1_a.b\n"), ["error"]),
        ("\n" + CORE, ["error"]),
        ("", ["error"]),
    ],
)
def test_names_are_compared_as_installers_compare_them(core: str, level: list[str]) -> None:
    assert about("wheel-name-mismatch", core) == level


@pytest.mark.parametrize(
    ("header", "level"),
    [
        (WHEEL, []),
        (WHEEL.replace("1.0", "1.9"), []),
        (WHEEL.replace("false", "True"), []),
        (WHEEL.replace("\n", "\r\n"), []),
        (WHEEL.replace("1.0", "1"), ["error"]),
        (WHEEL.replace("1.0", "0.9"), ["error"]),
        (WHEEL.replace("1.0", "2.0"), ["error"]),
        (WHEEL.replace("1.0", "x"), ["error"]),
        (WHEEL.replace("false", "yes"), ["warning"]),
        ("\ufeff" + WHEEL, ["error"]),
        ("\n" + WHEEL, ["error"]),
    ],
)
def test_fields_of_wheel(header: str, level: list[str]) -> None:
    assert about("wheel-header-invalid", header=header) == level


SCRIPTS = "[console_scripts]\n"


@pytest.mark.parametrize(
    ("points", "level"),
    [
        ("", []),
        (SCRIPTS, []),
        (SCRIPTS + "demo = demo:main\n", []),
        (SCRIPTS + "demo=demo:main\r\n", []),
        (SCRIPTS + "demo = demo.cli:App.run [fast,full]\n", []),
        (SCRIPTS + "# comment\n; comment\nDemo = demo:main\ndemo = demo:main\n", []),
        (" [console_scripts]\n demo = demo:main\n", []),
        ("[demo.plugins]\nany name! = demo-plugin\nempty =\nlong = a\n  b\n", []),
        (SCRIPTS + "demo = demo\n", ["error"]),
        (SCRIPTS + "demo = demo:\n", ["error"]),
        (SCRIPTS + "demo =\n", ["error"]),
        (SCRIPTS + "demo : demo:main\n", ["error"]),
        (SCRIPTS + "demo = de-mo:main\n", ["error"]),
        (SCRIPTS + "demo = demo : main\n", ["error"]),
        (SCRIPTS + "demo = demo:main()\n", ["error"]),
        (SCRIPTS + "demo = demo:main # comment\n", ["error"]),
        (SCRIPTS + "demo =\n  demo:main\n", ["error"]),
        (SCRIPTS + "../demo = demo:main\n", ["error"]),
        (SCRIPTS + "a/demo = demo:main\n", ["error"]),
        (SCRIPTS + "de+mo = demo:main\n", ["warning"]),
        (SCRIPTS + "demo = demo:main\n" + SCRIPTS, ["error"]),
        ("demo = demo:main\n", ["error"]),
        ("\ufeff" + SCRIPTS + "demo = demo:main\n", ["error"]),
        ("[console_scripts\ndemo = demo:main\n", ["error"]),
        ("[demo.plugins]\n= demo\n", ["error"]),
    ],
)
def test_entry_points(points: str, level: list[str]) -> None:
    assert about("wheel-entry-point-invalid", points=points) == level


def test_every_scheme_of_data_is_known() -> None:
    files = [f"demo-1.data/{scheme}/x" for scheme in ("purelib", "platlib", "headers", "scripts", "data")]
    assert about("wheel-data-misplaced", files=[*files, "demo/x.data/y", "demo.data"]) == []
    assert about("wheel-data-misplaced", files=["demo-1.data/Scripts/x"]) == ["error"]
    assert about("wheel-data-misplaced", files=["demo-1.data/data"]) == ["error"]


@pytest.mark.parametrize(
    "raw", [b"{", b"\xff", b"[" * 100000, b"[]", b'{"a": ' + b"1" * 100000 + b"}", b'{"components": [1, {"name": 2}]}']
)
def test_an_sbom_may_hold_anything(raw: bytes) -> None:
    found = sbom("x.json", raw)
    assert found.components == ()
    assert bool(found.flaw) == (b"components" not in raw and b'"a"' not in raw)


#: Case → the installers that refuse its broken wheel.
REFUSED_BY = {
    "wheel_name_mismatch": {"pip", "uv"},
    "wheel_name_mismatch_version": {"uv"},
    "wheel_name_mismatch_missing": {"pip", "uv"},
    "wheel_name_mismatch_folder": {"pip", "uv"},
    "wheel_name_mismatch_spelling": set(),
    "wheel_header_invalid": {"pip", "uv"},
    "wheel_header_invalid_version": {"pip", "uv"},
    "wheel_header_invalid_purelib": set(),
    "wheel_data_misplaced": {"pip", "uv"},
    "wheel_data_misplaced_scheme": {"pip", "uv"},
    "wheel_data_misplaced_version": set(),
    "wheel_entry_point_invalid": {"pip", "uv"},
    "wheel_entry_point_invalid_twice": {"uv"},
    "wheel_entry_point_invalid_name": set(),
}


def test_the_table_names_every_case() -> None:
    assert set(REFUSED_BY) == {case.name for case in cases.INSTALLING}


def _refused(installer: str, target: Path, *wheels: Path) -> bool:
    if installer == "uv":
        need(bool(shutil.which("uv")), "uv is not installed")
        command = ["uv", "pip", "install", "--quiet", "--offline", "--no-cache", "--no-deps", "--python-version=3.12"]
        command += ["--python-platform=x86_64-manylinux2014", "--python", sys.executable]
    else:
        need(importlib.util.find_spec("pip") is not None, "pip is not installed")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
        command += ["--python-version=3.12", "--implementation=cp", "--platform=manylinux2014_x86_64"]
        command += ["--only-binary=:all:", "--no-compile", "--disable-pip-version-check"]
    line = [*command, "--target", str(target), *map(str, wheels)]
    return subprocess.run(line, capture_output=True, timeout=120).returncode != 0


@pytest.mark.parametrize("installer", ["pip", "uv"])
@pytest.mark.parametrize("case", [case for case in cases.INSTALLING if case.broken], ids=lambda case: case.name)
def test_installers_refuse_the_broken_wheel_as_predicted(case: Any, installer: str, tmp_path: Path) -> None:
    path = FOLDER / cases.wheel_name(case.name, "1", case.broken)
    assert _refused(installer, tmp_path, path) == (installer in REFUSED_BY[case.name])


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_installers_take_the_healthy_twins(installer: str, tmp_path: Path) -> None:
    twins = [FOLDER / cases.wheel_name(case.name, "2", case.mended) for case in cases.INSTALLING if case.mended]
    assert not _refused(installer, tmp_path, *twins)
