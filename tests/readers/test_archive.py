"""The archive reader: equal to zipfile on whole archives, one clear line on the others."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import WHEELS

from diagnose.model.finding import InputError
from diagnose.readers.wheel import archive, reader


def _zip(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, prefix: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    buffer.write(prefix)
    with zipfile.ZipFile(buffer, "a" if prefix else "w", method) as file:
        for name, content in files:
            file.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content, method)
    return buffer.getvalue()


def _open(data: bytes) -> archive.Archive:
    return archive.open_archive(memoryview(data), "x.whl")


def _contents(data: bytes) -> dict[str, bytes]:
    opened = _open(data)
    found = {}
    for member in opened.members:
        pieces: list[bytes] = []
        assert archive.inflate(opened, member, pieces.append) is None
        found[member.name] = b"".join(pieces)
    return found


@pytest.mark.parametrize("wheel", [w for w in WHEELS if w.name.startswith("healthy")], ids=lambda path: path.name[:24])
def test_same_as_zipfile(wheel: object) -> None:
    data = wheel.read_bytes()  # type: ignore[attr-defined]
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert _contents(data) == {name: file.read(name) for name in file.namelist() if not name.endswith("/")}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("prefix", [b"", b"#!/bin/sh\nexit\n"])
def test_methods_and_prefixes(method: int, prefix: bytes) -> None:
    files = (("a", b""), ("folder/b", b"x" * 3_000_000), ("ümlaut", bytes(range(256)) * 4000))
    assert _contents(_zip(*files, method=method, prefix=prefix)) == dict(files)


def test_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    files = tuple((f"file{n}", b"y" * 500) for n in range(5))
    data = _zip(*files)
    assert b"PK\6\6" in data
    assert _contents(data) == dict(files)


def test_folders_are_no_members() -> None:
    assert list(_contents(_zip(("pkg/", b""), ("pkg/a", b"1")))) == ["pkg/a"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a zip archive"),
        (b"\x7fELF" + bytes(100), "not a zip archive"),
        (b"PK\5\6", "cut off"),
        (_zip(("a", b"1"))[:-30], "not a zip archive"),
        (_zip(("a", b"1" * 1000), method=zipfile.ZIP_STORED)[500:], "cut off"),
    ],
)
def test_no_archive(data: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as raised:
        _open(data)
    assert str(raised.value).startswith("x.whl: ")
    assert "\n" not in str(raised.value)


def _patch(data: bytes, signature: bytes, offset: int, form: str, value: int) -> bytes:
    copy = bytearray(data)
    struct.pack_into(form, copy, data.rindex(signature) + offset, value)
    return bytes(copy)


CENTRAL, END = b"PK\1\2", b"PK\5\6"
ONE = _zip(("a", b"1" * 5000))


@pytest.mark.parametrize(
    ("patched", "reason"),
    [
        (_patch(ONE, CENTRAL, 8, "<H", 1), "a is encrypted"),
        (_patch(ONE, CENTRAL, 8, "<H", 0x40), "a is encrypted"),
        (_patch(ONE, CENTRAL, 8, "<H", 0x20), "a is compressed patched data"),
        (_patch(ONE, CENTRAL, 24, "<I", 0xFFFFFFF0), "would unpack from"),
        (_patch(ONE, CENTRAL, 20, "<I", 0x7FFFFFFF), "members overlap"),
        (_patch(ONE, END, 12, "<I", 50), "cut off|shorter than it says|broken"),
        (_patch(ONE, CENTRAL, 6, "<H", 64), "a needs version 6.4"),
        (_patch(ONE, END, 12, "<I", 0xFFFFFFF0), "cut off"),
    ],
)
def test_refused(patched: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        _open(patched)


@pytest.mark.parametrize(
    ("patched", "kind"),
    [
        (_patch(ONE, CENTRAL, 16, "<I", 1), "crc"),
        (_patch(ONE, CENTRAL, 24, "<I", 10), "size"),
        (_patch(ONE, CENTRAL, 24, "<I", 6000), "size"),
        (_patch(ONE, CENTRAL, 42, "<I", 3), "corrupt"),
        (
            ONE.replace(zlib.compress(b"1" * 5000)[2:-4], bytes([255]) * len(zlib.compress(b"1" * 5000)[2:-4])),
            "corrupt",
        ),
    ],
)
def test_broken_members_have_a_reason(patched: bytes, kind: str) -> None:
    opened = _open(patched)
    flaw = archive.inflate(opened, opened.members[0], lambda piece: None)
    assert flaw is not None
    assert (flaw.kind, flaw.path) == (kind, "a")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("/etc/passwd", "absolute"),
        ("C:/x", "absolute"),
        ("../x", "escaping"),
        ("a/../../x", "escaping"),
        ("..\\x", "escaping"),
    ],
)
def test_names_that_lead_out(name: str, kind: str) -> None:
    flaws = _open(_zip((name, b""))).flaws
    assert [flaw.kind for flaw in flaws] == [kind]


def test_a_nul_in_a_name_is_reported_and_zipfile_cuts_there() -> None:
    data = _zip(("a.py~.txt", b"1")).replace(b"a.py~", b"a.py\0")
    (flaw,) = _open(data).flaws
    (cut,) = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert flaw.kind == "nul"
    assert cut == "a.py"
    assert repr(cut) in flaw.detail
    assert _open(_zip(("a\\x00.py", b"1"))).flaws == ()


def test_zipfile_refuses_patched_data_too() -> None:
    file = zipfile.ZipFile(io.BytesIO(_patch(ONE, CENTRAL, 8, "<H", 0x20)))
    with pytest.raises(NotImplementedError, match="patched data"):
        file.read("a")


def test_ordinary_names_do_not() -> None:
    assert _open(_zip(("a..b/c.so.1", b""), ("..c", b""), ("d...", b""))).flaws == ()


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    """400 MB of zeros in 400 kB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file, file.open("a", "w") as member:
        for _ in range(400):
            member.write(bytes(1 << 20))
    with pytest.raises(InputError, match="would unpack from"):
        _open(buffer.getvalue())


