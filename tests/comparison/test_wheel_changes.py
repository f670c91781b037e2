"""What changed between releases: wheels made from the fixtures' own libraries, judged as users judge them."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from readers import builder

from diagnose.comparison import wheel_changes
from diagnose.comparison.wheel_changes import Change
from diagnose.engine.run import Result

WHEELS = Path(__file__).resolve().parents[2] / "fixtures" / "wheels"


def library(start: str) -> bytes:
    """Return the extension in the first fixture wheel whose name begins so."""
    with zipfile.ZipFile(min(WHEELS.glob(f"{start}-*.whl"))) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith(".so")))


OLD_GLIBC, NEW_GLIBC = library("healthy_abi3"), library("wheel_glibc_too_new")


def wheel(folder: Path, tag: str, content: bytes | None = None) -> Path:
    """Write a wheel with one extension, or without one, for the compatibility tag *tag*."""
    folder.mkdir(exist_ok=True)
    text = builder.WHEEL.partition("Tag:")[0] + f"Tag: {tag}\n"
    python, abi, _ = tag.split("-")
    module = f"demo.{'abi3' if abi == 'abi3' else f'cpython-{python[2:]}-x86_64-linux-gnu'}.so"
    files = {"demo/__init__.py": b""} if content is None else {module: content}
    return Path(builder.build(folder, files, f"demo-1-{tag}.whl", text))


def diagnose(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "diagnose", "compare", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True)


def compared(*words: str | Path, code: int = 0) -> dict[str, Any]:
    done = diagnose(*words, "--format", "json")
    assert (done.returncode, done.stderr) == (code, ""), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_raised_floor_is_named_with_its_symbols_and_finding(tmp_path: Path) -> None:
    tag = "cp312-cp312-manylinux_2_17_x86_64"
    old, new = wheel(tmp_path / "old", tag, OLD_GLIBC), wheel(tmp_path / "new", tag, NEW_GLIBC)
    found = compared(old, new, code=1)
    (pair,) = found["pairs"]
    assert pair["floor"] == {"old": "manylinux_2_17_x86_64", "new": "manylinux_2_38_x86_64"}
    assert (pair["floor_raised"], pair["symbols"], pair["claimed"]) == (True, ["__isoc23_strtol"], None)
    assert pair["cause"] == "GLIBC_2.38 of libc.so.6 in demo.cpython-312-x86_64-linux-gnu.so"
    assert "wheel-glibc-too-new" in [one["check"] for one in pair["new_findings"]]
    back = compared(new, old)["pairs"][0]
    assert (back["floor_raised"], back["symbols"], back["new_findings"]) == (False, [], [])
    assert "wheel-glibc-too-new" in [one["check"] for one in back["gone_findings"]]
    shown = diagnose(old, new).stdout
    assert "floor: manylinux_2_17_x86_64 → manylinux_2_38_x86_64, because of GLIBC_2.38" in shown
    assert "new: error[wheel-glibc-too-new]" in shown


def test_a_raised_floor_with_an_honest_tag_fails_only_as_a_loss(tmp_path: Path) -> None:
    old = wheel(tmp_path / "old", "cp312-cp312-manylinux_2_17_x86_64", OLD_GLIBC)
    new = wheel(tmp_path / "new", "cp312-cp312-manylinux_2_38_x86_64", NEW_GLIBC)
    assert compared(old, new)["takes_support"] is True
    assert [
        compared(old, new, "--fail-on", "loss", code=1)["lost"],
        compared(new, old, "--fail-on", "loss")["lost"],
    ] == [
        [],
        [],
    ]


def test_a_release_that_loses_processors_and_pythons(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for tag in ("cp39-cp39", "cp312-cp312"):
        wheel(old, f"{tag}-manylinux_2_17_x86_64", OLD_GLIBC)
    wheel(old, "cp312-cp312-manylinux_2_31_riscv64", library("wheel_execstack"))
    wheel(new, "cp312-cp312-manylinux_2_17_x86_64", OLD_GLIBC)
    wheel(new, "cp313-cp313-manylinux_2_17_x86_64", OLD_GLIBC)
    found = compared(old, new)
    assert found["lost"] == ["manylinux riscv64", "cp39"]
    assert found["gained"] == ["cp313"]
    assert len(found["pairs"]) == 1
    assert len(found["only_old"]) == 2 and len(found["only_new"]) == 1
    assert diagnose(old, new, "--fail-on", "loss").returncode == 1
    assert compared(old, old, "--fail-on", "loss")["lost"] == []
    shown = diagnose(old, new).stdout.splitlines()
    assert "no longer supported: manylinux riscv64, cp39" in shown
    assert "3 pairs of wheels without a change but size" in diagnose(old, old).stdout.splitlines()


def test_a_stable_abi_supports_newer_pythons(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for number in (39, 310, 312):
        wheel(old, f"cp{number}-cp{number}-manylinux_2_17_x86_64", OLD_GLIBC)
    wheel(new, "cp310-abi3-manylinux_2_17_x86_64", OLD_GLIBC)
    assert compared(old, new)["lost"] == ["cp39"]
    assert compared(new, old)["lost"] == ["cp310-abi3"]


@pytest.mark.parametrize(
    ("name", "others", "supported"),
    [
        ("cp312", ["cp39-abi3"], True),
        ("cp38", ["cp39-abi3"], False),
        ("cp39-abi3", ["cp310-abi3"], False),
        ("cp310-abi3", ["cp39-abi3"], True),
        ("cp314t", ["cp39-abi3"], False),
        ("cp315t", ["cp315-abi3t"], True),
        ("cp315", ["cp315-abi3t"], False),
        ("cp312", ["py3"], True),
        ("pp311", ["cp39-abi3"], False),
        ("py3", ["cp312"], False),
    ],
)
def test_which_python_a_wheel_is_for(name: str, others: list[str], supported: bool) -> None:
    assert wheel_changes._is_supported(name, others) is supported


def facts(libraries: dict[str, list[str]]) -> dict[str, Any]:
    """Return the facts of a wheel with these files, and what each of them needs."""
    elves = [
        {"path": path, "soname": path.rpartition("/")[2] if ".libs/" in path else "", "needed": needed}
        | {"highest_versions": []}
        for path, needed in libraries.items()
    ]
    return {
        "name": "demo",
        "tags": ["cp312-cp312-manylinux_2_17_x86_64"],
        "lowest_tag": "manylinux_2_17_x86_64",
        "largest_cause": None,
        "bundled_libraries": [path for path in libraries if ".libs/" in path],
        "elf_files": elves,
        "requires_python": None,
        "size": 1,
    }


def changed(old: dict[str, list[str]], new: dict[str, list[str]]) -> wheel_changes.WheelChange:
    found = wheel_changes.compare([Result("wheel", "a", facts(old))], [Result("wheel", "b", facts(new))])
    return found.pairs[0]


def test_libraries_are_paired_without_their_hashes_and_versions() -> None:
    old = {
        "demo.so": ["libssl-11aa22bb.so.1.1", "libc.so.6", "libold.so.1"],
        "demo.libs/libssl-11aa22bb.so.1.1": ["libcrypto-0a0a0a0a.so.1.1"],
        "demo.libs/libcrypto-0a0a0a0a.so.1.1": [],
        "demo.libs/libz-12345678.so.1.2.13": [],
    }
    new = {
        "demo.so": ["libssl-99ff88ee.so.3", "libc.so.6", "libasound.so.2"],
        "demo.libs/libssl-99ff88ee.so.3": ["libcrypto-77777777.so.3"],
        "demo.libs/libcrypto-77777777.so.3": [],
        "demo.libs/libz-87654321.so.1.2.13": [],
        "demo.libs/libnew-87654321.so.5": [],
    }
    found = changed(old, new)
    assert found.bundled == (
        Change("libcrypto.so.1.1", "libcrypto.so.3"),
        Change("libssl.so.1.1", "libssl.so.3"),
        Change("", "libnew.so.5"),
    )
    assert found.external == (Change("libold.so.1", ""), Change("", "libasound.so.2"))
    assert changed(old, old).bundled == changed(new, new).external == ()


@pytest.mark.parametrize("missing", ["nothing.whl", "notes.txt", "empty"])
def test_bad_input_is_one_line_and_exit_2(missing: str, tmp_path: Path) -> None:
    good = wheel(tmp_path / "good", "cp312-cp312-manylinux_2_17_x86_64", OLD_GLIBC)
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    for words in ((good, tmp_path / missing), (tmp_path / missing, good)):
        done = diagnose(*words)
        assert done.returncode == 2
        assert [missing in line for line in done.stdout.splitlines() if line][:1] == [True]
        assert "gone" not in done.stdout.splitlines()[0]


def test_a_report_never_replaces_a_wheel(tmp_path: Path) -> None:
    old = wheel(tmp_path / "old", "cp312-cp312-manylinux_2_17_x86_64", OLD_GLIBC)
    before = old.read_bytes()
    done = diagnose(tmp_path / "old", tmp_path / "old", "--output", old)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert old.read_bytes() == before


@pytest.mark.parametrize(
    "words", [(), ("a",), ("a", "b", "c"), ("a", "b", "--format", "xml"), ("a", "b", "--select", "x")]
)
def test_wrong_usage_is_one_line(words: tuple[str, ...]) -> None:
    done = diagnose(*words)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


def test_wheels_of_two_projects_are_no_pair(tmp_path: Path) -> None:
    old = wheel(tmp_path / "old", "cp312-cp312-manylinux_2_17_x86_64", OLD_GLIBC)
    found = compared(old, min(WHEELS.glob("healthy_abi3-*.whl")))
    assert (found["pairs"], len(found["only_old"]), len(found["only_new"])) == ([], 1, 1)
