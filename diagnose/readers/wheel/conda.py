"""Reads the native code of a conda package: a zip archive with two tar archives, each compressed with zstd.

A conda package has neither tags nor RECORD, its libraries come from the packages that it depends on, and its search
paths lead to the environment's ``lib``. So only what code alone shows is judged.

Sources: "Package specification" of conda-build's documentation (``.conda``, ``info/index.json``); conda's documentation
of virtual packages (``__glibc``); CEP 26 and CEP 27 (names).
"""

from __future__ import annotations

import json
import os
import stat

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.finding import InputError
from diagnose.readers.elf import elf_parser
from diagnose.readers.image import tar_reader, unpack
from diagnose.readers.image.regions import SPOOL_LIMIT, Region, Spool
from diagnose.readers.system.printable import printable
from diagnose.readers.wheel import archive, filekind, linkage, platform_tag
from diagnose.readers.wheel.reader import MAX_METADATA, CodeFile, CondaPackage, Elf, Wheel
from diagnose.readers.wheel.sampling import Sampler
from diagnose.readers.wheel.unpacked import MAX_FILES, MAX_SIZE, from_code
from diagnose.readers.wheel.zip_directory import MAX_RATIO, RATIO_FREE, STORED, Member

if TYPE_CHECKING:
    import io
    from typing import Any


class _PackedFile(NamedTuple):
    """A file of a package, and where its bytes are."""

    name: str
    mode: int
    place: Region


def read(path: str) -> Wheel:
    """Read the conda package at *path*.

    Raises:
        InputError: it cannot be read, is not a conda package, is broken, or zstd cannot be unpacked here.
    """
    name = os.path.basename(path)
    spool = None
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise InputError(f"{name}: is not a regular file")
        with open(path, "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            parts = _parts(file, size, name)
            spool = Spool(min(SPOOL_LIMIT, max(RATIO_FREE, MAX_RATIO * size)))
            info = _index(parts["info"], name, spool)
            found, unseen = _files(parts["pkg"], name, spool)
            return _package(path, size, info, found, unseen)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except MemoryError:
        raise InputError(f"{name}: refused, not enough memory to read it") from None
    finally:
        if spool is not None:
            spool.close()


def _parts(file: io.FileIO, size: int, name: str) -> dict[str, Region]:
    """Return the two compressed archives in the zip archive *file*: ``pkg`` and ``info``."""
    if not size:
        raise InputError(f"{name}: is empty")
    opened = archive.open_archive(archive.content(file, size), name)
    parts = {}
    for kind in ("pkg", "info"):
        own = [one for one in opened.members if one.name.startswith(f"{kind}-") and one.name.endswith(".tar.zst")]
        if len(own) != 1:
            raise InputError(f"{name}: not a conda package, needs one {kind}-….tar.zst (has {len(own)})")
        if own[0].method != STORED:  # "the zip archive is not compressed"
            raise InputError(f"{name}: not a conda package, {own[0].name} is compressed twice")
        flaw = archive.inflate(opened, own[0], lambda piece: None)
        if flaw is not None:
            raise InputError(f"{name}: {flaw.path}: {flaw.detail}")
        parts[kind] = Region(file, own[0].start, own[0].size)
    return parts


def _index(region: Region, name: str, spool: Spool) -> dict[str, Any]:
    """Return ``info/index.json``."""
    label = f"{name}: info"
    plain = unpack.plain(region, spool, label)
    for count, entry in enumerate(tar_reader.entries(plain, label)):
        if count > MAX_FILES:
            raise InputError(f"{label}: more than {MAX_FILES} files")
        if os.path.normpath(entry.name) == "info/index.json" and stat.S_ISREG(entry.mode):
            if entry.size > MAX_METADATA:
                raise InputError(f"{name}: refused, info/index.json has {entry.size} bytes")
            try:
                index = json.loads(plain.read(entry.offset, entry.size))
            except (ValueError, RecursionError):
                index = None
            if not isinstance(index, dict):
                raise InputError(f"{name}: info/index.json is not a JSON object")
            return index
    raise InputError(f"{name}: not a conda package, has no info/index.json")


def _files(region: Region, name: str, spool: Spool) -> tuple[list[_PackedFile], list[str]]:
    """Return the files of the package by name, and what of it cannot be read."""
    label = f"{name}: pkg"
    plain = unpack.plain(region, spool, label)
    found: dict[str, _PackedFile] = {}
    unseen = []
    for count, entry in enumerate(tar_reader.entries(plain, label)):
        if count > MAX_FILES:
            raise InputError(f"{label}: more than {MAX_FILES} files")
        inner = _path(entry.name)
        if not entry.mode:  # a hard link
            if (linked := found.get(_path(entry.link))) is None:
                unseen.append(f"{inner}: a hard link to a file that the package does not have")
            else:
                found[inner] = linked._replace(name=inner)
        elif stat.S_ISREG(entry.mode):
            if entry.sparse or entry.size > MAX_SIZE:
                unseen.append(f"{inner}: {'a sparse file' if entry.sparse else 'larger than 4 GiB'}")
            else:
                found[inner] = _PackedFile(inner, entry.mode, plain.within(entry.offset, entry.size))
    return [found[key] for key in sorted(found)], unseen


def _path(name: str) -> str:
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return printable(text.removeprefix("./"))


def _package(path: str, size: int, index: dict[str, Any], files: list[_PackedFile], unseen: list[str]) -> Wheel:
    sampler = Sampler([Member(one.name, one.place.size, 0, 0, STORED, 0, one.mode, 0) for one in files], "")
    elves: list[Elf] = []
    code: list[CodeFile] = []
    places: set[tuple[int, int]] = set()
    for one in files:
        head = one.place.read(0, archive.HEAD)
        whole = one.place.view() if filekind.has_parts(head) else b""
        if (file := filekind.code_file(one.name, "", head, one.mode, one.place.size, whole)) is not None:
            code.append(file)
        if head[:4] == elf_parser.MAGIC and (one.place.start, one.place.size) not in places:
            places.add((one.place.start, one.place.size))  # hard links: once
            content = memoryview(one.place.read(0, one.place.size))
            elf = sampler.look(elf_parser.read(content, one.name, one.name), content)
            unseen += [f"{one.name}: {part}" for part in elf.unread]
            elves.append(elf)
    links = linkage.Index(tuple(elves))
    verdict = platform_tag.judge(tuple(elves), ["any"], links)
    verdict = platform_tag.Verdict(verdict.libc, verdict.arch)  # no tag is promised, and none would be kept
    total = sum(one.place.size for one in files)
    wheel = from_code("conda", os.path.basename(path), size, tuple(elves), tuple(code), links, verdict)
    return wheel._replace(
        path=path,
        name=_field(index, "name"),
        version=_field(index, "version"),
        build=_field(index, "build"),
        files=tuple(one.name for one in files),
        unpacked_size=total,
        unseen=(*wheel.unseen, *sorted(unseen)),
        conda=CondaPackage(_field(index, "subdir"), _declared_glibc(index)),
    )


def _field(index: dict[str, Any], key: str) -> str:
    value = index.get(key)
    return printable(value[:200]) if isinstance(value, str) else ""


_GLIBC = re.compile(r"__glibc +>=(\d{1,4}(?:\.\d{1,4}){0,3})")


def _declared_glibc(index: dict[str, Any]) -> str:
    """Return the oldest glibc that the package's dependencies allow; empty if they name none."""
    depends = index.get("depends")
    rows = [row for row in depends if isinstance(row, str)] if isinstance(depends, list) else []
    return next((found[1] for row in rows if (found := _GLIBC.match(row[:1000]))), "")
