"""conda packages: their code is judged as that of bare ELF files, and what cannot be read is named in one line."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

import diagnose
from diagnose.model.finding import InputError
from diagnose.readers.wheel import conda, reader

zstandard = pytest.importorskip("zstandard")

WHEELS = Path(__file__).resolve().parents[2] / "fixtures" / "wheels"
STEM = "demo-1.0-py312_0"
INDEX = {
    "name": "demo",
    "version": "1.0",
    "build": "py312_0",
    "subdir": "linux-64",
    "depends": ["python >=3.12,<3.13.0a0", "__glibc >=2.17,<3.0.a0"],
}
EXTENSION = "lib/python3.12/site-packages/demo.so"


def library(start: str) -> bytes:
    """Return the extension module in the first fixture wheel whose name begins so."""
    with zipfile.ZipFile(min(WHEELS.glob(f"{start}-*.whl"))) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith(".so")))


def member(name: str, data: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def packed(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    content: bytes = zstandard.compress(buffer.getvalue())
    return content


def info(**changes: Any) -> bytes:
    return packed(member("info/index.json", json.dumps({**INDEX, **changes}).encode()))


def package(folder: Path, *members: tuple[tarfile.TarInfo, bytes], **parts: bytes | None) -> Path:
    """Write a package of *members*; *parts* replace its two archives, or leave them out."""
    path = folder / f"{STEM}.conda"
    content = {"pkg": packed(*members), "info": info(), **parts}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", '{"conda_pkg_format_version": 2}')
        for kind, data in content.items():
            if data is not None:
                archive.writestr(f"{kind}-{STEM}.tar.zst", data)
    return path


def judged(path: Path, code: int = 0) -> dict[str, Any]:
    command = [sys.executable, "-m", "diagnose", "wheel", "--format", "json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (code, ""), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["subjects"][0]
    return found


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        conda.read(str(path))
    message = str(caught.value)
    assert "\n" not in message and path.name in message
    return message


def test_code_is_judged_and_nothing_that_only_wheels_have(tmp_path: Path) -> None:
    healthy = judged(package(tmp_path, member(EXTENSION, library("wheel_glibc_too_new"))))
    assert (healthy["outcome"], healthy["findings"]) == ("not-judged", [])
    assert healthy["headline"] == (
        "conda package for linux-64, needs glibc 2.38 (its dependencies allow 2.17); checked its code only: its "
        "libraries come from other packages, and it has no platform tag"
    )
    facts = healthy["facts"]
    assert (facts["name"], facts["version"], facts["build"]) == ("demo", "1.0", "py312_0")
    assert facts["conda"] == {"subdir": "linux-64", "glibc": "2.17"}
    assert (facts["tags"], facts["lowest_tag"], facts["external_libraries"]) == ([], None, [])
    broken = judged(package(tmp_path, member(EXTENSION, library("wheel_execstack"))), 1)
    assert [(one["check"], one["fixes"]) for one in broken["findings"]] == [("wheel-execstack", [])]


def test_libraries_of_other_packages_are_no_finding(tmp_path: Path) -> None:
    found = judged(package(tmp_path, member(EXTENSION, library("wheel_external_lib"))))
    assert found["facts"]["elf_files"][0]["needed"] and found["findings"] == []


@pytest.mark.parametrize(
    ("subdir", "files", "headline"),
    [
        ("noarch", {"site-packages/a.py": b"1"}, "conda package for any platform (noarch), no compiled code"),
        ("osx-64", {"lib/a.dylib": b"\xcf\xfa\xed\xfe\7\0\0\1"}, "conda package for osx-64, no code for Linux"),
    ],
)
def test_a_package_without_code_for_linux(subdir: str, files: dict[str, bytes], headline: str, tmp_path: Path) -> None:
    members = [member(name, data) for name, data in files.items()]
    found = judged(package(tmp_path, *members, info=info(subdir=subdir)))
    assert (found["headline"], found["outcome"]) == (headline, "not-judged")


def test_dependencies_without_glibc(tmp_path: Path) -> None:
    for depends in ([], ["python"], "__glibc", [1, None], None):
        wheel = conda.read(str(package(tmp_path, info=info(depends=depends))))
        assert wheel.conda == reader.CondaPackage("linux-64", "")


def test_links_in_the_package(tmp_path: Path) -> None:
    code = library("healthy_abi3")
    path = package(
        tmp_path,
        member("./lib/a.so", code, mode=0o755),
        member("lib/b.so", type=tarfile.LNKTYPE, linkname="lib/a.so"),
        member("lib/c.so", type=tarfile.LNKTYPE, linkname="../../etc/passwd"),
        member("lib/d.so", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    )
    wheel = conda.read(str(path))
    assert [elf.path for elf in wheel.elves] == ["lib/a.so"]
    assert wheel.files == ("lib/a.so", "lib/b.so")
    assert wheel.unseen == ("lib/c.so: a hard link to a file that the package does not have",)


def test_from_python(tmp_path: Path) -> None:
    path = package(tmp_path, member(EXTENSION, library("wheel_execstack")))
    report = diagnose.wheel(path)
    assert [finding.check for result in report.results for finding in result.findings] == ["wheel-execstack"]
    for format in ("text", "jsonl", "github", "markdown", "html", "sarif", "junit"):
        assert "wheel-execstack" in diagnose.render(report, format)


def test_a_folder_of_packages(tmp_path: Path) -> None:
    package(tmp_path, member(EXTENSION, library("healthy_abi3")))
    assert judged(tmp_path)["name"] == f"{STEM}.conda"
    shutil.copy(tmp_path / f"{STEM}.conda", tmp_path / "other-1.0-0.conda")
    command = [sys.executable, "-m", "diagnose", "wheel", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    rows = [line.split() for line in done.stdout.splitlines() if ".conda" in line]
    assert rows[0] == [f"{STEM}.conda", "x86_64", "glibc", "2.17", "glibc", "2.17", "not-judged"]


def test_packages_of_the_real_tool(tmp_path: Path) -> None:
    create = pytest.importorskip("conda_package_streaming.create")
    with create.conda_builder(STEM, str(tmp_path)) as archive:
        for one, data in (
            member("info/index.json", json.dumps(INDEX).encode()),
            member(EXTENSION, library("healthy_abi3")),
        ):
            archive.addfile(one, io.BytesIO(data))
    wheel = conda.read(str(tmp_path / f"{STEM}.conda"))
    assert (wheel.name, [elf.path for elf in wheel.elves]) == ("demo", [EXTENSION])


def test_without_a_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = package(tmp_path, member(EXTENSION, library("healthy_abi3")))
    monkeypatch.setitem(sys.modules, "compression", None)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    assert "compressed with zstd, which this Python cannot unpack: not read" in refusal(path)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"pkg": None}, "needs one pkg-….tar.zst (has 0)"),
        ({"info": None}, "needs one info-….tar.zst (has 0)"),
        ({"info": packed()}, "has no info/index.json"),
        ({"info": packed(member("info/index.json", b"[" * 100_000))}, "info/index.json is not a JSON object"),
        ({"info": packed(member("info/index.json", b"[]"))}, "info/index.json is not a JSON object"),
        ({"pkg": b"no archive" * 60}, "not a tar archive"),
        ({"pkg": zstandard.compress(b"x" * 600)}, "not a tar archive"),
        ({"pkg": packed(member("a", b"1" * 9000))[:60]}, ""),
    ],
)
def test_what_is_no_package_is_one_line(parts: dict[str, bytes | None], reason: str, tmp_path: Path) -> None:
    assert reason in refusal(package(tmp_path, **parts))


def test_damaged_or_endless_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = package(tmp_path, member("a", bytes(range(256)) * 100))
    whole = path.read_bytes()
    at = whole.index(b"\x28\xb5\x2f\xfd")
    path.write_bytes(whole[: at + 30] + b"?" + whole[at + 31 :])
    assert "CRC-32" in refusal(path)
    path.write_bytes(whole[: len(whole) // 2])
    refusal(path)
    path.write_bytes(b"")
    assert "is empty" in refusal(path)
    monkeypatch.setattr(conda, "RATIO_FREE", 1 << 20)
    assert "unpacks to more than 1 MiB: not read" in refusal(package(tmp_path, member("a", bytes(64 << 20))))
    monkeypatch.setattr(conda, "MAX_FILES", 3)
    many = [member(str(number)) for number in range(5)]
    assert "more than 3 files" in refusal(package(tmp_path, *many))


def test_every_cut_and_many_changes_end_in_one_line(tmp_path: Path) -> None:
    path = package(tmp_path, member(EXTENSION, library("healthy_abi3")))
    whole = path.read_bytes()
    for size in range(0, len(whole), 37):
        path.write_bytes(whole[:size])
        refusal(path)
    for at in range(0, len(whole), 11):
        path.write_bytes(whole[:at] + bytes((whole[at] ^ 0x41,)) + whole[at + 1 :])
        try:
            conda.read(str(path))
        except InputError as error:
            assert "\n" not in str(error)
