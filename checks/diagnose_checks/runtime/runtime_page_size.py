"""A library's memory allocator was compiled for smaller pages than this kernel has.

jemalloc fixes the size of a page when it is compiled: that of the build machine, usually 4 KiB. Kernels for 64-bit
ARM and POWER also come with 16 or 64 KiB (Asahi, Raspberry Pi 5, RHEL 8, Amazon's and NVIDIA's images). There it
stops at once, however little memory is asked for.

How to fix: for users, a release whose allocator knows larger pages, or a kernel with 4 KiB pages
(``kernel=kernel8.img`` on a Raspberry Pi 5). For who builds it, ``JEMALLOC_SYS_WITH_LG_PAGE=16``, which works on
smaller pages too.

References:
    https://github.com/jemalloc/jemalloc/issues/467
    https://docs.rs/tikv-jemalloc-sys/latest/tikv_jemalloc_sys/ (environment variables)
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

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "page-size", ("nsupported system page size", r"(?P<who><?jemalloc>?): Unsupported system page size")
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See jemalloc refuse the kernel's page size."""
    hits = log.find("page-size")
    if hits:
        yield finding_from_hits(
            log,
            hits,
            "the jemalloc in a module was compiled for smaller pages than this kernel has",
            "The first allocation fails, and the process ends. `getconf PAGESIZE` tells the size of a page here.",
            (
                Fix(
                    "when building the module: for pages of up to 64 KiB",
                    env=(("JEMALLOC_SYS_WITH_LG_PAGE", "16"),),
                    notes="Of the crates tikv-jemalloc-sys and jemalloc-sys; it works on smaller pages as well.",
                ),
                Fix("when using it: a release that was built so, or a kernel with 4 KiB pages"),
            ),
        )
