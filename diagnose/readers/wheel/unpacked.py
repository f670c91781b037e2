"""Reads native code that is in no wheel: ELF files on the disk, and distributions that are installed.

Nothing is imported or executed, and no link is followed out of the folder that is read. Sources: "Recording installed
projects" of the PyPA specifications.
"""

from __future__ import annotations

import os
import stat
from hashlib import new as hashed

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers.elf import elf_parser
from diagnose.readers.wheel import filekind, linkage, metadata, platform_tag, record
from diagnose.readers.wheel.reader import MAX_METADATA, CodeFile, Elf, Wheel, expand_tags
from diagnose.readers.wheel.sampling import Sampler, unsampled
from diagnose.readers.wheel.zip_directory import STORED, Member

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_FILES = 200_000
"""Files that are looked at below one folder."""
MAX_SIZE = 4 << 30
"""Bytes of one file, as of a member of a wheel."""


def is_elf(path: str) -> bool:
    """Whether *path* is a regular file that begins as an ELF file does."""
    try:
        with _File(path) as file:
            return file.read(4) == elf_parser.MAGIC
    except (OSError, InputError):
        return False


def elf_files(folder: str) -> list[str]:
    """Return the ELF files below *folder*, sorted; links are not followed.

    Raises:
        InputError: it cannot be read, has more than :data:`MAX_FILES` files, or no ELF file.
    """
    found, seen = [], 0

    def fail(error: OSError) -> None:
        raise InputError(f"{error.filename or folder}: {error.strerror or error}")

    for parent, folders, names in os.walk(folder, onerror=fail):
        folders.sort()
        seen += len(names)
        if seen > MAX_FILES:
            raise InputError(f"{folder}: more than {MAX_FILES} files")
        paths = [os.path.join(parent, name) for name in sorted(names)]
        found += [path for path in paths if not os.path.islink(path) and is_elf(path)]
    if not found:
        raise InputError(f"{folder}: no ELF file in this folder")
    return found


def read_files(name: str, paths: Sequence[str], folder: str = "") -> Wheel:
    """Read the ELF files *paths*, which may need each other, below *folder*.

    Raises:
        InputError: one of them cannot be read, or is no ELF file.
    """
    names = [os.path.relpath(path, folder) if folder else os.path.basename(path) for path in paths]
    places = {inner.replace(os.sep, "/"): path for inner, path in zip(names, paths, strict=True)}
    sizes = {inner: _size(path) for inner, path in places.items()}
    elves, code = _elves(places, sizes)
    if len(elves) < len(places):
        (other, *_) = places.keys() - {elf.path for elf in elves}
        raise InputError(f"{places[other]}: is not an ELF file")
    index = linkage.Index(elves)
    verdict = platform_tag.judge(elves, ["any"], index)
    return from_code("code", name, sum(sizes.values()), elves, code, index, verdict)


def site_folders(prefix: str) -> list[str]:
    """Return the folders of packages in the environment *prefix*, sorted."""
    from glob import escape, glob

    start = escape(prefix)
    patterns = ("lib/python3*/site-packages", "lib64/python3*/site-packages", "Lib/site-packages")
    found = [path for pattern in patterns for path in sorted(glob(os.path.join(start, *pattern.split("/"))))]
    return [path for at, path in enumerate(found) if not any(os.path.samefile(path, other) for other in found[:at])]


def distributions(site: str) -> list[str]:
    """Return the ``.dist-info`` folders in the folder *site*, sorted; empty where it is not a folder of packages."""
    try:
        return sorted(os.path.join(site, name) for name in os.listdir(site) if name.endswith(".dist-info"))
    except OSError:
        return []


def read_installed(dist_info: str) -> Wheel:
    """Read the installed distribution whose ``.dist-info`` folder is *dist_info*: RECORD, tags, native files.

    Raises:
        InputError: it has no RECORD or WHEEL (installed by a distribution's packages), or one cannot be read.
    """
    site, own = os.path.split(os.path.normpath(dist_info))
    label = own.removesuffix(".dist-info")
    texts = {name: _text(site, f"{own}/{name}", label) for name in ("WHEEL", "METADATA", "RECORD")}
    places: dict[str, str] = {}
    sizes: dict[str, int] = {}
    rows = record.parse(texts["RECORD"], MAX_FILES)
    outside = 0
    unseen, aside = [], []
    listed = {}
    for row in rows[:MAX_FILES]:
        if not isinstance(row, record.RecordRow):
            continue
        path = os.path.normpath(row.path)
        if os.path.isabs(path) or path.split(os.sep)[0] == os.pardir:
            outside += 1
            continue
        try:
            place = _inside(site, path)
            sizes[row.path] = _size(place)
            places[row.path] = place
            listed[row.path] = row
        except InputError as error:
            if filekind.claim(row.path, "", 0):
                unseen.append(f"{row.path}: {str(error).rpartition(': ')[2]}")
    elves, code = _elves(places, sizes)
    if outside:
        aside.append(f"{outside} files that RECORD lists outside of this folder (scripts, data)")
    flaws = tuple(flaw for elf in elves for flaw in _changed(listed[elf.path], places[elf.path], elf.size))
    info = metadata.Metadata(metadata.fields(texts["WHEEL"]), metadata.fields(texts["METADATA"]))
    tags = expand_tags(metadata.values(info.wheel, "tag"))
    if not tags:
        raise InputError(f"{label}: its WHEEL file has no tag")
    index = linkage.Index(elves)
    platforms = dict.fromkeys(tag.platform for tag in tags)
    verdict = platform_tag.judge(elves, platforms, index)
    wheel = from_code("installed", label, sum(sizes.values()), elves, code, index, verdict)
    name, _, version = label.partition("-")
    return wheel._replace(
        name=name,
        version=version,
        tags=tags,
        wheel_tags=tags,
        dist_info=own,
        files=tuple(sizes),
        record=record.Record(f"{own}/RECORD", len(rows), flaws),
        generator=(metadata.values(info.wheel, "generator") or [""])[0],
        requires=tuple(metadata.values(info.core, "requires-dist")),
        requires_python=(metadata.values(info.core, "requires-python") or [""])[0],
        metadata=info,
        unseen=tuple(unseen),
        unsampled=(*wheel.unsampled, *aside),
    )


