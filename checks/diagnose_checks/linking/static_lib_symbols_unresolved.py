"""A static library needs symbols of the C library, but is linked without it.

An archive (``.a``) contains no list of its dependencies. Its objects need functions of libc, libm, libdl or libpthread.
Either the linker has processed those already (a library must come after its users), or they are missing from the
command line, or the archive was compiled against another C library.

How to fix: ask pkg-config with ``--static``, which names the private libraries too. Put the C library after the
archive. Build the archive with the same compiler that links it.

References:
    https://sourceware.org/binutils/docs/ld/Options.html (``-l``)
    https://doc.rust-lang.org/rustc/command-line-arguments.html#-l-link-the-generated-crate-to-a-native-library
"""

from __future__ import annotations

from diagnose.authoring.link_step import in_archive
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_LIBC = re.compile(
    r"^(?:dl(?:open|sym|close|error|addr)|pthread_\w+|sem_\w+|clock_\w+|shm_open|(?:l?rint|floor|ceil"
    r"|pow|exp|log|sin|cos|sqrt)f?"
    r"|mem(?:cpy|set|move)|str(?:len|cmp|cpy|dup|tol)|malloc|free|printf|fprintf|__errno_location|getauxval"
    r"|__stack_chk_(?:fail|guard))$"
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    log_kinds=("ld-undefined",),
    patterns=patterns_for("ld-in-archive", ("): in function", r"lib[\w.+-]{1,100}\.a\([^)]{1,200}\): in function")),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See an object of an archive lack a plain function of the C library."""
    for link in log.links:
        hits = [
            hit
            for hit in link.of("ld-undefined")
            if _LIBC.match(hit.groups["symbol"].partition("@")[0]) and in_archive(log, hit)
        ]
        target = log.target_at(link.line)
        if not hits or (target is not None and target.libc == "musl"):
            continue
        yield finding_from_hits(
            log,
            hits,
            f"a static library needs {hits[0].groups['symbol']} of the C library, but is linked without it",
            "Linking fails.",
            [
                Fix(
                    "ask pkg-config for the private libraries too",
                    env=(("PKG_CONFIG_ALL_STATIC", "1"),),
                    notes="If a build script names libraries itself, add this one after the archive.",
                ),
                Fix("link the shared library instead of the archive"),
            ],
        )
        return
