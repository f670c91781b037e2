"""What ``-l`` leads to."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import need
from readers import miniroot

from diagnose.model import targets
from diagnose.model.targets import Target
from diagnose.readers.elf import library as linkfile
from diagnose.readers.system.file_bytes import FileBytes
from diagnose.readers.system.root import Root

A, B, OWN = "/a", "/b", "/usr/lib/arm-linux-gnueabihf"


def row(name: str) -> Target:
    found = targets.resolve(name)
    assert found is not None
    return found


ARM = row("armhf")


def find(path: Path, name: str = "x", target: Target = ARM) -> linkfile.LinkFile:
    return linkfile.find(Root(str(path)), name, [A, B], [OWN], target)


def archive(*members: tuple[str, bytes]) -> bytes:
    data = b"!<arch>\n"
    for name, body in members:
        data += (
            f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(body):<10}`\n".encode() + body + b"\n" * (len(body) % 2)
        )
    return data


@pytest.mark.parametrize("name", ["libx.so", "libx.a"])
def test_a_library_that_is_cut_off_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    body = miniroot.elf("armhf")
    miniroot.write(tmp_path / "a" / name, body if name == "libx.so" else archive(("x.o", body)))
    opened = Root.whole

    def whole(root: Root, path: str) -> FileBytes:
        data = opened(root, path)
        os.truncate(tmp_path / "a" / name, 16)
        return data

    monkeypatch.setattr(Root, "whole", whole)
    root = Root(str(tmp_path))
    found = linkfile.find(root, "x", [A], [], ARM)
    assert (found.accepted, root.unseen) == (None, [f"/a/{name}: cannot be read"])


@pytest.mark.parametrize(
    ("files", "kind", "path", "accepted", "default"),
    [
        ({"a/libx.so": "armhf"}, "shared", "/a/libx.so", True, False),
        ({"a/libx.a": "armhf", "b/libx.so": "armhf"}, "static", "/a/libx.a", True, False),
        ({"b/libx.so": "amd64"}, "shared", "/b/libx.so", False, False),
        ({"a/libx.so": "armel"}, "shared", "/a/libx.so", False, False),
        ({"a/libx.so": b"\x7fELF"}, "unreadable", "/a/libx.so", None, False),
        ({"a/libx.so": b"GROUP ( /b/l.so AS_NEEDED ( -ly ) )", "b/l.so": "armhf"}, "script", "/a/libx.so", True, False),
        ({"a/libx.so": b"/* script */ INPUT(/a/libx.so)"}, "script", "/a/libx.so", None, False),
        ({"a/libx.so": b"neither"}, "unreadable", "/a/libx.so", None, False),
        ({"usr/lib/arm-linux-gnueabihf/libx.so": "armhf"}, "shared", f"{OWN}/libx.so", True, True),
        ({"a/liby.so": "armhf"}, "missing", "", None, False),
    ],
)  # fmt: skip
def test_kinds(tmp_path, files, kind, path, accepted, default):
    for name, content in files.items():
        body = miniroot.elf(content) if isinstance(content, str) else content
        miniroot.write(tmp_path / name, archive(("/", b"symbols"), ("x.o/", body)) if name.endswith(".a") else body)
    found = find(tmp_path)
    assert (found.kind, found.path, found.accepted, found.default) == (kind, path, accepted, default)


def test_a_link_to_nothing(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/libx.so").symlink_to("libx.so.2")
    found = find(tmp_path)
    assert (found.kind, found.path, found.real) == ("dangling", "/a/libx.so", "libx.so.2")


def test_a_link_to_itself(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/libx.so").symlink_to("libx.so")
    assert find(tmp_path).kind == "dangling"


def test_by_file_name_and_beside_a_static_one(tmp_path):
    miniroot.write(tmp_path / "a/libx.so.2", miniroot.elf("armhf"))
    miniroot.write(tmp_path / "b/libx.a", archive(("x.o/", miniroot.elf("armhf"))))
    assert find(tmp_path, ":libx.so.2").path == "/a/libx.so.2"
    assert find(tmp_path).archive == "/b/libx.a"


def test_what_a_library_drags_along(tmp_path):
    compiler = shutil.which("cc")
    need(compiler, "there is no C compiler")
    for name, needs in (("z", ""), ("y", "-lz"), ("x", "-ly")):
        (tmp_path / f"{name}.c").write_text(f"int {name}(void) {{ return 0; }}\n")
        (tmp_path / "a").mkdir(exist_ok=True)
        line = (
            f"cc -shared -fPIC -Wl,--no-as-needed -Wl,-soname,lib{name}.so.1 -o a/lib{name}.so.1 {name}.c -La {needs}"
        )
        subprocess.run(line.split(), cwd=tmp_path, check=True)
        (tmp_path / f"a/lib{name}.so").symlink_to(f"lib{name}.so.1")
    (tmp_path / "a/libz.so.1").unlink()
    host = row(os.uname().machine)
    found = find(tmp_path, target=host)
    assert [(one.soname, one.path) for one in found.needs] == [("liby.so.1", "/a/liby.so.1"), ("libz.so.1", "")]
    assert found.elf is not None and found.elf.soname == "libx.so.1" and found.libc == "glibc"


@pytest.mark.parametrize(
    ("name", "refuses"),
    [("armhf", "armel"), ("armel", "armhf"), ("arm64", "amd64"), ("ppc64el", "ppc64"), ("i386", "amd64")],
)
def test_only_code_of_the_targets_abi_fits(tmp_path, name, refuses):
    miniroot.write(tmp_path / "a/libx.so", miniroot.elf(name))
    miniroot.write(tmp_path / "b/liby.so", miniroot.elf(refuses))
    assert find(tmp_path, "x", row(name)).accepted
    assert find(tmp_path, "y", row(name)).accepted is False
