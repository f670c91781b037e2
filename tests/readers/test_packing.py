"""However an archive packs a file, the bytes that are judged are those that ``zipfile``, pip and uv unpack."""

from __future__ import annotations

import ensurepip
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

import pytest
from builder import METADATA, NAME, WHEEL, record
from conftest import need
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from oracle import WHEELS, elf_files
from packing import BZIP2, DEFLATED, LZMA, STORED, Packing, deflate, pack, packings

from diagnose.model.finding import InputError
from diagnose.readers.wheel import archive, room
from diagnose.readers.wheel import reader as wheel
from diagnose.readers.wheel.room import Room

EXTENSION = "demo.cpython-312-x86_64-linux-gnu.so"
X86_64 = elf_files("healthy_x86_64")[EXTENSION]
#: One byte, then more empty blocks than one step of compressed bytes holds, then the rest.
TRICKLE = Packing(cuts=(1,), empty=14000)


def at_once(opened: archive.Archive, member: archive.Member) -> bytes | None:
    own = Room()
    own.grow(member.size, member.size)
    content = archive.at_once(opened, member, own)
    return None if content is None else bytes(content)


def _unpacked(data: bytes) -> dict[str, bytes]:
    opened = archive.open_archive(memoryview(data), "x.whl")
    found = {}
    for member in opened.members:
        pieces: list[bytes] = []
        assert archive.inflate(opened, member, pieces.append) is None
        assert not pieces or len(pieces[0]) >= min(archive.HEAD, member.size)
        content = found[member.name] = b"".join(pieces)
        assert at_once(opened, member) == (content if content and member.method == DEFLATED else None)
        assert content.startswith(archive.first_bytes(opened, member, 8))
    return found


def _one(body: bytes, crc: int, size: int) -> tuple[archive.Archive, archive.Member]:
    return archive.Archive(memoryview(bytearray(body)), (), ()), archive.Member(
        "a", size, len(body), crc, DEFLATED, 0, 0, 0
    )


@given(content=st.binary(min_size=1, max_size=300), kind=st.sampled_from(("crc", "size", "less", "tail", "cut", "end")))
def test_only_members_without_flaws_are_unpacked_at_once(content: bytes, kind: str) -> None:
    body, crc, size = deflate(content, Packing()), zlib.crc32(content), len(content)
    end = crc.to_bytes(4, "little") + size.to_bytes(4, "little")
    assert at_once(*_one(body, crc, size)) == content
    crc, size = crc ^ (kind == "crc"), size + {"size": 1, "less": -1}.get(kind, 0)
    body = body[:-1] if kind == "cut" else body + {"tail": b"x", "end": end + b"more"}.get(kind, b"")
    assert at_once(*_one(body, crc, size)) is None
    flaw = archive.inflate(*_one(body, crc, size), lambda piece: None)
    assert flaw is not None or kind == "cut"  # zipfile too does without the mark of the last block's end


@pytest.mark.parametrize("wheel_file", WHEELS, ids=lambda path: path.parent.name)
def test_facts_do_not_depend_on_how_members_are_unpacked(wheel_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def facts() -> object:
        try:
            return wheel.read(str(wheel_file))
        except InputError as error:
            return str(error)

    monkeypatch.setattr(room, "_used", True)
    with_libdeflate = facts()
    monkeypatch.setattr(room, "is_fast", lambda size: False)
    with_isal = facts()
    monkeypatch.setattr(archive, "_isal", lambda: None)
    assert with_libdeflate == with_isal == facts()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    files=st.lists(st.tuples(st.binary(max_size=300), st.integers(1, 40), packings()), min_size=1, max_size=5),
    prefix=st.sampled_from((b"", b"#!/bin/sh\nexit 0\n")),
    comment=st.sampled_from((b"", b"no end record PK\5", bytes(40))),
    wide=st.booleans(),
    misplaced=st.sampled_from((0, 0, 1, 30, 4000)),
    data=st.data(),
)
def test_every_packing_unpacks_as_zipfile_does(
    files: list[tuple[bytes, int, Packing]],
    prefix: bytes,
    comment: bytes,
    wide: bool,
    misplaced: int,
    data: st.DataObject,
) -> None:
    order = data.draw(st.permutations(range(len(files))))
    members = [(f"pkg/{number}ü", content * times, how) for number, (content, times, how) in enumerate(files)]
    packed = pack(members, prefix, comment, tuple(order), wide, misplaced)
    with zipfile.ZipFile(io.BytesIO(packed)) as oracle:
        expected = {name: oracle.read(name) for name in oracle.namelist()}
    assert expected == {name: content for name, content, _ in members}
    assert _unpacked(packed) == expected


