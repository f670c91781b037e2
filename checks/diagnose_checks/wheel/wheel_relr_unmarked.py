"""The wheel has packed relocations without the marker that makes an old loader refuse them.

``DT_RELR`` packs a library's relative relocations. glibc applies them from 2.36 on. An older glibc ignores them, so the
first pointer of the library is wrong and the process ends with a segmentation fault. To make an old loader refuse the
file instead, linkers add a version need called ``GLIBC_ABI_DT_RELR``. GNU ld and mold do so. LLD does so with ``-z
pack-relative-relocs``, but not with ``--pack-dyn-relocs=relr``. glibc from 2.36 on refuses a library without the marker
that needs versions of ``libc.so.6``.

How to fix: link without packed relocations, or with a linker that adds the marker. With the marker, the tag has to be
for 2.36 or later.

References:
    https://sourceware.org/glibc/wiki/Release/2.36
    https://maskray.me/blog/2021-10-31-relative-relocations-and-relr
"""

from __future__ import annotations

from diagnose.authoring.wheel import (
    bounded,
    has_glibc_code,
    load_error,
    loadable_elves,
    promised,
    reachable_members,
    role,
    some,
)
from diagnose.loaders import glibc_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="code", applies=has_glibc_code)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See DT_RELR without GLIBC_ABI_DT_RELR in files for glibc."""
    if wheel.verdict.libc != "glibc":
        return
    promise = promised(wheel)
    oldest = promise[1].libc_version if promise else glibc_loader.RELR_KNOWN
    newest = glibc_loader.RELR_KNOWN
    found = [
        (elf, refusals)
        for elf in loadable_elves(wheel)
        if (
            refusals := [
                glibc_loader.relr(elf, release) for release in (oldest, newest) if glibc_loader.relr(elf, release)
            ]
        )
    ]
    if not found:
        return
    sure = reachable_members(wheel)
    first = found[0][0]
    words = next((one.says for _, refusals in found for one in refusals if one and one.says), "")
    consequences = [f"from glibc 2.36 on: {load_error(wheel, first, words)}"] if words else []
    if oldest < glibc_loader.RELR_KNOWN or not promise:
        consequences.append("before glibc 2.36: a segmentation fault as soon as it is loaded")
    yield Finding(
        f"has unmarked packed relocations (DT_RELR), unusable on every glibc: {some([e.name for e, _ in found])}"
        if words
        else f"has unmarked packed relocations (DT_RELR), which glibc before 2.36 ignores: {first.name}",
        Severity.ERROR if any(elf.path in sure for elf, _ in found) else Severity.WARNING,
        bounded(
            Evidence(f"{role(wheel, elf)}: DT_RELR without a need of {glibc_loader.RELR_MARKER}", elf.path)
            for elf, _ in found
        ),
        "; ".join(consequences),
        (
            Fix(
                "link without packed relocations",
                env=(
                    ("LDFLAGS", "-Wl,-z,nopack-relative-relocs"),
                    ("RUSTFLAGS", "-C link-arg=-Wl,--pack-dyn-relocs=none"),
                ),
                notes="LDFLAGS is for GNU ld and mold. RUSTFLAGS is for LLD, whose option packs them.",
            ),
        ),
    )
