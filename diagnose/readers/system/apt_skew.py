"""Finds packages without a common version on two architectures, in the indexes that apt has fetched.

Source: apt's file names in ``/var/lib/apt/lists`` and the form of a Packages index (deb-control(5)).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.readers.system.apt import LISTS, Skew, indexed_architecture
from diagnose.readers.system.file_bytes import STEP

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from diagnose.readers.system.file_bytes import FileBytes
    from diagnose.readers.system.root import Root

_PACKAGE = re.compile(rb"Package: (\S+)\n")
_NEXT = re.compile(rb"\n(?:Version: (\S+)\n|(?=\n|Package: ))")


def find(root: Root, installed: Mapping[str, str], native: str, architecture: str) -> Iterator[Skew]:
    """Yield the packages of *installed* (name: version, all ``Multi-Arch: same``) without a version for both.

    Compressed indexes are not read; ``unseen`` of *root* lists them.
    """
    ours, _ = _versions(root, native, installed)
    theirs, path = _versions(root, architecture, installed)
    if not ours:
        return
    for name, version in sorted(installed.items()):
        offered = theirs.get(name, set())
        if offered and not offered & (ours.get(name, set()) | {version}):
            yield Skew(name, version, architecture, tuple(sorted(offered)), path)


def offers(root: Root, architecture: str, names: Container[str]) -> tuple[tuple[str, str], ...]:
    """Return (package, version) of the packages *names* in the fetched indexes of *architecture*."""
    found, _ = _versions(root, architecture, names)
    return tuple((name, version) for name in sorted(found) for version in sorted(found[name]))


def _versions(root: Root, architecture: str, names: Container[str]) -> tuple[dict[str, set[str]], str]:
    """Return {package: versions} of *names* in the fetched indexes of *architecture*, and the last of these."""
    found: dict[str, set[str]] = {}
    last = ""
    for file in root.names(LISTS):
        if indexed_architecture(file) != architecture:
            continue
        if not file.endswith("_Packages"):
            root.unseen.append(f"{LISTS}/{file}: its versions (it is compressed)")
            continue
        last = f"{LISTS}/{file}"
        for name, version in _entries(root, last):
            if name in names:
                found.setdefault(name, set()).add(version)
    return found, last


def _entries(root: Root, path: str) -> Iterator[tuple[str, str]]:
    """Yield (package, version) of an index; it is not read into memory at once, because Debian's has up to 60 MB."""
    try:
        with root.whole(path) as data:
            for piece in _pieces(data):
                yield from _entries_of(piece)
    except OSError:
        root.unseen.append(f"{path}: cannot be read")


def _pieces(data: FileBytes) -> Iterator[bytes]:
    """Yield whole paragraphs, about a megabyte at a time; none of a real index is as long."""
    rest = b""
    for start in range(0, len(data), STEP):
        piece = rest + data[start : start + STEP]
        end = piece.rfind(b"\n\n") + 2 if start + STEP < len(data) else len(piece)
        yield piece[:end]
        rest = piece[end:][-STEP:]


def _entries_of(piece: bytes) -> Iterator[tuple[str, str]]:
    for package in _PACKAGE.finditer(piece):
        start = package.start()
        if start and piece[start - 1] != ord("\n"):
            continue
        version = _NEXT.search(piece, package.end() - 1)
        if version is not None and version[1] is not None:
            yield package[1].decode("ascii", "replace"), version[1].decode("ascii", "replace")
