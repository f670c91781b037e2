"""An object needs the 64-bit names of file functions, which musl does not have.

``stat64``, ``open64`` and similar names are glibc's, for functions with 64-bit file offsets. musl had them as aliases.
Since 1.2.4 (Alpine 3.18) the linker does not see these aliases. Objects that were compiled before, or for glibc, do not
link: a prebuilt ``.a``, or Rust's standard library and the libc crate of 2022 and older.

How to fix: recompile the object for musl. Use a newer release of the library, Rust 1.72 or later, and libc 0.2.146 or
later in Cargo.lock. Alpine 3.17 and older still link the old objects.

References:
    https://musl.libc.org/releases.html (1.2.4)
    https://github.com/rust-lang/libc/pull/2935
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LINK, log_kinds=("ld-undefined",))


_NAMES = re.compile(
    r"(?:f|l)?stat(?:at|fs|vfs)?64|fstat(?:at|fs|vfs)64|open(?:at)?64|creat64|lseek64|mmap64|p(?:read"
    r"|write)v?64|ftruncate64"
    r"|truncate64|readdir64(?:_r)?|fopen64|freopen64|tmpfile64|fseeko64|ftello64|fgetpos64|fsetpos64|sendfile64"
    r"|posix_fallocate64|posix_fadvise64|fallocate64|[gs]etrlimit64|prlimit64|scandir64|alphasort64"
    r"|versionsort64|mkstemp64|lockf64"
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a linker for musl report such names as undefined."""
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
            f"{what} calls {hits[0].groups['symbol'].rstrip(chr(39))}, which musl does not offer since 1.2.4",
            "Linking fails.",
            (
                Fix(
                    "recompile it for musl with current tools",
                    notes="Rust 1.72 or later and libc 0.2.146 or later do not use these names. A prebuilt object "
                    "needs a newer release.",
                ),
                Fix("link on Alpine 3.17 or older", notes="Its musl is 1.2.3. Alpine 3.17 receives no more updates."),
            ),
        )
        return
