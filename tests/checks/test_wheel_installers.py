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
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
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
        (SCRIPTS + "# comment\nDemo = demo:main\ndemo = demo:main\n", []),
        (" [console_scripts]\n demo = demo:main\n", []),
        ("[demo.plugins]\nany name! = demo-plugin\nempty =\nlong = a\n  b\n", []),
        (SCRIPTS + "; comment\ndemo = demo:main\n", ["error"]),
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


@pytest.mark.parametrize(
    "value",
    [
        "3.8",
        ">=3.8",
        "~=3.8",
        "~=3",
        ">=3.*",
        "^3.8",
        "",
        ">=3.8,",
        ">=3.8,<4",
        "'>=3.8'",
        ">= 3.8",
        "==3.*",
        "3.8 - 3.12",
        "python3",
        "=3.8",
        ">=3.8,!=3.9.x",
        "None",
        ">=3.8 || >=2.7",
        ">=3.6 <4",
        ">=3.6;<4",
        "(>=3.6)",
        "===3.8",
        ">=3.8a1",
        ">=3.8, ,<4",
        "<4,,>3",
        ">",
        "!=3.0.*,!=3.1.*,>=2.7",
        "==3.8.*.1",
        ">=3.8.",
        ">=١",
    ],
)
def test_requires_python_is_read_as_packaging_reads_it(value: str) -> None:
    try:
        SpecifierSet(value)
        valid = True
    except InvalidSpecifier:
        valid = False
    assert bool(about("wheel-metadata-invalid", f"{CORE}Requires-Python: {value}\n")) != valid


@pytest.mark.parametrize(
    "value",
    [
        "requests",
        "requests>=2",
        "requests>=2.*",
        'a; os_name == "("',
        "a>=1.dev",
        "a==1.0a1.*",
        "a>=1.0a0,<2.0rc1",
        "a; and extra == 'b'",
        "a; () and extra == 'b'",
        "a; (os_name == 'nt') (extra == 'b')",
        "a; os_name == 'nt')",
        "a; (os_name == 'nt'",
        "a; (os_name == 'nt' or (os_name == 'x' and extra == 'b'))",
        "a; (os_name == 'nt') and extra == 'b'",
        "requests (>=2)",
        "requests(>=2,<3)",
        "requests @@ x",
        "requests>=foo",
        "",
        "-a",
        "requests; bogus == 'x'",
        "requests>=1 <2",
        "a; python_version>='3'",
        "a[b]",
        "a[b, c]>=1",
        "a[]",
        "a[b",
        "a >= 1 , < 2",
        "a; extra == 'b' and (os_name == 'nt' or sys_platform != \"x\")",
        "a; extra == 'b' and",
        "a;",
        "a; 'b' == extra",
        "a b",
        "a; python_version not in '3.1'",
        "a>=1,",
        "a_",
        "a.b-c",
        "a; extra='b'",
        "a==1.*",
        "a~=1",
        "a ; extra == 'b' or os_name == 'c'",
    ],
)
def test_dependencies_are_read_as_packaging_reads_them(value: str) -> None:
    try:
        Requirement(value)
        valid = True
    except InvalidRequirement:
        valid = False
    assert bool(about("wheel-metadata-invalid", f"{CORE}Requires-Dist: {value}\n")) != valid


def test_a_healthy_wheel_does_not_import_packaging() -> None:
    names = [str(FOLDER / cases.wheel_name(case.name, "2", case.fixed)) for case in TRIED]
    code = (
        "import sys; from diagnose.engine import registry; from diagnose.readers.wheel import reader\n"
        "checks = registry.load('wheel')\n"
        "for name in sys.argv[1:]:\n"
        "    wheel = reader.read(name)\n"
        "    assert not [f for check in checks for f in check.detectors['wheel'](wheel)], name\n"
        "assert 'packaging' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, *names], check=True)


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
    "wheel_name_not_normalized": set(),
    "wheel_name_not_normalized_version": {"pip", "uv"},
    "wheel_name_not_normalized_local": set(),
    "wheel_license_file_missing": set(),
    "wheel_metadata_invalid": {"uv"},
    "wheel_metadata_invalid_dependency": {"pip"},
    "wheel_metadata_invalid_url": set(),
    "wheel_metadata_invalid_type": set(),
    "wheel_metadata_not_accepted": set(),
    "wheel_metadata_not_accepted_unknown": set(),
    "wheel_metadata_not_accepted_version": set(),
    "wheel_metadata_not_accepted_address": set(),
    "wheel_description_invalid": set(),
    "wheel_description_invalid_role": set(),
}


TRIED = [case for case in (*cases.INSTALLING, *cases.UPLOADING) if "sbom" not in case.name]


def test_the_table_names_every_case() -> None:
    assert set(REFUSED_BY) == {case.name for case in TRIED}


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
@pytest.mark.parametrize("case", TRIED, ids=lambda case: case.name)
def test_installers_refuse_the_broken_wheel_as_predicted(case: Any, installer: str, tmp_path: Path) -> None:
    path = FOLDER / cases.wheel_name(case.name, "1", case.broken)
    assert _refused(installer, tmp_path, path) == (installer in REFUSED_BY[case.name])


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_installers_take_the_healthy_twins(installer: str, tmp_path: Path) -> None:
    twins = [FOLDER / cases.wheel_name(case.name, "2", case.fixed) for case in TRIED]
    assert not _refused(installer, tmp_path, *twins)
