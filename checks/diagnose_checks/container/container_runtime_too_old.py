"""The container engine forbids a system call that the image's C library uses: it is older than the image.

Docker, containerd and libseccomp allow the system calls that they know. Newer C libraries use newer ones: ``clone3``
(glibc 2.34: Fedora 35, Ubuntu 21.10 and later) to start threads, ``faccessat2`` (musl of Alpine 3.14) to look at files.
An older engine answers that they are not permitted, instead of not implemented, and threads or scripts fail.

How to fix: update the container engine and libseccomp on the machine that runs it, or use an older image.

References:
    https://github.com/moby/moby/pull/42681
    https://wiki.alpinelinux.org/wiki/Release_Notes_for_Alpine_3.14.0
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = is_later
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "no-signature-valid",
        (
            "invalid signature was",
            r"GPG error: \S{1,20}//(?:[\w.-]+\.)?(?:debian\.org|ubuntu\.com|raspbian\.org)/\S{0,200} .{0,100}"
            r"At least one invalid signature was encountered",
        ),
        (
            "but neither seems installed",
            r"GPG error: \S{1,20}//(?:[\w.-]+\.)?(?:debian\.org|ubuntu\.com|raspbian\.org)/\S{0,200} .{0,100}"
            r"gpgv, gpgv2 or gpgv1 required for verification, but neither seems installed",
        ),
    )
    + patterns_for(
        "call-forbidden",
        ("thread failed to start", r"getaddrinfo\(\) thread failed to start"),
        ("pthread_create", r"pthread_create[^:]{0,40}: Operation not permitted"),
        ("can't initialize time", r"Fatal Python error: \w{1,40}: can't initialize time"),
        ("sh: Operation not permitted", r"make(?:\[\d+\])?: (?:/bin/)?sh: Operation not permitted"),
        ("create thread: Operation", r"create thread: Operation not permitted"),
        # the clock, and the times of files
        ("can't initialize time", r"^Fatal Python error: \w{1,60}: can't initialize time"),
        (
            "panicked at library/std/src/sys",
            r"panicked at library/std/src/sys/\S{0,60}time\.rs:\d+:\d+:.{0,120}Operation not permitted",
            2,
        ),
        (
            "logging/__init__.py",
            r"logging/__init__\.py\", line \d+, in <module>\s.{0,120}?PermissionError: \[Errno 1\] Operation not "
            r"permitted",
            4,
        ),
        (
            "tarfile.py",
            r"tarfile\.py\", line \d+, in utime\s.{0,160}?PermissionError: \[Errno 1\] Operation not permitted",
            4,
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See threads or a shell not start for want of a permission."""
    hits = log.find("call-forbidden")
    if not hits:
        yield from _of_signatures(log)
        return
    yield finding_from_hits(
        log,
        hits,
        "the container engine forbids a system call of this image: it is most likely older than the image",
        "Programs in the container cannot start threads or other programs.",
        (
            Fix(
                "update Docker (20.10.10 or later), containerd, runc and libseccomp on the machine that runs it",
                notes="On a CI service: a newer runner or Docker version. The image itself is not broken.",
            ),
            Fix(
                "until then: use an older image, or run without the filter",
                notes="docker run --security-opt seccomp=unconfined; for a build: docker build --security-opt "
                "seccomp=unconfined, with the old builder. For images that you trust only.",
            ),
        ),
    )


def _of_signatures(log: BuildLog) -> Iterator[Finding]:
    """See apt find no signature of the distribution's own archive valid."""
    if hits := log.find("no-signature-valid"):
        yield finding_from_hits(
            log,
            hits,
            "apt cannot check the signatures of the distribution's archive: the container engine is older than the "
            "image, or its disk is full",
            "apt-get update fails in this container, and nothing can be installed.",
            (
                Fix(
                    "update Docker and libseccomp on the machine that runs it",
                    notes="On a Raspberry Pi and other 32-bit Arm systems: libseccomp2 2.5 or later of the "
                    "distribution's backports. `date` in such a container shows 1970.",
                ),
                Fix(
                    "if they are new: make room",
                    notes="docker system df, docker system prune: apt writes each signature to a file first.",
                ),
            ),
        )
