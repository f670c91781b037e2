"""musl does not have the 64-bit names of file functions that an object asks for.

``stat64``, ``open64`` and the like are glibc's names for functions with 64-bit file offsets. musl had them as
aliases; since 1.2.4 the linker does not get them any more (Alpine 3.18 has that version). Objects that were compiled
before, or for glibc, do not link: a ready-made ``.a``, or Rust's standard library and the libc crate of 2022 and
older.

How to fix: compile the object again, for musl: a newer release of the library, Rust 1.72 or later, libc 0.2.146 or
later in Cargo.lock. On Alpine 3.17 or older the old objects still link.

References:
    https://musl.libc.org/releases.html (1.2.4)
    https://github.com/rust-lang/libc/pull/2935
"""

from __future__ import annotations

import re

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
)


_NAMES = re.compile(
    r"(?:f|l)?stat(?:at|fs|vfs)?64|fstat(?:at|fs|vfs)64|open(?:at)?64|creat64|lseek64|mmap64|p(?:read|write)v?64|ftruncate64"
    r"|truncate64|readdir64(?:_r)?|fopen64|freopen64|tmpfile64|fseeko64|ftello64|fgetpos64|fsetpos64|sendfile64"
    r"|posix_fallocate64|posix_fadvise64|fallocate64|[gs]etrlimit64|prlimit64|scandir64|alphasort64|versionsort64|mkstemp64|lockf64"
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a linker for musl miss such names."""
    for link in log.links:
        undefined = link.of("ld-undefined")
        hits = [hit for hit in undefined if _NAMES.fullmatch(hit.groups["symbol"].rstrip("'`"))]
        target = link.target or log.target_at(link.line)
        names = f"{link.program} {link.ld} {' '.join(hit.text for hit in hits)}"
        if not hits or not ("musl" in names or (target is not None and target.libc == "musl")):
            continue
        rust = any("std::sys" in hit.text or "/rustc/" in hit.text or ".rcgu.o" in hit.text for hit in hits)
        what = "Rust code of an older toolchain" if rust else "an object"
        yield finding_from_hits(
            log,
            hits,
            f"{what} calls {hits[0].groups['symbol'].rstrip(chr(39))}, which musl hides from linkers since 1.2.4",
            "Linking stops.",
            (
                Fix(
                    "compile it again, for musl, with current tools",
                    notes="Rust 1.72 or later and libc 0.2.146 or later do not use these names. A ready-made one must "
                    "come in a newer release.",
                ),
                Fix("link on Alpine 3.17 or older", notes="Its musl is 1.2.3; it gets no updates any more."),
            ),
        )
        return