def from_code(
    layout: str,
    name: str,
    size: int,
    elves: tuple[Elf, ...],
    code: tuple[CodeFile, ...],
    index: linkage.Index,
    verdict: platform_tag.Verdict,
) -> Wheel:
    """Return a subject with this code and nothing else; *size* is in bytes, *layout* and the others as in a wheel."""
    links = linkage.links(index, elves, verdict.libc == "musl")
    return Wheel(
        path=name,
        size=size,
        name=name,
        version="",
        build="",
        tags=(),
        wheel_tags=(),
        root_is_purelib=None,
        generator="",
        requires=(),
        requires_python="",
        dist_info="",
        files=tuple(elf.path for elf in elves),
        elves=elves,
        links=links,
        record=record.Record("", 0, ()),
        zip_flaws=(),
        verdict=verdict,
        unseen=("how its libraries find each other: too many ways to follow",) if index.exhausted else (),
        unsampled=unsampled(elves),
        code=code,
        unpacked_size=size,
        layout=layout,
    )


def _elves(places: dict[str, str], sizes: dict[str, int]) -> tuple[tuple[Elf, ...], tuple[CodeFile, ...]]:
    """Return the ELF files in *places* (name → path), and all files that are code, by name."""
    members = [Member(name, sizes[name], sizes[name], 0, STORED, 0, 0, 0) for name in places]
    sampler = Sampler(members, "")
    elves: list[Elf] = []
    code: list[CodeFile] = []
    for name, path in sorted(places.items()):
        with _File(path) as file:
            head = file.read(4096)
            is_elf = head[:4] == elf_parser.MAGIC
            rest = file.read(max(sizes[name] - len(head), 0)) if is_elf or filekind.has_parts(head) else b""
            content = memoryview(head + rest)
            if (found_code := filekind.code_file(name, "", head, 0, sizes[name], content)) is not None:
                code.append(found_code)
            if is_elf:
                found = elf_parser.read(content, name, f"{linkage.SITE}/{name}")
                elves.append(sampler.look(found, content))
    return tuple(elves), tuple(code)


def _changed(row: record.RecordRow, path: str, size: int) -> Sequence[record.RecordFlaw]:
    """Return how the file differs from its row in RECORD; nothing if it does not, or the row has no strong digest."""
    if row.algorithm not in record.STRONG:
        return ()
    digest = hashed(row.algorithm)
    with _File(path) as file:
        while part := file.read(1 << 20):
            digest.update(part)
    flaws = record.verify("", [row], {row.path: record.Contents(size, row.algorithm, digest.digest())}).flaws
    return [flaw for flaw in flaws if flaw.kind in ("hash", "size")]


class _File:
    """A regular file that is open for reading; a link at the end of its path, a pipe or a device is refused."""

    def __init__(self, path: str) -> None:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        try:
            self._file = open(os.open(path, flags), "rb")  # noqa: SIM115  (closed by the context)
        except OSError as error:
            raise InputError(f"{path}: {error.strerror or error}") from None
        if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
            self._file.close()
            raise InputError(f"{path}: is not a regular file")

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        return self._file.read(size)


def _size(path: str) -> int:
    try:
        found = os.stat(path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{path}: is not a regular file")
    if found.st_size > MAX_SIZE:
        raise InputError(f"{path}: larger than 4 GiB")
    return found.st_size


def _inside(site: str, path: str) -> str:
    """Return where *path* is below *site*.

    Raises:
        InputError: a link leads out of it.
    """
    place = os.path.join(site, path)
    top = os.path.realpath(site)
    if os.path.commonpath([top, os.path.realpath(place)]) != top:
        raise InputError(f"{path}: a link out of {site}")
    return place


def _text(site: str, path: str, label: str) -> str:
    place = _inside(site, path)
    if not os.path.lexists(place):
        name = path.rpartition("/")[2]
        raise InputError(f"{label}: its .dist-info has no {name}: not installed from a wheel, so no tag is known")
    if _size(place) > MAX_METADATA:
        raise InputError(f"{label}: refused, {path} has {_size(place)} bytes")
    with _File(place) as file:
        return file.read(MAX_METADATA).decode("utf-8", "backslashreplace")


def by_architecture(paths: Sequence[str]) -> Iterator[list[str]]:
    """Yield the ELF files *paths* of each processor that their headers name."""
    groups: dict[bytes, list[str]] = {}
    for path in paths:
        with _File(path) as file:
            head = file.read(64)
        groups.setdefault(head[4:6] + head[18:20], []).append(path)
    yield from groups.values()
