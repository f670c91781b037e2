"""A variable is thread-local where it is defined, and an ordinary one where it is used, or the reverse.

The C library's ``errno`` is the usual case: it has been one for each thread for twenty years, and old code declares
``extern int errno;`` itself instead of including ``<errno.h>``. In other projects one file is compiled with another
``config.h``, without OpenMP's ``threadprivate``, or against the headers of another release.

How to fix: include the header that declares the variable.

References:
    https://man7.org/linux/man-pages/man3/errno.3.html
    https://www.akkadia.org/drepper/tls.pdf
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    patterns=patterns_for(
        "tls-mismatch",
        (
            "mismatches ",
            r"(?<![^\s:])(?P<symbol>[\w.$@]{1,300}): TLS (?:definition|reference) in (?P<one>\S{1,300}(?: section "
            r"\S{1,60})?) "
            r"mismatches non-TLS (?:definition|reference) in (?P<other>\S{1,300})",
            2,
        ),
        (
            "mismatches ",
            r"(?<![^\s:])(?P<symbol>[\w.$@]{1,300}): non-TLS (?:definition|reference) in "
            r"(?P<other>\S{1,300}(?: section \S{1,60})?) mismatches TLS (?:definition|reference) in (?P<one>\S{1,300})",
            2,
        ),
        (
            "against symbol 'errno'; recomp",
            r"cannot be used against symbol '(?P<symbol>errno)'; recompile with -fPI",
        ),  # lld
        ("TLS attribute mismatch: ", r"error: TLS attribute mismatch: (?P<symbol>[\w.$@]{1,300})"),  # lld
        ("and non-__thread", r"symbol '(?P<symbol>[^']{1,300})' used as both __thread and non-__thread"),  # gold
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker find one variable of two kinds."""
    for hit in log.find("tls-mismatch")[:1]:
        symbol = hit.groups["symbol"]
        file = hit.groups["other"].rpartition("/")[2]
        if symbol == "errno":
            fixes = [
                Fix(
                    "include <errno.h> where the code declares errno itself",
                    env=() if builds_rust(log) else (("CFLAGS", "-include errno.h"),),
                    notes="In the source: replace `extern int errno;` by `#include <errno.h>`. The option does it "
                    "for all "
                    "files without a change: the header makes errno a macro, and the old declaration one of a "
                    "function.",
                ),
            ]
        else:
            fixes = [
                Fix(
                    "compile both with the header that declares it, of one release and with the same options",
                    notes="-fopenmp (threadprivate), HAVE_… of config.h and __thread or thread_local behind a macro "
                    "decide "
                    "it. Build again in an empty folder.",
                ),
            ]
        yield finding_from_hits(
            log,
            [hit],
            f"{symbol} is a variable of each thread, and {file or 'a file'} takes it for an ordinary one",
            "Linking fails.",
            fixes,
        )
