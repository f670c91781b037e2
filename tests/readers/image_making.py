"""Makes images by hand, as files: archives of ``docker save``, and OCI layouts, with whatever layers a test wants."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

AMD64 = {"os": "linux", "architecture": "amd64"}
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"


def entry(name: str, kind: bytes = tarfile.REGTYPE, **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    """Return an entry of a tar archive; *fields* are ``data``, ``mode``, and those of TarInfo."""
    data = fields.pop("data", b"")
    info = tarfile.TarInfo(name)
    info.type, info.size, info.mode = kind, len(data), 0o755 if kind == tarfile.DIRTYPE else 0o644
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def layer(*rows: tuple[tarfile.TarInfo, bytes] | tuple[str, str], form: int = tarfile.PAX_FORMAT) -> bytes:
    """Return a tar archive: of entries, or of (name, content); a folder is ``NAME/``, a link has ``-> TARGET``."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=form) as archive:
        for row in rows:
            info, data = row if isinstance(row[0], tarfile.TarInfo) else _plain(*row)  # type: ignore[arg-type]
            assert isinstance(data, bytes)
            archive.addfile(info, io.BytesIO(data) if data else None)
    return packed.getvalue()


def _plain(name: str, content: str) -> tuple[tarfile.TarInfo, bytes]:
    if name.endswith("/"):
        return entry(name, tarfile.DIRTYPE)
    if content.startswith("-> "):
        return entry(name, tarfile.SYMTYPE, linkname=content[3:])
    if content.startswith("= "):
        return entry(name, tarfile.LNKTYPE, linkname=content[2:])
    return entry(name, data=content.encode())


def of_folder(folder: Path) -> bytes:
    """Return a layer with everything below *folder*."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.add(folder, arcname=".")
    return packed.getvalue()


def digest(data: bytes) -> str:
    """Return the digest of *data*."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def config(layers: Iterable[bytes], settings: Mapping[str, Any] | None = None, **platform: str) -> bytes:
    """Return the configuration of an image of *layers*, which are not compressed."""
    inner = [digest(one) for one in layers]
    content = {**(platform or AMD64), "config": settings or {}, "rootfs": {"type": "layers", "diff_ids": inner}}
    return json.dumps(content).encode()


def docker_save(
    path: Path, layers: Sequence[bytes], settings: Mapping[str, Any] | None = None, packed: Sequence[bytes] = ()
) -> Path:
    """Write an archive as Docker 20.10 does; *packed* are the bytes of its layers' files, if not those of *layers*."""
    own = config(layers, settings)
    name = f"{digest(own)[7:]}.json"
    paths = [f"{number}/layer.tar" for number in range(len(layers))]
    rows = [{"Config": name, "RepoTags": ["demo:1"], "Layers": paths}]
    files = {name: own, **dict(zip(paths, packed or layers, strict=True)), "manifest.json": json.dumps(rows).encode()}
    path.write_bytes(layer(*(entry(name, data=data) for name, data in files.items())))
    return path


class Layout:
    """An OCI layout in the folder *path*."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "blobs" / "sha256").mkdir(parents=True)
        (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self.rows: list[dict[str, Any]] = []
        self.write()

    def blob(self, data: bytes, kind: str, **more: Any) -> dict[str, Any]:
        """Add a file, and return its descriptor."""
        name = digest(data)
        (self.path / "blobs" / "sha256" / name[7:]).write_bytes(data)
        return {"mediaType": kind, "digest": name, "size": len(data), **more}

    def write(self) -> None:
        """Write the index of the images."""
        content = {"schemaVersion": 2, "manifests": self.rows}
        (self.path / "index.json").write_text(json.dumps(content))

    def add(
        self,
        layers: Sequence[bytes],
        settings: Mapping[str, Any] | None = None,
        pack: Any = gzip.compress,
        name: str = "",
        **platform: str,
    ) -> Layout:
        """Add an image, its layers compressed by *pack*."""
        kind = "application/vnd.oci.image.layer.v1.tar+gzip"
        content = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": self.blob(config(layers, settings, **platform), _CONFIG),
            "layers": [self.blob(pack(one), kind) for one in layers],
        }
        notes = {"org.opencontainers.image.ref.name": name} if name else {}
        row = self.blob(json.dumps(content).encode(), _MANIFEST, platform=platform or AMD64, annotations=notes)
        self.rows.append(row)
        self.write()
        return self

    def archive(self, path: Path) -> Path:
        """Write the layout as an archive."""
        path.write_bytes(of_folder(self.path))
        return path


def tree(root: Path) -> dict[str, str]:
    """Return what is below *root*: path → its type, and a link's target or a file's content."""
    found = {}
    for top, folders, files in os.walk(root):
        for name in (*folders, *files):
            place = Path(top) / name
            inside = "/" + str(place.relative_to(root))
            if place.is_symlink():
                found[inside] = f"-> {os.readlink(place)}"
            else:
                found[inside] = "folder" if place.is_dir() else place.read_text()
    return found
