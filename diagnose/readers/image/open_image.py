"""Opens one image: chooses it among those of its source, and lays its layers over one another."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.finding import InputError
from diagnose.readers.image import engine_image, manifests, unpack
from diagnose.readers.image.blob_store import BlobStore
from diagnose.readers.image.layer_tree import LayerStack
from diagnose.readers.image.layered_root import LayeredRoot

if TYPE_CHECKING:
    from typing import Any

    from diagnose.readers.image.manifests import ImageManifest, LayerBlob
    from diagnose.readers.image.regions import Region


#: The most bytes of all layers, as they are in the archive: their names may all lead to one file.
LAYERS_LIMIT = 16 << 30


#: The most bytes of a variable with its name, for Linux (``MAX_ARG_STRLEN``): with a longer one nothing is started.
VARIABLE_LIMIT = 128 << 10


class ImageChoiceError(Exception):
    """The source holds several images, or not the one that was asked for. ``str()`` is one line that lists them."""


class ImageFacts(NamedTuple):
    """What an image says of itself.

    ``id`` is the digest of its configuration, ``platform`` as in ``linux/arm64``. ``environ`` are the variables of the
    processes that it starts.
    """

    names: tuple[str, ...]
    """The tags that its archive or engine gives it (``debian:12``); empty without."""
    id: str
    platform: str
    layers: int
    """The number of its layers."""
    environ: dict[str, str]
    labels: dict[str, str]
    """Its labels, by name."""

    def as_dict(self) -> dict[str, Any]:
        """Return the facts as plain data, without the value of any variable that a build does not read."""
        shown = {name: _HIDDEN.sub("://…@", value) for name, value in self.environ.items() if _is_shown(name)}
        return {
            **{name: value for name, value in self._asdict().items() if name != "environ"},
            "variables": shown,
            "other_variables": [name for name in self.environ if name not in shown],
        }


class OpenImage(NamedTuple):
    """An opened image: its files, its facts, and in ``unread`` the parts that cannot be read. To be closed."""

    root: LayeredRoot
    facts: ImageFacts
    unread: tuple[str, ...]
    store: BlobStore

    def close(self) -> None:
        """Close the files that it is read from."""
        self.store.close()


_SHOWN = ("PATH", "HOME", "CARGO", "RUST", "PKG_CONFIG", "AUDITWHEEL", "PYO3", "CC", "CXX", "AR", "CFLAGS", "LDFLAGS")
_SECRET = ("TOKEN", "SECRET", "PASSW", "CREDENTIAL", "AUTH_", "_AUTH")
_HIDDEN = re.compile(r"://[^/@\s]*@", re.ASCII)


def _is_shown(name: str) -> bool:
    return name.startswith(_SHOWN) and not any(word in name for word in _SECRET)


def open_image(source: str, platform: str = "") -> OpenImage:
    """Open the image in the archive or the OCI layout *source*, for *platform* where there are several.

    Behind a colon, *source* may name one of several images. ``docker:NAME`` is an image of the local engine.

    Raises:
        ImageChoiceError: *source* holds several that fit, or none.
        InputError: it cannot be read.
    """
    engine = source.startswith(engine_image.PREFIX)
    path, name = (source, "") if engine else _split(source)
    store = BlobStore(path)
    try:
        if engine:
            store.open_archive(engine_image.save(source[len(engine_image.PREFIX) :], store.spool))
        else:
            store.open()
        return _opened(store, name, platform)
    except BaseException:
        store.close()
        raise


def _split(source: str) -> tuple[str, str]:
    """Return the path in *source*, and the name of an image behind it."""
    end = len(source)
    while end > 0 and not os.path.exists(source[:end]):
        end = source.rfind(":", 0, end)
    return (source, "") if end <= 0 else (source[:end], source[end + 1 :])


def _opened(store: BlobStore, name: str, platform: str) -> OpenImage:
    chosen = _chosen(store.path, manifests.read(store), name, platform)
    if not chosen.platform.startswith("linux/"):
        raise InputError(f"{store.path}: an image for {chosen.platform or 'no platform'}; only Linux is read")
    stack = LayerStack()
    left = LAYERS_LIMIT
    unpacked: dict[LayerBlob, Region] = {}  # builders repeat the layer of a step that changes nothing
    for number, layer in enumerate(chosen.layers, 1):
        label = f"{store.path}: layer {number} of {len(chosen.layers)}"
        if layer not in unpacked:
            region = store.region(layer.path)
            left -= region.size
            if left < 0:
                raise InputError(f"{label}: more than {LAYERS_LIMIT >> 30} GiB of layers: not read")
            unpacked[layer] = unpack.plain(region, store.spool, label, layer.plain_digest, layer.digest)
        stack.add(unpacked[layer], label)
    root = LayeredRoot(stack.top, store.path)
    return OpenImage(root, _facts(chosen, root), tuple(stack.unread), store)


def _ends(own: str, name: str) -> bool:
    return own == name or own.endswith(f"/{name}")


def _chosen(path: str, images: list[ImageManifest], name: str, platform: str) -> ImageManifest:
    wanted = manifests.platform(platform)
    wanted_names = (name, f"{name}:latest")  # as engines complete a name without a tag
    named = [one for one in images if not name or any(_ends(own, full) for own in one.names for full in wanted_names)]
    if not named:
        raise ImageChoiceError(f"{path}: holds no image {name!r}{_listed(images)}")
    found = [one for one in named if not platform or one.platform == wanted]
    if not found:
        raise ImageChoiceError(f"{path}: holds no image for {platform}; --platform can be {_platforms(named)}")
    if len({one.platform for one in found}) > 1:
        raise ImageChoiceError(f"{path}: for several platforms; choose one by --platform: {_platforms(found)}")
    if len(found) > 1:
        raise ImageChoiceError(f"{path}: holds several images; choose one by {path}:NAME{_listed(found)}")
    return found[0]


def _platforms(images: list[ImageManifest]) -> str:
    return ", ".join(sorted({one.platform for one in images}))


def _listed(images: list[ImageManifest]) -> str:
    names = sorted({name for one in images for name in one.names})
    return f": {', '.join(names[:20])}{' …' if len(names) > 20 else ''}" if names else ""


def _facts(image: ImageManifest, root: LayeredRoot) -> ImageFacts:
    settings = image.config.get("config")
    settings = settings if isinstance(settings, dict) else {}
    environ, labels = settings.get("Env"), settings.get("Labels")
    pairs = [one.partition("=") for one in environ or () if isinstance(one, str)] if isinstance(environ, list) else []
    variables = {name: value for name, _, value in pairs if name}
    if any(len(name) + len(value) > VARIABLE_LIMIT for name, value in variables.items()):
        raise InputError(f"{root.path}: a variable has more than {VARIABLE_LIMIT >> 10} KiB: no kernel passes it on")
    if "HOME" not in variables and (home := _home(root, str(settings.get("User") or ""))):
        variables["HOME"] = home
    return ImageFacts(
        image.names,
        image.id,
        image.platform,
        len(image.layers),
        variables,
        {name: value for name, value in labels.items() if isinstance(value, str)} if isinstance(labels, dict) else {},
    )


def _home(root: LayeredRoot, user: str) -> str:
    """Return the home of the image's *user* (``name`` or ``number``, with or without a group), which engines set."""
    name = user.partition(":")[0]
    try:
        rows = (root.text("/etc/passwd") or "").splitlines() if name else []
    except InputError:
        return ""
    for row in rows:
        fields = row.split(":")
        if len(fields) > 5 and name in (fields[0], fields[2]):
            return fields[5]
    return ""
