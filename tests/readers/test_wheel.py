"""The wheel reader: all facts of a wheel, one clear line for other files."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pace
import pytest
from builder import NAME, build, record
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import FIXTURES, WHEELS, elf_files

from diagnose.model.finding import InputError
from diagnose.readers.wheel import reader as wheel
from diagnose.readers.wheel.reader import Tag
from diagnose.readers.wheel.record import RecordFlaw

EXTENSION = "demo.cpython-312-x86_64-linux-gnu.so"
X86_64 = elf_files("healthy_x86_64")[EXTENSION]


@pytest.mark.parametrize("path", WHEELS, ids=lambda path: "-".join(path.name.split("-")[:2]))
def test_every_fixture_is_read(path: Path) -> None:
    found = wheel.read(str(path))
    assert found.name in path.name
    assert pickle.loads(pickle.dumps(found)) == found
    assert json.loads(json.dumps(wheel.facts(found)))["elf_files"] == wheel.facts(found)["elf_files"]


@pytest.mark.parametrize("path", [p for p in WHEELS if p.name.startswith("healthy")], ids=lambda path: path.name[:24])
def test_healthy_wheels_have_no_flaw(path: Path) -> None:
    found = wheel.read(str(path))
    assert (found.record.flaws, found.zip_flaws, found.unseen) == ((), (), ())
    assert all(elf.broken == () for elf in found.elves)
    assert all(link.target and not link.missed_from for link in found.links)


def test_headers_and_tags(tmp_path: Path) -> None:
    name = "demo-1-2b-cp38.cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    found = wheel.read(build(tmp_path, {"demo.py": b""}, name))
    assert (found.name, found.version, found.build) == ("demo", "1", "2b")
    assert found.tags == tuple(
        Tag(python, "abi3", platform)
        for python in ("cp38", "cp39")
        for platform in ("manylinux_2_17_x86_64", "manylinux2014_x86_64")
    )
    assert found.wheel_tags == (Tag("cp312", "cp312", "manylinux_2_17_x86_64"),)
    assert (found.root_is_purelib, found.generator) == (False, "test (1)")
    assert (found.requires_python, found.requires) == (">=3.9", ("torch",))
    assert "demo.py" in found.files


@pytest.mark.parametrize(
    "name",
    [
        "demo.whl",
        "demo-1.whl",
        "demo-1-cp312-cp312.whl",
        "demo-1-x-cp312-cp312-linux_x86_64.whl",
        "demo-1-1-1-cp312-cp312-linux_x86_64.whl",
        "demo--cp312-cp312-linux_x86_64.whl",
        "demo-1-cp312-cp312-linux x86.whl",
        "demo-1-cp312-cp312-linux_x86_64.zip",
    ],
)
def test_broken_file_names(name: str, tmp_path: Path) -> None:
    path = build(tmp_path, {}, name)
    with pytest.raises(InputError, match="not a wheel's file name"):
        wheel.read(path)


@pytest.mark.parametrize(
    "name", ["demo-1-cp312-cp312-linux_x86_64-x8664v3.whl", "demo-1-1-cp312-cp312-linux_x86_64-cu12.whl"]
)
def test_wheel_variants_are_named(name: str, tmp_path: Path) -> None:
    path = build(tmp_path, {}, name)
    with pytest.raises(InputError, match="named as a wheel variant"):
        wheel.read(path)


def test_what_is_no_wheel(tmp_path: Path) -> None:
    cases = {
        "is empty": b"",
        "not a zip archive": b"hello" * 100,
        "cut off": Path(build(tmp_path, {"demo.py": bytes(5000)})).read_bytes()[300:],
    }
    for reason, content in cases.items():
        path = tmp_path / NAME
        path.write_bytes(content)
        with pytest.raises(InputError, match=reason) as raised:
            wheel.read(str(path))
        assert "\n" not in str(raised.value)
        assert NAME in str(raised.value)


def test_missing_metadata(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no demo-1[.]dist-info/WHEEL"):
        wheel.read(build(tmp_path, {}, wheel=None))
    with pytest.raises(InputError, match=r"has no demo-1[.]dist-info/RECORD"):
        wheel.read(build(tmp_path, {}, rows=""))
    with pytest.raises(InputError, match=r"needs one \.dist-info folder"):
        wheel.read(build(tmp_path, {"other-1.dist-info/WHEEL": b""}))


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    for path in (tmp_path / NAME, tmp_path / "x" / NAME):
        with pytest.raises(InputError, match="No such file"):
            wheel.read(str(path))
    with pytest.raises(InputError, match="No such file"):
        wheel.read(str(tmp_path / "nor.whl"))
    (tmp_path / NAME).mkdir()
    with pytest.raises(InputError, match="not a regular file"):
        wheel.read(str(tmp_path / NAME))
    (tmp_path / NAME).rmdir()
    os.mkfifo(tmp_path / NAME)  # without a writer, opening it blocks forever
    with pytest.raises(InputError, match="not a regular file"):
        wheel.read(str(tmp_path / NAME))


def test_without_the_memory_to_read_it(tmp_path: Path) -> None:
    path = build(tmp_path, {"demo.so": X86_64 + bytes(120 << 20)})
    read = """
