"""Attacks the reader of container images: ``python3 dev.py fuzz image SECONDS [SEED]``.

Every input is an archive of ``docker save`` or an OCI layout, in which the headers of a layer, a compressed layer, a
document of JSON or any bytes are changed. Digests are made right again, so that the change itself is read.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import io
import json
import os
import random
import tarfile
import zlib
from collections.abc import Callable

from readers import image_making as making
from readers.image_making import entry, layer

from diagnose.model.finding import InputError
from diagnose.readers.image import open_image
from diagnose.readers.image.blob_store import BlobStore
from diagnose.readers.image.regions import Region
from diagnose.readers.system.root import Root

from . import engine

LINK, HARD = tarfile.SYMTYPE, tarfile.LNKTYPE
ROWS = [
    [
        ("etc/", ""), ("etc/passwd", "a:x:1:1::/home/a:/bin/sh\n"), ("usr/lib/a", "a"),
        ("lib", "-> usr/lib"), ("lib/b", "b"), ("c", "= etc/passwd"),
        ("d" * 90 + "/" + "e" * 90, "long"), entry("dev/null", tarfile.CHRTYPE), ("up", "-> ../../x"),
        entry("big", data=b"x" * 3000), entry("p", pax_headers={"size": "0", "comment": "c", "GNU.sparse.map": "0,1"}),
    ],
    [("etc/.wh.passwd", ""), ("usr/.wh..wh..opq", ""), ("usr/lib/c", "c"), (".wh.c", ""),
     ("loop", "-> loop"), ("ä", "ü")],
]  # fmt: skip
LAYERS = [[layer(*rows, form=form) for rows in ROWS] for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)]
KNOWN = (
    '"Config"', '"Layers"', '"config"', '"digest"', '"layers"', '"manifests"', '"rootfs"', "{", "}", "[", "]", "null",
    "7", '"sha256:' + "0" * 64 + '"', '"mediaType"', '"platform"', '"os"', "../", '"Env"', '"User"', '"Labels"',
)  # fmt: skip
KIND_OF = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.config.v1+json"


def _headers(chance: random.Random, data: bytes) -> bytes:
    """Return a tar archive with fields of some headers changed, and the sums of all headers right."""
    out = bytearray(data)
    fields = ((0, 100), (100, 8), (124, 12), (124, 12), (156, 1), (157, 100), (257, 8), (345, 155), (482, 30))
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(out) // 512) * 512
        start, size = chance.choice(fields)
        value = chance.choice((
            os.fsencode(chance.choice(engine.NASTY)), b"%011o" % chance.choice(engine.NUMBERS[:20]),
            b"\x80" + b"\0" * 10, b"\xff" * 12, bytes([chance.randrange(256)]),
            chance.choice(b"0 1 2 3 5 6 7 g x L K S V".split()),
            b".wh.x\0", b"a/.wh..wh..opq\0", b"../../etc/passwd\0", b"/\0", b"loop/x\0", b"\0" * size,
        ))[:size]  # fmt: skip
        out[at + start : at + start + len(value)] = value
    for at in range(0, len(out) - 511, 512):
        if out[at + 257 : at + 262] == b"ustar":
            out[at + 148 : at + 156] = b" " * 8
            out[at + 148 : at + 156] = b"%06o\0 " % sum(out[at : at + 512])
    return bytes(out)


def _archive(files: dict[str, bytes]) -> bytes:
    """Return *files* as a tar archive: what tarfile writes, in a fraction of its time."""
    parts = []
    for name, data in files.items():
        numbers = b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % len(data) + b"0" * 11 + b"\0"
        start = name.encode().ljust(100, b"\0") + numbers
        rest = b"0".ljust(101, b"\0") + b"ustar\x0000".ljust(255, b"\0")
        total = sum(start) + sum(rest) + 8 * 32
        parts += [start, b"%06o\0 " % total, rest, data, bytes(-len(data) % 512)]
    return b"".join([*parts, bytes(1024)])


@functools.lru_cache(2 * len(LAYERS))
def _packed(data: bytes) -> bytes:
    return gzip.compress(data, 1)


def _docker(layers: list[bytes], spoil: Callable[[str, bytes], bytes]) -> bytes:
    own = spoil("config", making.config(layers, {"Env": ["PATH=/bin", "A"], "User": "a", "Labels": {"a": "b"}}))
    name = f"{making.digest(own)[7:]}.json"
    rows = [{"Config": name, "RepoTags": ["a:1"], "Layers": [f"{number}.tar" for number in range(len(layers))]}]
    files = {f"{number}.tar": one for number, one in enumerate(layers)}
    files = {name: own, **files, "manifest.json": spoil("index", json.dumps(rows).encode())}
    return _archive(files)


def _layout(layers: list[bytes], packed: list[bytes], spoil: Callable[[str, bytes], bytes]) -> bytes:
    files: dict[str, bytes] = {}

    def blob(data: bytes, kind: str) -> dict[str, object]:
        digest = making.digest(data)
        files[f"blobs/sha256/{digest[7:]}"] = data
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    own = blob(spoil("config", making.config(layers, {"Env": ["PATH=/bin"]})), KIND_OF[1])
    manifest = {"config": own, "layers": [blob(one, "application/vnd.oci.image.layer.v1.tar+gzip") for one in packed]}
    row = blob(spoil("manifest", json.dumps(manifest).encode()), KIND_OF[0])
    files["index.json"] = spoil("index", json.dumps({"manifests": [row]}).encode())
    return _archive(files)


def _walk(root: Root, every_way: bool) -> None:
    pending, left = ["/"], 100
    while pending and left:
        folder = pending.pop()
        for name in root.names(folder)[:100]:
            left -= left > 0
            path = f"{folder.rstrip('/')}/{name}"
            if root.is_dir(path) and not root.link_target(path):
                pending.append(path)
            if every_way:
                root.head(path, 10)
                root.find(path, b"a", 3)
                bytes(root.whole(path))
            with contextlib.suppress(InputError):  # a loop of links, a device
                root.read(path)
                if every_way:
                    root.link_folder(path)


def kind() -> engine.Kind:
    """Return the kind of input: the bytes of an archive."""

    def make(chance: random.Random) -> object:
        layers = list(chance.choice(LAYERS))
        what = chance.choice(("headers", "headers", "packed", "json", "json", "bytes"))
        spoilt = chance.choice(("config", "manifest", "index")) if what == "json" else ""

        def spoil(name: str, data: bytes) -> bytes:
            if name != spoilt:
                return data
            text = engine.words(chance, data.decode().replace(", ", ",\n"), KNOWN)
            return text.encode("utf-8", "surrogateescape")

        if what == "headers":
            at = chance.randrange(len(layers))
            layers[at] = _headers(chance, layers[at])
        packed = [_packed(one) for one in layers]
        if what == "packed":
            packed[0] = engine.flip(chance, packed[0])
        archive = _docker(layers, spoil) if chance.random() < 0.5 else _layout(layers, packed, spoil)
        return engine.flip(chance, archive) if what == "bytes" else archive

    def read(value: object) -> None:
        assert isinstance(value, bytes)
        descriptor = os.memfd_create("image")
        with io.FileIO(descriptor, "r+") as file:
            file.write(value)
            store = BlobStore("image")
            try:
                store.open_archive(Region(file, 0, len(value)))
                image = open_image._opened(store, "", "")
                json.dumps(image.facts.as_dict())
                _walk(image.root, zlib.crc32(value) % 4 == 0)
            except open_image.ImageChoiceError as error:
                raise InputError(str(error)) from None
            finally:
                store.close()

    return engine.Kind("image", make, read)


def main(seconds: float = 60, seed: int = 0, say: Callable[[str], object] = print) -> int:
    """Read mutated images for *seconds*; return 1 if one of them failed, else 0."""
    return engine.campaign(kind(), seconds, seed, say)
