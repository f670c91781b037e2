"""A library's memory allocator was compiled for smaller pages than this kernel has.

jemalloc fixes the size of a page when it is compiled: that of the build machine, usually 4 KiB. Kernels for 64-bit
ARM and POWER also come with 16 or 64 KiB (Asahi, Raspberry Pi 5, RHEL 8, Amazon's and NVIDIA's images). There it
stops at once, however little memory is asked for.

How to fix: for users, a release whose allocator knows larger pages, or a kernel with 4 KiB pages
(``kernel=kernel8.img`` on a Raspberry Pi 5). For who builds it, ``JEMALLOC_SYS_WITH_LG_PAGE=16``, which works on
smaller pages too.

In a wheel for aarch64, the page size is read from the comparison in jemalloc's code; for ppc64le and loongarch64 only
the presence of jemalloc is seen.

References:
    https://github.com/jemalloc/jemalloc/issues/467
    https://docs.rs/tikv-jemalloc-sys/latest/tikv_jemalloc_sys/ (environment variables)
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import bounded, loadable_elves, role
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.tables.processors import PAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.wheel.reader import Wheel

KIB = 1024


def _has_jemalloc(wheel: Wheel) -> bool:
    """Whether a file contains jemalloc, and its architecture has several page sizes."""
    return any(elf.jemalloc_page is not None for elf in wheel.elves)


CHECK = Check(
    needs="code",
    applies=_has_jemalloc,
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "page-size", ("nsupported system page size", r"(?P<who><?jemalloc>?): Unsupported system page size")
    ),
)

_BUILD = Fix(
    "when building the module: for pages of up to 64 KiB",
    env=(("JEMALLOC_SYS_WITH_LG_PAGE", "16"),),
    notes="Of the crates tikv-jemalloc-sys and jemalloc-sys; it works on smaller pages as well.",
)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See copies of jemalloc for pages smaller than the largest of the architecture."""
    arch = wheel.verdict.arch
    if arch not in PAGES:
        return
    largest, common = PAGES[arch]
    found = [(elf, elf.jemalloc_page) for elf in loadable_elves(wheel) if elf.jemalloc_page is not None]
    small = [(elf, page) for elf, page in found if page and page < largest]
    unknown = [(elf, page) for elf, page in found if not page]
    if small:
        page = min(page for _, page in small)
        yield Finding(
            f"its jemalloc is for pages of {page // KIB} KiB; {arch} has pages of up to {largest // KIB} KiB",
            Severity.ERROR if page < common else Severity.WARNING,
            bounded(
                Evidence(f"{role(wheel, elf)}: jemalloc compares the page size with {page // KIB} KiB", elf.path)
                for elf, page in small
            ),
            "on kernels with larger pages: <jemalloc>: Unsupported system page size; memory allocation failed",
            (_BUILD,),
        )
    elif unknown:
        yield Finding(
            f"contains jemalloc; cannot tell whether it supports {arch}'s pages of up to {largest // KIB} KiB",
            Severity.NOTE,
            bounded(
                Evidence(f"{role(wheel, elf)}: contains jemalloc's check of the page size", elf.path)
                for elf, _ in unknown
            ),
            "if it was built for smaller pages than the kernel has: <jemalloc>: Unsupported system page size",
            (_BUILD,),
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
                _BUILD,
                Fix("when using it: a release that was built so, or a kernel with 4 KiB pages"),
            ),
        )
