"""A root is looked at, never left, and never hangs."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readers import miniroot

from diagnose.model.finding import InputError
from diagnose.readers.system import file_bytes
from diagnose.readers.system.root import LINK_LIMIT, Root


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "root" / "etc").mkdir(parents=True)
    (tmp_path / "root" / "etc" / "file").write_text("inside")
    (tmp_path / "secret").write_text("outside")
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("target", "leads_to"),
    [
        ("file", "/etc/file"),
        ("/etc/file", "/etc/file"),
        ("../etc/./file", "/etc/file"),
        ("../../../../../etc/file", "/etc/file"),
        ("/../..//etc//file", "/etc/file"),
        ("../../secret", None),
        ("/nothing", None),
        ("link", "loop"),
        ("/etc/link/x", "loop"),
    ],
)
def test_links_stay_inside(folder, target, leads_to):
    (folder / "etc" / "link").symlink_to(target)
    root = Root(str(folder))
    if leads_to == "loop":
        with pytest.raises(InputError, match="symbolic links"):
            root.resolve("/etc/link")
        assert not root.exists("/etc/link")
        return
    assert root.resolve("/etc/link") == leads_to
    assert root.text("/etc/link") == ("inside" if leads_to else None)
    assert root.resolve("/etc/link", follow=False) == "/etc/link"


def test_an_absolute_link_out_of_a_live_looking_path(folder, tmp_path):
    (folder / "etc" / "passwd").symlink_to(tmp_path / "secret")  # a path of this machine means nothing inside
    assert Root(str(folder)).text("/etc/passwd") is None


def test_as_many_links_as_the_kernel_follows(folder):
    for number in range(LINK_LIMIT + 1):
        (folder / f"l{number}").symlink_to(f"l{number + 1}" if number < LINK_LIMIT else "etc/file")
    root = Root(str(folder))
    assert root.text("/l1") == "inside"
    with pytest.raises(InputError):
        root.text("/l0")


def test_what_is_no_regular_file(folder):
    os.mkfifo(folder / "fifo")
    root = Root(str(folder))
    with pytest.raises(InputError, match="not a regular file"):
        root.read("/fifo")
    assert root.read("/etc") is None
    assert root.head("/fifo", 10) == b"" and root.find("/fifo", b"x", 1) == b""


def test_the_bytes_of_a_whole_file(folder):
    (folder / "empty").write_bytes(b"")
    (folder / "etc" / "link").symlink_to("file")
    root = Root(str(folder))
    with root.whole("/etc/link") as data:
        assert (len(data), bytes(data), data[-2], data[1:-1], data[::2]) == (6, b"inside", ord("d"), b"nsid", b"isd")
    for path in ("/empty", "/missing", "/etc"):
        with root.whole(path) as data:
            assert (len(data), bytes(data), data[:4], data.last(b"a", 9)) == (0, b"", b"", -1)
    assert root.link_target("/etc/link") == "file"
    assert root.link_target("/etc/file") == root.link_target("/missing") == ""


def test_what_is_found_from_the_end(folder, monkeypatch):
    (folder / "file").write_bytes(b"needle 1" + bytes(50) + b"needle 2 nee")
    root = Root(str(folder))
    for step in (1, 3, 7, 100):  # a needle across the steps is seen
        monkeypatch.setattr(file_bytes, "STEP", step)
        assert root.find("/file", b"needle", 8) == b"needle 2"
        assert root.find("/file", b"needle 1", 100).startswith(b"needle 1\0")
        assert root.find("/file", b"needles", 8) == b""
        with root.whole("/file") as data:
            assert data.last(b"needle 1", 20) == -1


def test_a_file_that_is_cut_off_while_it_is_read(folder):
    (folder / "file").write_bytes(bytes(20_000))
    with Root(str(folder)).whole("/file") as data:
        assert data[9000:9004] == bytes(4)
        os.truncate(folder / "file", 5000)
        assert len(data) == 20_000 and data[:5000] == bytes(5000)
        for place in (slice(None), slice(4999, 5001), 5000, slice(9000, 9004)):
            with pytest.raises(OSError, match=r"was cut off at byte \d+ while it was read"):
                data[place]


def test_bounds(folder):
    (folder / "big").write_bytes(b"x" * 2_000_000)
    root = Root(str(folder))
    assert root.read("/big", 2_000_000) == b"x" * 2_000_000
    with pytest.raises(InputError, match=r"/big: larger than 1 MiB"):
        root.read("/big", 1 << 20)
    with pytest.raises(InputError, match="NUL byte at offset 3"):
        (folder / "binary").write_bytes(b"abc\0")
        root.text("/binary")


def test_what_may_not_be_read_is_said():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for name, mode in (("file", 0o600), ("folder", 0o700)):
            place = Path(folder) / name
            place.write_text("x") if name == "file" else place.mkdir()
            place.chmod(mode if os.geteuid() == 0 else 0)
        root = Root(folder)
        with miniroot.nobody():
            assert root.text("/file") is None and root.names("/folder") == []
        assert root.unseen == ["/file: permission denied", "/folder: permission denied"]


@pytest.mark.parametrize("path", ["", "/no/such/folder", __file__, "a\0b"])
def test_no_root(path):
    with pytest.raises(InputError) as error:
        Root(path)
    assert "\n" not in str(error.value)


def test_programs(folder):
    (folder / "bin").mkdir()
    (folder / "bin" / "tool").write_text("#!/bin/sh\n")
    root = Root(str(folder))
    assert root.which("tool", "/nothing:/bin") == ""
    (folder / "bin" / "tool").chmod(0o755)
    assert root.which("tool", "/nothing:/bin") == "/bin/tool"
    assert root.which("/bin/tool", "") == "/bin/tool"
    assert root.which("etc", "/") == ""  # a folder


PARTS = st.sampled_from(["a", "b", "..", ".", "", "/", "c"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(PARTS, st.lists(PARTS, max_size=4)), max_size=6), st.lists(PARTS, max_size=6))
def test_any_tangle_of_links_ends_inside(tmp_path_factory, links, asked):
    top = tmp_path_factory.mktemp("tangle")
    inside = top / "root"
    (inside / "c").mkdir(parents=True)
    for name, target in links:
        place = inside / "c" / name if name == "a" else inside / (name.strip("./") or "x")
        if not os.path.lexists(place):
            place.symlink_to("/".join(target) or "a")
    root = Root(str(inside))
    try:
        found = root.locate("/" + "/".join(asked))
    except InputError:
        return
    if found is not None:
        assert os.path.realpath(os.path.dirname(found)).startswith(str(inside)) or found == f"{inside}/"
        assert ".." not in found.split("/")
