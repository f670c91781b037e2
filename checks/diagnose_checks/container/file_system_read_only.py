"""A program writes to a file system that is read-only.

The folder is mounted read-only (``-v …:ro``, ``--mount type=bind`` in a Dockerfile, ``--read-only``, ``/var/task`` of
AWS Lambda, an image of Apptainer, ``/usr`` of Android), or the kernel has made it so after an error of the disk.

How to fix: build in a folder that can be written, or mount it with write access.

References:
    https://docs.docker.com/reference/dockerfile/#run---mounttypebind
    https://man7.org/linux/man-pages/man8/mount.8.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    log_kinds=("cargo-cannot-write",),
    patterns=patterns_for(
        "read-only",
        ("ead-only file system", r"\[Errno 30\] Read-only file system: '(?P<path>[^']{1,300})'"),
        ("ead-only file system", r"could not (?:create|write|open) '(?P<path>[^']{1,300})': Read-only file system"),
        (
            "ead-only file system",
            r"cannot (?:create|touch|remove|move|copy|open)\b[^'`]{0,60}['`](?P<path>[^']{1,300})'.{0,200}: "
            r"Read-only file system",
        ),
        ("ead-only file system", r"(?<!\S)(?P<path>/[^\s:]{1,300}): Read-only file system"),
        ("ead-only file system", r"Read-only file system(?: \(os error 30\))?"),
        ("EROFS", r"EROFS: read-only file system, \w{1,20} '(?P<path>[^']{1,300})'"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a write refused by a read-only file system."""
    hits = log.find("read-only")
    if not hits or log.find("cargo-cannot-write"):  # target-folder-not-writable
        return
    path = next((hit.groups["path"] for hit in hits if hit.groups["path"]), "")
    relative = path and not re.match(r"/|[A-Za-z]:", path)
    place = f"{path!r} is to be written in the current folder, which" if relative else path or "a folder"
    yield finding_from_hits(
        log,
        hits,
        f"{place} is on a read-only file system",
        "Nothing is written there.",
        [
            Fix(
                "build in a folder that can be written",
                notes="setuptools writes build/ and *.egg-info beside setup.py: copy the source into the container, or "
                "build from an sdist. Lambda, Apptainer and read-only containers: only /tmp (TMPDIR, HOME, "
                "XDG_CACHE_HOME). Termux: TMPDIR=$PREFIX/tmp.",
            ),
            Fix(
                "mount it with write access",
                notes="docker run -v SOURCE:TARGET without :ro; RUN --mount=type=bind,rw. A disk that became read-only "
                "by itself has errors: dmesg tells.",
            ),
        ],
    )
