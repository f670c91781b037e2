"""A start file or a header of the C library is there, and empty, cut off or overwritten.

The linker needs ``Scrt1.o``, ``crti.o`` and ``crtbeginS.o`` for every program and module, and the compiler the headers
below ``/usr/include``. A disk that was full, an installation that was interrupted, or an image that was copied in part
leaves such a file with less than its content. The linker then finds it too short or of no known format, and the
compiler an ``#ifndef`` without an end, or bytes of a program.

How to fix: install the package that owns the file again. Its other files can be damaged, too.

References:
    https://manpages.debian.org/stable/dpkg/dpkg.1.en.html
    https://rpm.org/docs/latest/man/rpm.8
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_START = r"(?P<file>(?<![^\s:'\"])(?:[^\s:'\"]{1,300}/)?(?:[SMgr]?crt1|crt[in]|crt(?:begin|end)[ST]?)\.o)"
_SYSTEM = r"^(?P<file>/usr/(?:include|lib/gcc(?:-cross)?|[\w-]{1,40}/include)/\S{1,300})"
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "system-file-damaged",
        ("file too short", rf"{_START}: (?:file not recognized: )?file too short"),
        ("file truncated", rf"{_START}: (?:file not recognized: )?file truncated"),
        ("file format not recognized", rf"{_START}: (?:file not recognized: )?[Ff]ile format not recognized"),
        ("nknown file type", rf"{_START}: unknown file type"),
        ("nknown file type", rf"unknown file type: {_START}"),
        ("error: unterminated ", rf"{_SYSTEM}:\d+(?::\d+)?: error: unterminated (?:#|comment|conditional)"),
        ("error: stray ", rf"{_SYSTEM}:\d+:\d+: error: stray '\\(?:0[0-3][0-7]|177)' in program"),
    ),
)


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* comes later: code that does not compile or link without the file."""
    return log.position(other.evidence[0]) >= log.position(finding.evidence[0])


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker or the compiler read such a file, and find it damaged."""
    for hit in log.find("system-file-damaged")[:1]:
        file = hit.groups["file"]
        yield finding_from_hits(
            log,
            [hit],
            f"{file.rpartition('/')[2]}, a file of the system, is empty or damaged"
            if file.endswith((".o", ".h"))
            else f"{file}, a header of the system, is damaged",
            "Nothing can be linked." if file.endswith(".o") else "No code that includes it can be compiled.",
            (
                Fix(
                    "install the package that owns it again",
                    notes="dpkg -S FILE or rpm -qf FILE names it; dpkg --verify and rpm -V name its other damaged "
                    "files. A full disk or an interrupted installation leaves them; in an image, build it again.",
                ),
            ),
        )