def _wheel(packing: Packing, prefix: bytes = b"", **rest: object) -> bytes:
    files = {
        EXTENSION: X86_64,
        "demo-1.dist-info/METADATA": METADATA.encode(),
        "demo-1.dist-info/WHEEL": WHEEL.encode(),
    }
    files["demo-1.dist-info/RECORD"] = record(files).encode()
    return pack([(name, data, packing) for name, data in files.items()], prefix, **rest)  # type: ignore[arg-type]


def _read(data: bytes) -> wheel.Wheel:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        path.write_bytes(data)
        return wheel.read(str(path))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    packing=packings(),
    prefix=st.sampled_from((b"", b"#!/bin/sh\n")),
    wide=st.booleans(),
    misplaced=st.sampled_from((0, 0, 0, 3, 5000)),
)
@example(packing=TRICKLE, prefix=b"", wide=False, misplaced=0)
@example(packing=TRICKLE._replace(cuts=(0, 1, 2, 3)), prefix=b"", wide=False, misplaced=0)
def test_every_packing_is_judged_alike(packing: Packing, prefix: bytes, wide: bool, misplaced: int) -> None:
    plain, found = _read(_wheel(Packing())), _read(_wheel(packing, prefix, wide=wide, misplaced=misplaced))
    assert [elf.path for elf in found.elves] == [EXTENSION]
    ignored = {"path": "", "size": 0, "zip_flaws": ()}
    assert found._replace(**ignored) == plain._replace(**ignored)
    descriptor = "stored-descriptor" if packing.method == STORED else "descriptor"
    allowed = {descriptor} if packing.descriptor is not None else set()
    allowed |= {"method"} if packing.method in (BZIP2, LZMA) else set()
    allowed |= {"before"} if len(prefix) > misplaced else {"directory"} if misplaced > len(prefix) else set()
    allowed |= {"between"} if prefix and misplaced else set()
    allowed |= {"header"} if packing.entry in ("again", "widest") else set()
    assert {flaw.kind for flaw in found.zip_flaws} == allowed


ZIP64 = [Packing(DEFLATED, entry=entry) for entry in ("offset", "again", "widest")]


@pytest.mark.parametrize("packing", [Packing(STORED), TRICKLE, Packing(DEFLATED, wide=True), *ZIP64])
@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_installers_write_what_is_judged(installer: str, packing: Packing, tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(_wheel(packing))
    place = ("--target", str(tmp_path / "site"), "--no-deps", "--no-index", str(path))
    if installer == "uv":
        need(shutil.which("uv"), "uv is not installed")
        platform = ("--python-version", "3.12", "--python-platform", "x86_64-manylinux_2_28")
        command = ["uv", "pip", "install", "--quiet", "--no-cache", *platform, *place]
    else:
        bundled = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
        need(bundled, "this Python brings no pip")
        platform = ("--python-version", "3.12", "--platform", "manylinux_2_17_x86_64", "--only-binary=:all:")
        pip = [sys.executable, str(bundled[-1] / "pip")]
        command = [*pip, "install", "--quiet", "--disable-pip-version-check", *platform, *place]
    ran = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}, capture_output=True, text=True
    )
    if installer == "uv" and packing.entry in ("again", "widest"):
        assert "an extra field with id 0x1 was duplicated" in ran.stderr
        return
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "site" / EXTENSION).read_bytes() == X86_64
    assert [elf.size for elf in wheel.read(str(path)).elves] == [len(X86_64)]