def test_a_bomb_that_lies_about_its_size_stops_there() -> None:
    data = _zip(("a", bytes(64 << 20)))
    opened = _open(_patch(data, CENTRAL, 24, "<I", 1000))
    tracemalloc.start()
    sizes: list[int] = []
    flaw = archive.inflate(opened, opened.members[0], lambda piece: sizes.append(len(piece)))
    assert flaw is not None
    assert flaw.kind == "size"
    assert sum(sizes) <= 1000
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


@given(st.data())
def test_any_damage_is_an_input_error_or_a_flaw(data: st.DataObject) -> None:
    original = _zip(("a/b", b"hello" * 100), ("c", bytes(300)))
    mutated = bytearray(original[: data.draw(st.integers(0, len(original)))] if data.draw(st.booleans()) else original)
    for _ in range(data.draw(st.integers(0, 4))):
        if mutated:
            mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    take: Callable[[bytes], None] = lambda piece: None  # noqa: E731
    try:
        opened = _open(bytes(mutated))
    except InputError:
        return
    for member in opened.members:
        archive.inflate(opened, member, take)


def test_data_beyond_the_end_of_the_archive_are_still_what_zipfile_unpacks() -> None:
    packed = bytearray(_zip(("a.py", b"x" * 100)))
    directory = packed.index(b"PK\1\2")
    struct.pack_into("<I", packed, directory + 20, 5000)  # the directory's compressed size
    struct.pack_into("<I", packed, 18, 5000)
    try:
        opened = _open(bytes(packed))
    except InputError as error:
        assert "overlap" in str(error)
        return
    assert zipfile.ZipFile(io.BytesIO(packed)).read("a.py") == b"x" * 100
    out = bytearray()
    flaw = archive.inflate(opened, opened.members[0], out.extend)
    assert out == b"x" * 100
    assert flaw is not None and flaw.kind != "crc"


def test_nothing_is_claimed_about_a_file_that_cannot_be_unpacked(tmp_path: Path) -> None:
    source = next(path for path in WHEELS if path.name.startswith("healthy_x86_64-2-"))
    data = bytearray(source.read_bytes())
    member = next(one for one in _open(bytes(data)).members if one.name.endswith(".so"))
    entry = data.rindex(member.name.encode()) - 46
    while data[entry : entry + 4] != b"PK\1\2":  # its name also ends others
        entry = data.rindex(member.name.encode(), 0, entry + 46) - 46
    struct.pack_into("<H", data, member.offset + 8, 93)
    struct.pack_into("<H", data, entry + 10, 93)
    path = tmp_path / source.name
    path.write_bytes(data)
    found = reader.read(str(path))
    assert found.unseen == (f"{member.name}: packed by Zstandard",)
    assert not [one for one in found.code if one.path == member.name]
