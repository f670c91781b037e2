"""Unpacks a wheel into a folder and packs a folder as a wheel, so that the same files always give the same bytes."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import shutil
import stat
import time
import zipfile
import zlib

from diagnose.fixes.disk import ApplyError, naming
from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip archive can have
_PLAIN = stat.S_IFREG | 0o644
_BLOCK = 1 << 20


def unpack(wheel: str, folder: str) -> list[zipfile.ZipInfo]:
    """Write the members of *wheel* below *folder*, which must not exist; return them in the archive's order.

    The archive's sizes are those that the reader has bounded before.

    Raises:
        ApplyError: a member is not a plain file, leaves the folder or occurs twice, or cannot be read or written.
    """
    seen: dict[str, zipfile.ZipInfo] = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                if member.is_dir():
                    continue
                name, kind = member.filename, stat.S_IFMT(member.external_attr >> 16)
                if name in seen:
                    raise ApplyError(f"{name!r} is in the archive twice")
                if name.startswith("/") or ".." in name.split("/") or "\\" in name or kind not in (0, stat.S_IFREG):
                    raise ApplyError(f"{name!r} cannot be unpacked: it is a link, or outside the wheel")
                seen[name] = member
                _write(archive, member, os.path.join(folder, *name.split("/")))
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, zlib.error) as error:
        raise ApplyError(f"cannot be unpacked: {error}") from None
    return list(seen.values())


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str) -> None:
    with naming(member.filename):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.open(member) as source, open(path, "xb") as target:
            shutil.copyfileobj(source, target, _BLOCK)
        if member.external_attr >> 16 & 0o111:
            os.chmod(path, 0o755)


def pack(folder: str, wheel: str, members: Sequence[zipfile.ZipInfo]) -> None:
    """Write RECORD again, and *folder* as the archive *wheel*; *members* are those of the archive that was unpacked.

    Members keep their order, time and permissions. A new file gets the time ``SOURCE_DATE_EPOCH``, or else 1980.

    Raises:
        ApplyError: there is not exactly one ``.dist-info`` folder, or a file cannot be read or written.
    """
    record = f"{dist_info(folder)}/RECORD"
    known = {member.filename: member for member in members}
    order = {name: place for place, name in enumerate(known)}
    files = sorted(_files(folder), key=lambda name: (order.get(name, len(order)), name))
    files = [name for name in files if name != record]
    with naming(os.path.basename(wheel)):
        before, ending = _recorded(os.path.join(folder, *record.split("/")))
        rows = [_row(folder, name) for name in files] + [(record, "", "")]
        rows.sort(key=lambda row: before.get(row[0], len(before)))  # so that a patch shows what changed
        text = io.StringIO()
        csv.writer(text, lineterminator=ending).writerows(rows)
        with open(os.path.join(folder, record), "w", encoding="utf-8", newline="") as file:
            file.write(text.getvalue())
        with zipfile.ZipFile(wheel, "x") as archive:
            for name in (*files, record):
                _add(archive, folder, name, known.get(name))


def _recorded(path: str) -> tuple[dict[str, int], str]:
    """Return the files that the RECORD *path* names, with their places, and how its lines end."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            ending = "\r\n" if file.readline().endswith("\r\n") else "\n"
            file.seek(0)
            return {row[0]: place for place, row in enumerate(csv.reader(file)) if row}, ending
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}, "\n"


def _add(archive: zipfile.ZipFile, folder: str, name: str, old: zipfile.ZipInfo | None) -> None:
    path = os.path.join(folder, *name.split("/"))
    info = zipfile.ZipInfo(name, old.date_time if old else _now())
    info.create_system = 3  # Unix: installers read the permissions
    mode = old.external_attr >> 16 if old else 0
    executable = os.stat(path).st_mode & 0o111
    info.external_attr = (mode or (_PLAIN | (0o111 if executable else 0))) << 16
    info.compress_type = zipfile.ZIP_STORED if old and old.compress_type == zipfile.ZIP_STORED else zipfile.ZIP_DEFLATED
    large = os.path.getsize(path) >= zipfile.ZIP64_LIMIT >> 1
    with open(path, "rb") as source, archive.open(info, "w", force_zip64=large) as target:
        shutil.copyfileobj(source, target, _BLOCK)


def _now() -> tuple[int, int, int, int, int, int]:
    """Return the time of new members, which the clock does not decide.

    Source: the specification of SOURCE_DATE_EPOCH, reproducible-builds.org.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not (given.isascii() and given.isdigit() and len(given) < 12):
        return _EPOCH
    wanted = time.gmtime(int(given))[:6]
    return max(wanted, _EPOCH) if wanted[0] < 2108 else _EPOCH


def dist_info(folder: str) -> str:
    """Return the name of the one ``.dist-info`` folder of an unpacked wheel.

    Raises:
        ApplyError: there is not exactly one.
    """
    found = [name for name in os.listdir(folder) if name.endswith(".dist-info")]
    if len(found) != 1:
        raise ApplyError(f"has {len(found)} .dist-info folders")
    return found[0]


def _files(folder: str) -> Iterator[str]:
    """Yield the files below *folder* as members are named."""
    for root, _, names in os.walk(folder):
        for name in names:
            yield os.path.relpath(os.path.join(root, name), folder).replace(os.sep, "/")


def _row(folder: str, name: str) -> tuple[str, str, str]:
    """Return the row of a file in RECORD: its name, its hash and its size."""
    digest, size = hashlib.sha256(), 0
    with open(os.path.join(folder, *name.split("/")), "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return name, "sha256=" + base64.urlsafe_b64encode(digest.digest()).decode().rstrip("="), str(size)


def changes(before: str, after: str) -> Iterator[tuple[str, bytes | None, bytes | None]]:
    """Yield the files that differ between two unpacked wheels: the name, and both contents, None for no file."""
    names = sorted({*_files(before), *_files(after)})
    for name in names:
        contents: list[bytes | None] = []
        for folder in (before, after):
            path = os.path.join(folder, *name.split("/"))
            try:
                with open(path, "rb") as file:
                    contents.append(file.read())
            except FileNotFoundError:
                contents.append(None)
        if contents[0] != contents[1]:
            yield name, contents[0], contents[1]