import resource, sys
from diagnose.model.finding import InputError
from diagnose.readers.wheel import reader
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + (64 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    reader.read(sys.argv[1])
except InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", read, path], capture_output=True, text=True, check=True)
    assert re.fullmatch(rf"\S*{NAME}: (Cannot allocate memory|refused, not enough memory to read it)\n", done.stdout)


# -- RECORD


def _flaws(tmp_path: Path, files: dict[str, bytes], rows: str) -> list[RecordFlaw]:
    found = wheel.read(build(tmp_path, files, rows=rows))
    ours = ("demo-1.dist-info/METADATA", "demo-1.dist-info/WHEEL")
    return [flaw for flaw in found.record.flaws if flaw.path not in ours]


SHA = base64.urlsafe_b64encode(hashlib.sha256(b"1").digest()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("row", "kinds"),
    [
        (f"demo.py,sha256={SHA},1", []),
        (f'"demo.py",sha256={SHA},1', []),
        (f"demo.py,sha512={base64.urlsafe_b64encode(hashlib.sha512(b'1').digest()).decode().rstrip('=')},1", []),
        ("", ["missing"]),
        (f"demo.py,sha256={SHA},2", ["size"]),
        (f"demo.py,sha256={SHA[::-1]},1", ["hash"]),
        (f"demo.py,sha256={hashlib.sha256(b'1').hexdigest()},1", ["digest-form"]),
        (f"demo.py,sha256={SHA}=,1", ["digest-form"]),
        (f"demo.py,md5={hashlib.md5(b'1').hexdigest()},1", ["weak-hash"]),
        ("demo.py,,1", ["no-hash"]),
        (f"demo.py,sha256={SHA},1\ndemo.py,sha256={SHA},1", ["duplicate"]),
        (f"demo.py,sha256={SHA},1\ngone.py,sha256={SHA},1", ["stale"]),
        (f"/demo.py,sha256={SHA},1", ["absolute", "missing"]),
        (f"../demo.py,sha256={SHA},1", ["absolute", "missing"]),
        ("demo.py", ["malformed", "missing"]),
    ],
)
def test_record(row: str, kinds: list[str], tmp_path: Path) -> None:
    flaws = _flaws(tmp_path, {"demo.py": b"1"}, f"{row}\ndemo-1.dist-info/RECORD,,\n")
    assert [flaw.kind for flaw in flaws] == kinds
    assert all(flaw.detail and "\n" not in flaw.detail for flaw in flaws)


def test_signatures_need_no_row(tmp_path: Path) -> None:
    assert _flaws(tmp_path, {"demo-1.dist-info/RECORD.jws": b"x"}, "demo-1.dist-info/RECORD,,\n") == []


def test_files_that_record_leaves_out_are_read_all_the_same(tmp_path: Path) -> None:
    found = wheel.read(build(tmp_path, {EXTENSION: X86_64}, rows="demo-1.dist-info/RECORD,,\n"))
    assert [elf.path for elf in found.elves] == [EXTENSION]
    assert found.verdict.lowest_tag == "manylinux_2_17_x86_64"


def test_elf_files_are_found_by_content(tmp_path: Path) -> None:
    files = {"a.py": X86_64, "b": X86_64, "c.so": b"not ELF", "demo-1.data/scripts/d": X86_64}
    found = wheel.read(build(tmp_path, files))
    assert [elf.path for elf in found.elves] == ["a.py", "b", "demo-1.data/scripts/d"]


@pytest.mark.parametrize(
    ("member", "installed"),
    [
        ("pkg/m.so", "lib/python/site-packages/pkg/m.so"),
        ("demo-1.data/platlib/pkg/m.so", "lib/python/site-packages/pkg/m.so"),
        ("demo-1.data/purelib/m.so", "lib/python/site-packages/m.so"),
        ("demo-1.data/scripts/tool", "bin/tool"),
        ("demo-1.data/data/lib/libx.so", "lib/libx.so"),
        ("demo-1.data/headers/x.h", "include/x.h"),
        ("demo-1.data/odd/x", "lib/python/site-packages/demo-1.data/odd/x"),
    ],
)
def test_installed_layout(member: str, installed: str) -> None:
    assert wheel.installed_path(member, "demo-1.data/") == installed


def test_large_wheels_take_two_threads_with_the_same_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import random

    noise = random.Random(0)
    files = {f"pkg/f{n}.bin": noise.randbytes(200_000) for n in range(8)}
    files |= {f"pkg/{n}/{EXTENSION}": X86_64 for n in range(8)}
    path = build(tmp_path, files)
    two = wheel.read(path)
    monkeypatch.setattr(wheel, "WORTH_A_THREAD", 1 << 40)
    assert wheel.read(path) == two
    assert (len(two.elves), two.record.flaws) == (8, ())


# -- hostile wheels


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_is_an_input_error_or_a_fact(data: st.DataObject, tmp_path: Path) -> None:
    source = data.draw(st.sampled_from(WHEELS))
    content = bytearray(source.read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    for _ in range(data.draw(st.integers(0, 6))):
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / source.name
    path.write_bytes(content)
    with pace.within(5):
        try:
            wheel.facts(wheel.read(str(path)))
        except InputError as error:
            assert "\n" not in str(error)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.text(), head=st.text())
def test_any_text_in_record_and_wheel(rows: str, head: str, tmp_path: Path) -> None:
    try:
        rows.encode()
        head.encode()
    except UnicodeEncodeError:
        return
    wheel.facts(wheel.read(build(tmp_path, {"demo.py": b"1"}, wheel=head, rows=rows or ",")))


def test_nothing_in_a_wheel_reaches_the_terminal_unescaped(tmp_path: Path) -> None:
    evil = "a\x1b]0;x\x07\n.py"
    rows = f"{evil.replace(chr(10), '')},sha256=x,1\nb\x1b,c\n"
    found = wheel.read(build(tmp_path, {evil: b"1"}, rows=rows))
    assert "a\\x1b]0;x\\x07\\n.py" in found.files
    shown = [*found.files, *(part for flaw in found.record.flaws for part in (flaw.path, flaw.detail))]
    assert all(text.isprintable() for text in shown)
    patched = X86_64.replace(b"secure_getenv\0", b"secure\x1bgetenv\0")
    (path,) = (build(tmp_path, {EXTENSION: patched}),)
    assert all(name.isprintable() for name in wheel.read(path).elves[0].undefined)


def test_endless_tag_sets(tmp_path: Path) -> None:
    parts = ".".join(f"x{n}" for n in range(500))
    found = wheel.read(build(tmp_path, {}, wheel="".join(f"Tag: {parts}-{parts}-{parts}\n" for _ in range(50))))
    assert len(found.wheel_tags) <= wheel.MAX_TAGS


def test_the_last_of_several_members_of_one_name_counts() -> None:
    (path,) = FIXTURES.glob("wheel_archive_ambiguous_duplicate-1-*.whl")
    found = wheel.read(str(path))
    assert [flaw.kind for flaw in found.zip_flaws] == ["duplicate"]
    assert found.elves == ()


def test_record_of_the_builder_is_right(tmp_path: Path) -> None:
    files = {"demo.py": b"1"}
    assert record(files).count("\n") == 2
    assert wheel.read(build(tmp_path, files)).record.flaws == ()
