"""The images that an archive or a layout holds, by its manifests.

Sources: the OCI image specification ("Image Layout", "Image Index", "Image Manifest", "Image Configuration",
"Annotations"); Docker's image specification v1.2 and the archives of ``docker save`` 20.10 (``manifest.json``);
BuildKit's documentation of attestations (their annotation and platform).
"""

from __future__ import annotations

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError
from diagnose.readers.image import unpack
from diagnose.readers.system.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from diagnose.readers.image.blob_store import BlobStore

#: The most images, the most levels of indexes, and the most layers of an image (Docker allows 127).
IMAGE_LIMIT, DEPTH_LIMIT, LAYER_LIMIT = 1000, 4, 1000

_NAMED_BY = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
_CONFIGS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")


class LayerBlob(NamedTuple):
    """The file of one layer: its ``digest``, and that of the archive in it; an empty one is not known."""

    path: str
    digest: str = ""
    plain_digest: str = ""


class ImageManifest(NamedTuple):
    """One image: its names, its platform (``linux/arm64``), the digest and content of its configuration, its layers."""

    names: tuple[str, ...]
    platform: str
    id: str
    config: dict[str, Any]
    layers: tuple[LayerBlob, ...]


def read(store: BlobStore) -> list[ImageManifest]:
    """Return the images in *store*, each once.

    Raises:
        InputError: it holds none, or a document is broken.
    """
    if store.has("index.json"):
        found = list(_of_index(store, _object(store, "index.json"), (), 0))
    elif store.has("version") and store.has("manifest.json"):
        what = "a folder of one image without its names, as `skopeo copy … dir:` makes it"
        raise InputError(f"{store.path}: {what}: not read; copy it to oci:PATH")
    elif store.has("manifest.json"):
        found = list(_of_docker(store))
    else:
        like = {"bin", "etc", "usr"} <= set(store.names())
        hint = "; it looks like a root file system: unpack it, and use --root" if like else ""
        raise InputError(f"{store.path}: not an image: it has no index.json and no manifest.json{hint}")
    images: dict[str, ImageManifest] = {}
    for image in found:
        known = images.get(image.id)
        images[image.id] = image._replace(names=tuple(dict.fromkeys((*(known.names if known else ()), *image.names))))
    if not images:
        raise InputError(f"{store.path}: holds no image")
    return list(images.values())


def _of_index(store: BlobStore, index: dict[str, Any], names: tuple[str, ...], depth: int) -> Iterator[ImageManifest]:
    rows = _list(index.get("manifests"))
    if len(rows) > IMAGE_LIMIT or depth > DEPTH_LIMIT:
        raise InputError(f"{store.path}: an index with too many images or levels")
    for row in rows:
        notes = _dict(_dict(row).get("annotations"))
        platform = _dict(_dict(row).get("platform"))
        if "vnd.docker.reference.type" in notes or platform.get("os") == "unknown":  # what says how it was built
            continue
        digest, path = _place(store, row)
        if not store.has(path):  # engines keep the index of all platforms with the files of one
            continue
        own = tuple(notes[key] for key in _NAMED_BY if isinstance(notes.get(key), str))[:1] or names
        content = _object(store, path, digest)
        if "manifests" in content:
            yield from _of_index(store, content, own, depth + 1)
        elif _dict(content.get("config")).get("mediaType") in _CONFIGS:
            yield _of_manifest(store, content, own)


def _of_manifest(store: BlobStore, content: dict[str, Any], names: tuple[str, ...]) -> ImageManifest:
    digest, path = _place(store, content["config"])
    blobs = [_place(store, row) for row in _list(content.get("layers"))[: LAYER_LIMIT + 1]]
    layers = tuple(LayerBlob(path, digest) for digest, path in blobs)
    return _image(store, names, digest, _object(store, path, digest), layers)


def _of_docker(store: BlobStore) -> Iterator[ImageManifest]:
    rows = _list(store.document("manifest.json"))
    if len(rows) > IMAGE_LIMIT:
        raise InputError(f"{store.path}: more than {IMAGE_LIMIT} images")
    for row in map(_dict, rows):
        path, paths = row.get("Config"), _list(row.get("Layers"))
        if not isinstance(path, str) or not all(isinstance(one, str) for one in paths):
            raise InputError(f"{store.path}: 'manifest.json' names no configuration")
        hexadecimal = path.rpartition("/")[2].removesuffix(".json")
        digest = f"sha256:{hexadecimal}" if unpack.is_digest(f"sha256:{hexadecimal}") else ""
        config = _object(store, path, digest)
        inner = _list(_dict(config.get("rootfs")).get("diff_ids"))
        if len(inner) != len(paths) or not all(isinstance(one, str) and unpack.is_digest(one) for one in inner):
            raise InputError(f"{store.path}: {path!r} does not have the digest of each layer")
        layers = tuple(LayerBlob(one, "", digest) for one, digest in zip(paths[: LAYER_LIMIT + 1], inner, strict=False))
        names = tuple(one for one in _list(row.get("RepoTags")) if isinstance(one, str))
        yield _image(store, names, digest or path, config, layers)


def _image(
    store: BlobStore, names: tuple[str, ...], id: str, config: dict[str, Any], layers: tuple[LayerBlob, ...]
) -> ImageManifest:
    if len(layers) > LAYER_LIMIT:
        raise InputError(f"{store.path}: an image of more than {LAYER_LIMIT} layers")
    parts = [config.get(key) for key in ("os", "architecture", "variant")]
    own = "/".join(part for part in parts if part and isinstance(part, str))
    return ImageManifest(tuple(map(printable, names)), platform(printable(own)), id, config, layers)


def platform(name: str) -> str:
    """Return the usual form of a platform, ``linux/arm/v7``; *name* may be any name of an architecture."""
    row = targets.resolve(f"{name}/v7" if name == "linux/arm" else name)
    return row.oci if row is not None and row.oci else name


def _place(store: BlobStore, descriptor: Any) -> tuple[str, str]:
    """Return the digest in *descriptor*, and the path of the file that has it."""
    digest = _dict(descriptor).get("digest")
    if not isinstance(digest, str) or not unpack.is_digest(digest):
        raise InputError(f"{store.path}: {str(digest)[:100]!r} is not a digest by SHA-256 or SHA-512")
    algorithm, _, hexadecimal = digest.partition(":")
    return digest, f"blobs/{algorithm}/{hexadecimal}"


def _object(store: BlobStore, path: str, digest: str = "") -> dict[str, Any]:
    content = store.document(path, digest)
    if not isinstance(content, dict):
        raise InputError(f"{store.path}: {path!r} is not a JSON object")
    return content


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
