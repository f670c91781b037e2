"""An image is read from its layers as an engine would unpack them; a fault is one line."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import sys
import tarfile
from pathlib import Path
from typing import Any

import pace
import pytest
from readers import image_making as making
from readers.image_making import Layout, docker_save, entry, layer

from diagnose.model.finding import InputError
from diagnose.readers.image import layer_tree, regions, tar_reader
from diagnose.readers.image.open_image import ImageChoiceError, ImageFacts, open_image
from diagnose.readers.system.root import Root


def seen(path: Path | str, platform: str = "") -> dict[str, str]:
    """Return what the root of an image holds, as :func:`image_making.tree` does of a folder."""
    image = open_image(str(path), platform)
    try:
        return contents(image.root)
    finally:
        image.close()


def contents(root: Root) -> dict[str, str]:
    found = {}
    pending = [""]
    while pending:
        folder = pending.pop()
        for name in root.names(folder or "/"):
            path = f"{folder}/{name}"
            if target := root.link_target(path):
                found[path] = f"-> {target}"
            elif root.is_dir(path):
                found[path] = "folder"
                pending.append(path)
            else:
                text = root.text(path)
                found[path] = "unread" if text is None else text
    return found


def facts(path: Path, platform: str = "") -> ImageFacts:
    image = open_image(str(path), platform)
    image.close()
    return image.facts


def refusal(path: Path | str, platform: str = "") -> str:
    with pytest.raises((InputError, ImageChoiceError)) as error:
        seen(path, platform)
    assert "\n" not in str(error.value)
    return str(error.value)


LAYERS = {
    "a file over a file": ([[("a", "1")], [("a", "2")]], {"/a": "2"}),
    "a whiteout": ([[("a", "1"), ("b", "1")], [(".wh.a", "")]], {"/b": "1"}),
    "a whiteout of a folder": ([[("d/a", "1")], [(".wh.d", "")]], {}),
    "a whiteout and a new file": ([[("a", "1")], [("a", "2"), (".wh.a", "")]], {"/a": "2"}),
    "a whiteout of nothing": ([[("a", "1")], [(".wh.b", ""), ("d/.wh.a", "")]], {"/a": "1", "/d": "folder"}),
    "an opaque folder": (
        [[("d/a", "1"), ("d/e/f", "1")], [("d/b", "2"), ("d/.wh..wh..opq", "")]],
        {"/d": "folder", "/d/b": "2"},
    ),
    "an opaque root": ([[("a", "1")], [(".wh..wh..opq", ""), ("b", "2")]], {"/b": "2"}),
    "later layers over an opaque folder": (
        [[("d/a", "1")], [("d/.wh..wh..opq", "")], [("d/c", "3")], [(".wh.x", "")]],
        {"/d": "folder", "/d/c": "3"},
    ),
    "files of aufs": ([[(".wh..wh.plnk/1.2", "x"), (".wh..wh.aufs", ""), ("a", "1")]], {"/a": "1"}),
    "a file over a folder": ([[("a/b", "1")], [("a", "2")]], {"/a": "2"}),
    "a folder over a file": ([[("a", "1")], [("a/b", "2")]], {"/a": "folder", "/a/b": "2"}),
    "folders become one": (
        [[("d/", ""), ("d/a", "1")], [("d/", ""), ("d/b", "2")]],
        {"/d": "folder", "/d/a": "1", "/d/b": "2"},
    ),
    "a link to a folder": (
        [[("usr/lib/a", "1"), ("lib", "-> usr/lib"), ("lib/b", "2")]],
        {"/lib": "-> usr/lib", "/usr": "folder", "/usr/lib": "folder", "/usr/lib/a": "1", "/usr/lib/b": "2"},
    ),
    # Docker unpacks each layer alone: there, the link is not seen, and a folder takes its place.
    "a link of another layer": (
        [[("usr/a", "1"), ("lib", "-> usr")], [("lib/b", "2")]],
        {"/lib": "folder", "/lib/b": "2", "/usr": "folder", "/usr/a": "1"},
    ),
    "a link out of the root": ([[("a", "1"), ("l", "-> ../../a")]], {"/a": "1", "/l": "-> ../../a"}),
    "absolute names": ([[("/etc/a", "1"), ("//b", "2")]], {"/b": "2", "/etc": "folder", "/etc/a": "1"}),
    "names with dots": ([[("./a/../b", "1"), ("../../c", "2"), ("./", "")]], {"/b": "1", "/c": "2"}),
    "a hard link": ([[("a", "1"), ("b", "= a"), ("c", "= /a"), ("d", "= ./a")]], {f"/{name}": "1" for name in "abcd"}),
    "a hard link to a link": ([[("a", "1"), ("l", "-> a"), ("m", "= l")]], {"/a": "1", "/l": "-> a", "/m": "-> a"}),
    "a hard link to a file that is replaced": ([[("a", "1"), ("b", "= a")], [("a", "2")]], {"/a": "2", "/b": "1"}),
    "one name twice": ([[("a", "1"), ("a", "22")]], {"/a": "22"}),
    "names that are long": (
        [[(f"{'d' * 90}/{'e' * 120}/{'f' * 200}", "1")]],
        {f"/{'d' * 90}": "folder", f"/{'d' * 90}/{'e' * 120}": "folder", f"/{'d' * 90}/{'e' * 120}/{'f' * 200}": "1"},
    ),
    "names that are not ASCII": ([[("ä/é", "ü")]], {"/ä": "folder", "/ä/é": "ü"}),
}  # fmt: skip


FORMS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)


@pytest.mark.parametrize(  # ustar has no long names
    ("name", "form"),
    [(name, form) for name in LAYERS for form in FORMS if not (form == tarfile.USTAR_FORMAT and "long" in name)],
)
def test_layers(name: str, form: int, tmp_path: Path) -> None:
    rows, expected = LAYERS[name]
    layers = [layer(*row, form=form) for row in rows]
    assert seen(docker_save(tmp_path / "a.tar", layers)) == expected
    layout = Layout(tmp_path / "layout").add(layers)
    assert seen(layout.path) == seen(layout.archive(tmp_path / "b.tar")) == expected


def test_it_is_the_root_that_tar_unpacks(tmp_path: Path) -> None:
    if os.name != "posix":
        pytest.skip("needs links")
    folder = tmp_path / "root"
    (folder / "usr/lib").mkdir(parents=True)
    (folder / "lib").symlink_to("usr/lib")
    (folder / "usr/lib/one").write_text("1")
    os.link(folder / "usr/lib/one", folder / "usr/two")
    (folder / "usr/program").write_text("#!/bin/sh\n")
    (folder / "usr/program").chmod(0o755)
    os.mkfifo(folder / "fifo")
    image = open_image(str(docker_save(tmp_path / "a.tar", [making.of_folder(folder)])))
    root, other = image.root, Root(str(folder))
    for path in ("/lib/one", "/usr/two", "/usr/program", "/fifo", "/usr", "/", "/missing", "/lib/../x", "/usr/two/x"):
        for ask in (Root.is_file, Root.is_dir, Root.is_executable, Root.exists, Root.resolve, Root.link_folder):
            assert ask(root, path) == ask(other, path), (path, ask)
        assert root.names(path) == other.names(path)
        assert root.head(path, 3) == other.head(path, 3) and root.find(path, b"!", 3) == other.find(path, b"!", 3)
        with root.whole(path) as inside, other.whole(path) as outside:
            assert bytes(inside) == bytes(outside)
    with pytest.raises(InputError, match="/fifo: not a regular file"):
        root.read("/fifo")
    with pytest.raises(InputError, match="/usr/program: larger than 0 KiB"):
        root.read("/usr/program", 5)
    assert root.which("program", "/bin:/usr") == "/usr/program"
    image.close()


def test_links_never_leave_and_never_hang(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("outside")
    rows = [("a", "-> b"), ("b", "-> a"), ("out", f"-> {tmp_path}/secret"), ("up", "-> ../../../../../etc/x")]
    image = open_image(str(docker_save(tmp_path / "a.tar", [layer(*rows)])))
    with pytest.raises(InputError, match="too many levels of symbolic links"):
        image.root.resolve("/a")
    assert not image.root.exists("/a") and image.root.text("/out") is None and image.root.text("/up") is None
    assert image.root.region("/a") is None and image.root.head("/a", 1) == b""
    image.close()
    assert "too many levels" in refusal(docker_save(tmp_path / "b.tar", [layer(*rows, ("a/x", "1"))]))


def test_devices_are_there_and_not_read(tmp_path: Path) -> None:
    rows = [entry("dev/null", tarfile.CHRTYPE), entry("dev/sda", tarfile.BLKTYPE), entry("pipe", tarfile.FIFOTYPE)]
    image = open_image(str(docker_save(tmp_path / "a.tar", [layer(*rows)])))
    assert image.root.names("/dev") == ["null", "sda"] and not image.root.is_file("/dev/null")
    assert image.root.exists("/pipe") and image.root.head("/pipe", 1) == b""
    image.close()


def test_what_is_not_in_the_layers_is_said(tmp_path: Path) -> None:
    sparse = entry("sparse", data=b"x", pax_headers={"GNU.sparse.major": "1", "GNU.sparse.name": "hollow"})
    rows = [("l", "= nothing"), sparse, ("d/", ""), ("e", "= d")]
    image = open_image(str(docker_save(tmp_path / "a.tar", [layer(*rows)])))
    assert contents(image.root) == {"/d": "folder", "/hollow": "unread"}
    assert list(image.unread) == [
        "/l: a hard link to a file that no layer has before it",
        "/hollow: its bytes (it is stored as a sparse file)",
        "/e: a hard link to a file that no layer has before it",
    ]
    image.close()


def test_a_hard_link_into_a_lower_layer(tmp_path: Path) -> None:
    assert seen(docker_save(tmp_path / "a.tar", [layer(("a", "1")), layer(("b", "= a"))])) == {"/a": "1", "/b": "1"}


# --- the archives and their manifests ---------------------------------------------------------------------------------


def test_what_the_image_says_of_itself(tmp_path: Path) -> None:
    variables = ["PATH=/opt/bin:/bin", "CARGO_HOME=/c=d", "CARGO_REGISTRY_TOKEN=hunter2", "OTHER=hunter2", "=x", "y"]
    variables.append("CARGO_HTTP_PROXY=http://me:hunter2@proxy.example")
    settings = {"Env": variables, "Labels": {"vendor": "me", "n": 1}, "User": "build:users"}
    layers = [layer(("etc/passwd", "root:x:0:0::/root:/bin/sh\nbuild:x:1000:1000::/home/build:/bin/sh\n"))]
    found = facts(docker_save(tmp_path / "a.tar", layers, settings))
    assert found.environ["CARGO_HOME"] == "/c=d" and found.environ["HOME"] == "/home/build"
    assert found.names == ("demo:1",) and found.platform == "linux/amd64" and found.labels == {"vendor": "me"}
    plain = found.as_dict()
    assert "hunter2" not in json.dumps(plain) and plain["variables"]["PATH"] == "/opt/bin:/bin"
    assert plain["variables"]["CARGO_HTTP_PROXY"] == "http://…@proxy.example"
    assert plain["other_variables"] == ["CARGO_REGISTRY_TOKEN", "OTHER", "y"]
    assert json.loads(json.dumps(plain))["layers"] == 1


def test_platforms(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "l").add([layer(("a", "amd64"))])
    layout.add([layer(("a", "arm64"))], os="linux", architecture="arm64", variant="v8")
    layout.add([layer(("a", "armv7"))], os="linux", architecture="arm", variant="v7")
    layout.add([layer(("a", "windows"))], os="windows", architecture="amd64")
    said = refusal(layout.path)
    assert said.endswith("choose one by --platform: linux/amd64, linux/arm/v7, linux/arm64, windows/amd64")
    for asked, expected in (
        ("linux/amd64", "amd64"), ("linux/arm64", "arm64"), ("linux/arm64/v8", "arm64"), ("aarch64", "arm64"),
        ("linux/arm", "armv7"), ("linux/arm/v7", "armv7"), ("armhf", "armv7"),
    ):  # fmt: skip
        assert seen(layout.path, asked) == {"/a": expected}
        assert seen(layout.archive(tmp_path / "l.tar"), asked) == {"/a": expected}
    assert "holds no image for linux/s390x; --platform can be linux/amd64" in refusal(layout.path, "linux/s390x")
    assert "an image for windows/amd64; only Linux" in refusal(layout.path, "windows/amd64")


def test_several_images(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "l").add([layer(("a", "1"))], name="1").add([layer(("a", "2"))], name="example/demo:2")
    assert refusal(layout.path).endswith(f"holds several images; choose one by {layout.path}:NAME: 1, example/demo:2")
    assert seen(f"{layout.path}:1") == {"/a": "1"}
    assert seen(f"{layout.path}:example/demo:2") == seen(f"{layout.path}:demo:2") == {"/a": "2"}
    assert f"{layout.path}: holds no image '3': 1, example/demo:2" in refusal(f"{layout.path}:3")
    layout.rows.append({**layout.rows[0], "annotations": {"org.opencontainers.image.ref.name": "latest"}})
    layout.rows.pop(1)
    layout.write()
    assert facts(layout.path).names == ("1", "latest")  # one image with two names


def test_names_and_platforms_are_in_one_line(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "l").add(
        [layer(("a", "1"))], name="one\n::error::two", os="solaris\n", architecture="x\x1b"
    )
    assert refusal(layout.path).endswith("an image for solaris\\n/x\\x1b; only Linux is read")
    layout.add([layer(("a", "2"))], name="2")
    assert refusal(f"{layout.path}:3").endswith("holds no image '3': 2, one\\n::error::two")


def test_indexes_within_an_index(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "l").add([layer(("a", "1"))])
    built = {"mediaType": "x", "digest": "sha256:" + "0" * 64, "platform": {"os": "unknown", "architecture": "unknown"}}
    elsewhere = {"mediaType": "x", "digest": "sha256:" + "1" * 64, "platform": {"os": "linux", "architecture": "s390x"}}
    for _ in range(2):  # as BuildKit and containerd write them
        index = json.dumps({"schemaVersion": 2, "manifests": [*layout.rows, built, elsewhere]}).encode()
        layout.rows = [layout.blob(index, "application/vnd.oci.image.index.v1+json")]
        layout.write()
    assert seen(layout.path) == {"/a": "1"}
    for _ in range(8):
        index = json.dumps({"schemaVersion": 2, "manifests": layout.rows}).encode()
        layout.rows = [layout.blob(index, "application/vnd.oci.image.index.v1+json")]
    layout.write()
    assert "too many images or levels" in refusal(layout.path)


def test_indexes_that_name_one_another_again_and_again(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "l").add([layer(("a", "1"))])
    for _ in range(4):
        index = json.dumps({"schemaVersion": 2, "manifests": layout.rows * 900}).encode()
        layout.rows = [layout.blob(index, "application/vnd.oci.image.index.v1+json")]
    layout.write()
    with pace.within(5):
        assert "more manifests than any image has" in refusal(layout.path)


def test_one_configuration_of_many_images(tmp_path: Path) -> None:
    layers = [layer(("a", "1"))]
    own = config = making.config(layers, {"Labels": {str(number): "x" * 100 for number in range(20_000)}})
    name = f"{making.digest(own)[7:]}.json"
    rows = [{"Config": name, "Layers": ["a.tar"]}] * 900
    files = {name: config, "a.tar": layers[0], "manifest.json": json.dumps(rows).encode()}
    path = tmp_path / "a.tar"
    path.write_bytes(layer(*(entry(name, data=data) for name, data in files.items())))
    with pace.within(3):
        assert "more manifests than any image has" in refusal(path)


def test_one_layer_many_times(tmp_path: Path) -> None:
    packed = gzip.compress(layer(entry("large", data=bytes(8 << 20))))
    one = layer(entry("large", data=bytes(8 << 20)))
    layout = Layout(tmp_path / "l").add([one] * 900, pack=lambda _: packed)
    with pace.within(3):
        assert facts(layout.path).layers == 900


def test_layers_that_docker_saves_as_links(tmp_path: Path) -> None:
    one = layer(("a", "1"))
    own = making.config([one, one])
    name = f"{making.digest(own)[7:]}.json"
    rows = json.dumps([{"Config": name, "RepoTags": None, "Layers": ["0/layer.tar", "1/layer.tar"]}])
    path = tmp_path / "a.tar"
    files = [entry(name, data=own), entry("0/layer.tar", data=one), ("1/layer.tar", "-> ../0/layer.tar")]
    path.write_bytes(layer(*files, ("manifest.json", rows)))
    assert seen(path) == {"/a": "1"}


def _zstd(data: bytes) -> bytes:
    return pytest.importorskip("zstandard").compress(data)


@pytest.mark.parametrize("pack", [gzip.compress, _zstd, lambda data: data])
def test_compression(pack: Any, tmp_path: Path) -> None:
    layers = [layer(("a", "1" * 100_000)), layer(("b", "2"))]
    expected = {"/a": "1" * 100_000, "/b": "2"}
    assert seen(Layout(tmp_path / "l").add(layers, pack=pack).path) == expected
    saved = docker_save(tmp_path / "a.tar", layers, packed=[pack(one) for one in layers])
    assert seen(saved) == expected
    saved.write_bytes(pack(saved.read_bytes()))
    assert seen(saved) == expected


def test_members_of_gzip(tmp_path: Path) -> None:
    data = layer(("a", "1" * 10_000))
    parts = [data[start : start + 512] for start in range(0, len(data), 512)]
    layout = Layout(tmp_path / "l").add([data], pack=lambda _: b"".join(map(gzip.compress, parts)))
    assert seen(layout.path) == {"/a": "1" * 10_000}


def test_zstd_that_ends_early(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    saved = docker_save(tmp_path / "a.tar", [layer(("a", "1" * 100_000), ("b", os.urandom(300_000).hex()))])
    plain = saved.read_bytes()
    skippable = b"\x50\x2a\x4d\x18\3\0\0\0abc"
    for options in ({}, {"write_checksum": True}, {"write_content_size": False}):
        pack = zstandard.ZstdCompressor(**options).compress
        for packed in (pack(plain), pack(plain[:5000]) + skippable + pack(plain[5000:])):
            saved.write_bytes(packed)
            assert set(seen(saved)) == {"/a", "/b"}
            for size in (len(packed) - 1, len(packed) - 5, len(packed) // 2, 40):
                saved.write_bytes(packed[:size])
                assert "cut off" in refusal(saved)


def test_zstd_of_empty_blocks(tmp_path: Path) -> None:
    pytest.importorskip("zstandard")
    many = b"\x28\xb5\x2f\xfd\0\x58" + bytes(6 << 20) + b"\1\0\0"
    skipped = b"\x50\x2a\x4d\x18\0\0\0\0" * (1 << 20)
    for number, data in enumerate((many, b"\x28\xb5\x2f\xfd\0\x58\1\0\0" + skipped)):
        layout = Layout(tmp_path / str(number)).add([b""], pack=lambda _, data=data: data)
        with pace.within(20):
            assert "more blocks than any encoder makes" in refusal(layout.path)


def test_zstd_without_a_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = Layout(tmp_path / "l").add([layer(("a", "1"))], pack=_zstd)
    monkeypatch.setitem(sys.modules, "compression", None)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    assert f"{layout.path}: layer 1 of 1: compressed with zstd, which this Python cannot unpack: not read" in refusal(
        layout.path
    )


# --- attacks ----------------------------------------------------------------------------------------------------------

GOOD = [("etc/a", "1" * 2000), ("b", "2")]


def test_every_cut_of_an_archive(tmp_path: Path) -> None:
    whole = docker_save(tmp_path / "a.tar", [layer(*GOOD)]).read_bytes()
    path = tmp_path / "cut.tar"
    end = whole.rindex(b"manifest.json") + 1000
    for length in (*range(0, end, 97), *range(0, end, 512)):
        path.write_bytes(whole[:length])
        assert str(path) in refusal(path)
    packed = gzip.compress(whole)
    for length in range(0, len(packed), 7):
        path.write_bytes(packed[:length])
        assert str(path) in refusal(path)


def test_every_cut_of_a_layer(tmp_path: Path) -> None:
    data = layer(*GOOD)
    end = data.rindex(b"b\0") + 1024
    for number, length in enumerate(range(0, end, 211)):
        layout = Layout(tmp_path / f"l{number}").add([data[:length]])  # with the right digest
        if length % 512:
            assert "layer 1 of 1: cut off" in refusal(layout.path), length
    packed = gzip.compress(data)
    for number, length in enumerate(range(3, len(packed), 11)):
        layout = Layout(tmp_path / f"p{number}").add([packed[:length]], pack=lambda data: data)
        assert "layer 1 of 1: cut off: its gzip stream has no end" in refusal(layout.path)


def test_digests(tmp_path: Path) -> None:
    data = layer(*GOOD)
    for number, blob in enumerate(("layers", "config", "manifest")):
        layout = Layout(tmp_path / f"l{number}").add([data])
        manifest = json.loads((layout.path / "blobs/sha256" / layout.rows[0]["digest"][7:]).read_text())
        row = {"layers": manifest["layers"][0], "config": manifest["config"], "manifest": layout.rows[0]}[blob]
        wrong = row["digest"]
        with open(layout.path / "blobs/sha256" / wrong[7:], "r+b") as file:
            file.seek(-1, io.SEEK_END)
            file.write(b" " if blob != "layers" else b"\1")
        assert f"its bytes do not have the digest {wrong}" in refusal(layout.path)
    other = layer(("etc/a", "another"))
    saved = docker_save(tmp_path / "a.tar", [data], packed=[other])
    assert refusal(saved).endswith(f"layer 1 of 1: its bytes do not have the digest {making.digest(data)}")
    saved = docker_save(tmp_path / "b.tar", [data], packed=[gzip.compress(other)])
    assert refusal(saved).endswith(f"layer 1 of 1: its bytes do not have the digest {making.digest(data)}")


@pytest.mark.parametrize(
    "wrong", ["sha256:../../../etc/passwd", "sha256:abc", "md5:" + "0" * 32, "sha256:" + "A" * 64, 7, None, {}, ""]
)
def test_digests_that_are_none(wrong: Any, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "l").add([layer(*GOOD)])
    layout.rows[0]["digest"] = wrong
    layout.write()
    assert "is not a digest by SHA-256 or SHA-512" in refusal(layout.path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("\xff", "not valid JSON"),
        ("[]", "not a JSON object"),
        ("7", "not a JSON object"),
        ("{}", "holds no image"),
        ('{"manifests": {"a": 1}}', "holds no image"),
        ('{"manifests": [1, null, "x"]}', "is not a digest"),
        (json.dumps({"manifests": [0] * 1001}), "too many images"),
    ],
)
def test_indexes_that_are_broken(text: str, said: str, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "l")
    (layout.path / "index.json").write_text(text, encoding="latin-1")
    assert said in refusal(layout.path)
    assert said in refusal(layout.archive(tmp_path / "l.tar"))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("{}", "holds no image"),
        ("[]", "holds no image"),
        ("[1]", "names no configuration"),
        ('[{"Config": "../../etc/passwd", "Layers": []}]', "lacks the file"),
        ('[{"Config": "config", "Layers": ["missing"]}]', "does not have the digest of each layer"),
        ('[{"Config": "config", "Layers": [7]}]', "names no configuration"),
    ],
)
def test_manifests_of_docker_that_are_broken(rows: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(layer(("manifest.json", rows), ("config", "{}")))
    assert said in refusal(path)


def test_a_layer_that_is_missing(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "l").add([layer(*GOOD)])
    for blob in (layout.path / "blobs/sha256").iterdir():
        if not blob.read_bytes().startswith(b"{"):
            blob.unlink()
            blob.symlink_to("/etc/passwd")  # of this machine
    assert f"{layout.path}: lacks the file 'blobs/sha256/" in refusal(layout.path)


def test_what_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello, world\n" * 100)
    (tmp_path / "empty").write_text("")
    (tmp_path / "root.tar").write_bytes(layer(("bin/sh", ""), ("etc/x", ""), ("usr/x", "")))
    (tmp_path / "folder").mkdir()
    (tmp_path / "xz").write_bytes(b"\xfd7zXZ\0" + b"x" * 100)
    assert "not a tar archive: no header at byte 0" in refusal(tmp_path / "text")
    assert "not an image: it has no index.json and no manifest.json" in refusal(tmp_path / "empty")
    assert refusal(tmp_path / "root.tar").endswith("it looks like a root file system: unpack it, and use --root")
    assert "not an image" in refusal(tmp_path / "folder")
    assert "compressed with xz, not gzip or zstd: not read; unpack it first" in refusal(tmp_path / "xz")
    assert "no such file or directory" in refusal(tmp_path / "missing")
    if os.name == "posix":
        os.mkfifo(tmp_path / "fifo")
        assert "not a regular file" in refusal(tmp_path / "fifo")


def test_names_that_no_engine_takes(tmp_path: Path) -> None:
    for number, (rows, said) in enumerate((
        ([("a", "1"), ("a/b", "2")], "'a' is a folder and a file in one layer"),
        ([(".wh.", "")], "'.wh.' removes nothing that has a name"),
        ([("d/.wh...", "")], "removes nothing that has a name"),
        ([("a" * 5000, "")], "a name of more than 4096 bytes"),
        ([("l", "-> " + "a" * 5000)], "a name of more than 4096 bytes"),
        ([entry("a", pax_headers={"comment": "x" * (2 << 20)})], "a tar header of more than 1 MiB"),
    )):  # fmt: skip
        assert said in refusal(docker_save(tmp_path / f"{number}.tar", [layer(*rows)]))


def header(name: bytes = b"a", size: bytes = b"00000000000\0", kind: bytes = b"0", **fields: bytes) -> bytes:
    block = bytearray(512)
    block[: len(name)] = name
    block[100:108], block[124 : 124 + len(size)], block[156:157] = b"0000644\0", size, kind
    block[257:265] = b"ustar\00000"
    for place, value in fields.items():
        start = int(place[1:])
        block[start : start + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (header(size=b"77777777777\0"), "'a' reaches beyond its end"),
        (header(size=b"\x80" + b"\xff" * 11), "no size at byte 0"),
        (header(size=b"\xff" * 12), "no size at byte 0"),
        (header(size=b"-1\0"), "no size at byte 0"),
        (header(size=b"9\0"), "no size at byte 0"),
        (header(kind=b"x", size=b"00000000003\0") + b"abc".ljust(512, b"\0"), "not made of records"),
        (header(kind=b"x", size=b"00000000020\0") + b"999 path=x\n".ljust(512, b"\0"), "not made of records"),
        (header(kind=b"x", size=b"00000000016\0") + b"14 size=-1234\n".ljust(512, b"\0") + header(), "no size at"),
        (header(kind=b"L", size=b"00000000010\0"), "reaches beyond its end"),
        (header()[:300], "cut off at byte 300"),
        (header()[:-1] + b"\1", "not a tar archive"),
        (header() + b"junk" * 128, "a broken tar archive: no header at byte 512"),
    ],
)
def test_headers_that_lie(data: bytes, said: str, tmp_path: Path) -> None:
    assert said in refusal(docker_save(tmp_path / "a.tar", [data]))


def test_headers_of_old_programs(tmp_path: Path) -> None:
    signed = bytearray(header(name=b"\xe4"))
    signed[148:156] = b" " * 8
    signed[148:156] = b"%06o\0 " % (sum(signed) - 256)  # of signed bytes, one of which is negative
    folder = header(name=b"old/", kind=b"\0")
    sparse = header(name=b"hollow", kind=b"S", size=b"00000001000\0", p482=b"\1") + bytes(512) + b"x" * 512
    unknown = header(name=b"label", kind=b"V")
    found = seen(docker_save(tmp_path / "a.tar", [bytes(signed) + folder + sparse + unknown + header(name=b"z")]))
    assert found == {"/\udce4": "", "/old": "folder", "/hollow": "unread", "/z": ""}


def test_a_layer_that_is_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "SPOOL_LIMIT", 1 << 30)
    hole = entry("hole", data=b"")
    hole[0].size = 1 << 31
    packed = gzip.compress(hole[0].tobuf()) + gzip.compress(bytes(64 << 20)) * 20
    layout = Layout(tmp_path / "l").add([b""], pack=lambda _: packed)
    with pace.within(20):
        assert "layer 1 of 1: unpacks to more than 1 GiB: not read" in refusal(layout.path)


def test_more_files_than_any_image_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_tree, "ENTRY_LIMIT", 1000)
    many = [layer(*((f"{number}", "") for number in range(600))) for _ in range(2)]
    said = "the layers hold more than 1,000 files and folders: not read"
    assert said in refusal(docker_save(tmp_path / "a.tar", many))
    deep = layer(("a/" * 1500 + "b", ""))
    assert "more than 1,000 files and folders" in refusal(docker_save(tmp_path / "b.tar", [deep]))
    monkeypatch.setattr(layer_tree, "ENTRY_LIMIT", 10_000)
    monkeypatch.setattr(layer_tree, "NAMES_LIMIT", 1000)
    assert "too long together" in refusal(docker_save(tmp_path / "c.tar", many))
    monkeypatch.setattr(layer_tree, "NAMES_LIMIT", 1 << 30)
    monkeypatch.setattr(layer_tree, "STEP_LIMIT", 10_000)
    links = layer(("l", "-> " + "./../" * 800), *((f"l/l/l/l/{number}", "") for number in range(100)))
    assert "too long together" in refusal(docker_save(tmp_path / "d.tar", [links]))


def test_memory_stays_small(tmp_path: Path) -> None:
    import tracemalloc

    data = layer(entry("large", data=bytes(100 << 20)), ("etc/a", "1"))
    layout = Layout(tmp_path / "l").add([data])
    del data
    tracemalloc.start()
    image = open_image(str(layout.path))
    assert image.root.find("/large", b"\0", 4) == b"\0" and image.root.text("/etc/a") == "1"
    image.close()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_time_is_linear_in_the_layers(tmp_path: Path) -> None:
    rows = [(f"d{number % 100}/{number}", "") for number in range(20_000)]
    whiteouts = [(name.replace("/", "/.wh."), "") for name, _ in rows]
    path = docker_save(tmp_path / "a.tar", [layer(*rows), layer(*whiteouts)])
    with pace.within(10):
        assert set(seen(path)) == {f"/d{number}" for number in range(100)}


def test_numbers_of_headers() -> None:
    assert tar_reader._number(b"\x80" + bytes(3) + struct.pack(">Q", 1 << 40)) == 1 << 40
