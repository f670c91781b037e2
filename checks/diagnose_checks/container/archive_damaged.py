"""A downloaded archive is damaged or cut off.

A wheel, a source distribution or another archive is not what its server holds: the download broke off, a proxy or a
server put a page of text in its place, a cache or a mirror keeps a broken copy, or the disk was full when it was
written. zip files have their table at the end, so a wheel that was cut off is "not a zip file".

How to fix: remove the copy, and download it again. ``file NAME`` shows what it really is.

References:
    https://pip.pypa.io/en/stable/topics/caching/
    https://docs.astral.sh/uv/concepts/cache/
    https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=(
        *patterns_for(
            "archive-damaged",
            # uv
            ("unexpected BufError", r"unexpected BufError$"),
            ("end of central directory rec", r"unable to locate the end of central directory record"),
            (
                "end-of-central-directory",
                r"ZIP file contains trailing contents after the end-of-central-directory(?P<uv>)",
            ),
            ("Bad CRC (got ", r"Bad CRC \(got [0-9a-f]{8}, expected [0-9a-f]{8}\) for file: (?P<file>\S{1,300})"),
            ("nvalid zip file structure", r"^(?:Caused by: |cause: )?Invalid zip file structure"),
            ("failed to iterate over archive", r"^(?:Caused by: |cause: )?failed to iterate over archive"),
            (
                "must only contain a list dir",
                r"^(?:Caused by: |cause: )?The top-level of the archive must only contain",
            ),
            # zipfile, tarfile, gzip, zlib in Python; pip, Poetry
            (
                "adZip",
                r"^(?:zipfile\.)?BadZip[Ff]ile: (?:File is not a zip file|Bad (?:CRC-32|magic number)|Truncated)",
            ),
            ("adZip", r"^BadZipFile\s{1,8}File is not a zip file", 3),
            ("Bad CRC-32 for file", r"^ERROR: .{0,100}Bad CRC-32 for file '(?P<file>[^']{1,300})'"),
            ("' located at ", r"^ERROR: Wheel '(?P<name>[^']{1,100})' located at \S{1,300} is invalid\.$"),
            (
                "end-of-stream marker was",
                r"^EOFError: Compressed file ended before the end-of-stream marker was reached",
            ),
            (
                "ReadError: ",
                r"^tarfile\.ReadError: (?:unexpected end of data|not a gzip file|file could not be opened "
                r"successfully)",
            ),
            ("zlib.error: Error -3 while", r"^zlib\.error: Error -3 while decompressing data"),
            # tar, gzip, unzip, xz
            ("nexpected end of file", r"^(?:gzip: |gunzip: )(?:stdin|\S{1,300}): unexpected end of file"),
            ("not in gzip format", r"^(?:gzip|gunzip): (?:stdin|\S{1,300}): not in gzip format(?P<other>)"),
            ("nexpected EOF in archive", r"^tar: Unexpected EOF in archive"),
            (
                "recognized archive format",
                r"^tar: (?:Error opening archive: Unrecognized archive format|This does not look like a "
                r"tar)(?P<other>)",
            ),
            ("irectory signature not found", r"^End-of-central-directory signature not found(?P<other>)"),
            ("File format not recognized", r"^xz: (?:\(stdin\)|\S{1,300}): File format not recognized(?P<other>)"),
            # apk, pacman, dpkg
            ("BAD archive", r"^ERROR: (?P<name>\S{1,100}): BAD (?:archive|signature)"),
            ("corrupted package archive", r"^corrupted filesystem tarfile - corrupted package archive"),
            (
                "dpkg-deb: error: ",
                r"^dpkg-deb: error: .{0,300}(?:unexpected end of file|compressed data is corrupt|not a Debian format "
                r"archive|"
                r"archive has premature)",
            ),
            (
                "is corrupted (invalid",
                r"File (?P<file>/\S{1,300}) is corrupted \(invalid or corrupted package(?: \(checksum\))?\)",
            ),
            (
                "register layer: ",
                r"failed to register layer: (?:Error processing tar file\(exit status 1\): )?unexpected EOF",
            ),
        ),
        *patterns_for(
            "archive-named",
            (
                "ailed to extract archive",
                r"Failed to (?:extract archive|unzip wheel|download|fetch wheel):? `?(?P<name>[\w.+=-]{3,150})",
            ),
            (
                "Failed to ",
                r"Failed to (?:download(?: and build)?|fetch wheel|read):? `?(?P<name>[A-Za-z][\w.+=-]{2,100})`?",
            ),
            ("Downloading ", r"^Downloading (?P<name>[\w.+-]{3,150}\.(?:whl|tar\.gz|zip))"),
            ("Using cached ", r"^Using cached (?P<name>[\w.+-]{3,150}\.(?:whl|tar\.gz|zip))"),
            (
                "error processing archive",
                r"^dpkg: error processing archive (?:\S{0,300}/)?(?P<name>[^/\s]{3,150}\.deb)",
            ),
            ("Processing ", r"^Processing (?:\S{0,300}/)?(?P<name>[\w.+-]{3,150}\.(?:whl|tar\.gz|zip))"),
        ),
    ),
)
_ABOVE = 40  # lines from an archive's name to the error


def log(log: BuildLog) -> Iterator[Finding]:
    """See a program not read an archive that was downloaded."""
    hits = log.find("archive-damaged")
    if not hits or log.find("disk-full"):
        return
    hit = hits[0]
    if "iterate over archive" in hit.text and not log.near(hit.line, "archive-named", before=4):
        return  # cargo-registry-damaged
    if log.near(hit.line, "outage", before=12, after=12):
        return  # network-or-mirror-outage: it broke off, and the log says why
    names = log.near(hit.line, "archive-named", before=_ABOVE)
    name = hit.groups["name"] or hit.groups["file"] or (names[-1].groups["name"] if names else "")
    uv = any(
        re.search(r"^(?:error: |[×✗x] |├|╰|Caused by)?.*Failed to (?:download|extract|unzip|fetch|read)", one.text)
        for one in names
    )
    pip = any(event.tool == "pip" for event in log.course.events) and not uv
    other = "other" in hit.groups
    local = bool(names) and names[-1].text.startswith("Processing ")
    fixes = [
        Fix(
            "look what it is, and download it again",
            notes="`file NAME` and `head -c 300 NAME` show a page of text in its place: a wrong address, a login, a "
            "proxy. "
            "curl needs -f and -L: it writes the server's error into the file else.",
        )
        if other
        else Fix(
            "put a whole copy of the file in its place, or build it again",
            (Command("python3 -m zipfile --test FILE", FixStage.BUILD),),
            notes="Replace FILE with it: the command names what is wrong, and passes for a whole one. An upload or "
            "a copy "
            "that broke off, or a disk that was full, leaves such a file.",
        )
        if local
        else Fix(
            "remove the copies that the cache has, and download it again",
            (Command("uv cache clean", FixStage.BUILD),)
            if uv
            else (Command("python3 -m pip cache purge", FixStage.BUILD),)
            if pip
            else (),
            notes="In CI under another key of the cache. Of a file in a folder: copy it there again.",
        ),
        Fix(
            "if it happens again: take the file from another place",
            notes="A mirror, a proxy or the disk of a registry keeps a broken copy: compare the size and the hash with "
            "those that the index shows. uv: UV_HTTP_TIMEOUT=120 and UV_CONCURRENT_DOWNLOADS=4 help on slow networks.",
        ),
    ]
    yield finding_from_hits(
        log,
        [*names[-1:], hit],
        f"{name or 'a downloaded archive'} is damaged or cut off" + (", or something else" if other else ""),
        "It cannot be unpacked.",
        fixes,
    )
