"""Unpacks compressed archives and layers into the temporary file, and checks digests.

Sources: the OCI image specification, "Image Layer Filesystem Changeset" (tar, gzip, zstd) and "Descriptor" (digests);
RFC 1952 and RFC 8878 for the first bytes of gzip and zstd.
"""

from __future__ import annotations

import hashlib
import io

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import InputError
from diagnose.readers.image.regions import STEP, Region, Spool

if TYPE_CHECKING:
    from typing import Any

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_OTHERS = {b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x5d\0\0": "lzma", b"\x04\x22\x4d\x18": "lz4"}
"""First bytes of other compressions, which images do not use → name."""
_DIGEST = re.compile(r"(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})", re.ASCII)


def plain(region: Region, spool: Spool, name: str, digest: str = "", packed_digest: str = "") -> Region:
    """Return *region* if it is not compressed, else what it unpacks to, in *spool*; *name* is for messages.

    *digest* is of the plain bytes, *packed_digest* of those in *region*; an empty one is not checked.

    Raises:
        InputError: the bytes have another digest, or they cannot be unpacked: corrupt, cut off, too large, or
            compressed in a way that this Python does not know.
    """
    head = region.read(0, 8)
    source = _Source(region, name, packed_digest)
    if head.startswith(_GZIP):
        unpacked: Any = _Unpacked(_gzip(source), name, "gzip")
    elif head.startswith(_ZSTD):
        unpacked = _Unpacked(_zstd(source, region, name), name, "zstd")
    else:
        for magic, other in _OTHERS.items():
            if head.startswith(magic):
                raise InputError(f"{name}: compressed with {other}, not gzip or zstd: not read; unpack it first")
        source.finish()
        if digest and digest != packed_digest:
            check(region, name, digest)
        return region
    try:
        found = spool.take(unpacked, name)
    except InputError:
        source.finish()  # another digest is the cause, a broken stream its consequence
        raise
    source.finish()
    if digest:
        check(found, name, digest)
    return found


def check(region: Region, name: str, digest: str) -> None:
    """Compare the bytes of *region* with *digest* (``sha256:…``).

    Raises:
        InputError: they have another digest.
    """
    _Source(region, name, digest).finish()


def is_digest(text: str) -> bool:
    """Whether *text* is a digest by an algorithm that the specification registers."""
    return _DIGEST.fullmatch(text) is not None


class _Source(io.RawIOBase):
    """The bytes of a region as a stream, which computes their digest on the way."""

    def __init__(self, region: Region, name: str, digest: str) -> None:
        self._region, self._name, self._digest = region, name, digest
        self._position = 0
        self._hash = hashlib.new(digest.partition(":")[0], usedforsecurity=False) if digest else None

    def readinto(self, buffer: Any) -> int:
        data = self._region.read(self._position, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        if self._hash is not None:
            self._hash.update(data)
        return len(data)

    def finish(self) -> None:
        """Compute the digest of the rest, and compare.

        Raises:
            InputError: it is another one.
        """
        if self._hash is None:
            return
        buffer = memoryview(bytearray(STEP))
        while self.readinto(buffer):
            pass
        if self._hash.hexdigest() != self._digest.partition(":")[2]:
            raise InputError(f"{self._name}: its bytes do not have the digest {self._digest}")


class _Unpacked:
    """The output of a decompressor; each of these has errors of its own."""

    def __init__(self, stream: Any, name: str, kind: str) -> None:
        self._stream, self._name, self._kind = stream, name, kind

    def read(self, size: int) -> bytes:
        try:
            data: bytes = self._stream.read(size)
        except EOFError:
            raise InputError(f"{self._name}: cut off: its {self._kind} stream has no end") from None
        except Exception as error:
            raise InputError(f"{self._name}: not valid {self._kind}: {str(error) or type(error).__name__}") from None
        return data


def _gzip(source: Any) -> Any:
    kind: Any
    try:
        from isal import igzip  # about twice as fast

        kind = igzip.IGzipFile
    except ImportError:
        import gzip

        kind = gzip.GzipFile
    return kind(fileobj=source, mode="rb")


def _zstd(source: Any, region: Region, name: str) -> Any:
    try:
        from compression import zstd  # Python 3.14

        return zstd.ZstdFile(source)
    except ImportError:
        pass
    try:
        import zstandard
    except ImportError:
        raise InputError(
            f"{name}: compressed with zstd, which this Python cannot unpack: not read; "
            "needs Python 3.14, or: python -m pip install zstandard"
        ) from None
    if not _is_whole_zstd(region, name):  # zstandard takes the end of its input for the end of the stream
        raise InputError(f"{name}: cut off: its zstd stream has no end")
    return zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True)


#: Frames and blocks that are counted, beside one for every :data:`_USUAL` bytes: a million takes a second.
_COUNTED = 1 << 20
_USUAL = 256


def _is_whole_zstd(region: Region, name: str) -> bool:
    """Whether the frames in *region* have all their blocks (RFC 8878, section 3.1).

    Bytes that are not a frame are left to the decoder.

    Raises:
        InputError: there are more blocks than any encoder makes.
    """
    left = _COUNTED + region.size // _USUAL
    position = 0
    window, base = b"", 0

    def number(at: int, length: int) -> int:
        nonlocal window, base, left
        left -= 1
        if not left:
            raise InputError(f"{name}: refused, its zstd stream has more blocks than any encoder makes")
        if not base <= at <= base + len(window) - length:
            window, base = region.read(at, 64 << 10), at
        return int.from_bytes(window[at - base : at - base + length], "little")

    while position + 4 <= region.size:
        magic = number(position, 4)
        position += 4
        if 0x184D2A50 <= magic <= 0x184D2A5F:  # a skippable frame
            position += 4 + number(position, 4)
            continue
        if magic != int.from_bytes(_ZSTD, "little"):
            return True
        descriptor = number(position, 1)
        single = descriptor >> 5 & 1
        sizes = (single, 2, 4, 8)[descriptor >> 6] + (0, 1, 2, 4)[descriptor & 3]
        position += 1 + (not single) + sizes
        last = 0
        while not last and position + 3 <= region.size:
            header = number(position, 3)
            last, kind = header & 1, header >> 1 & 3
            position += 3 + (1 if kind == 1 else header >> 3)  # one byte that is repeated, or the block itself
        if not last:
            return False
        position += 4 * (descriptor >> 2 & 1)  # a checksum
    return position == region.size
