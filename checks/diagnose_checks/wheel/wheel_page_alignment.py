"""The wheel's libraries are laid out for smaller memory pages than the architecture may have.

The loader maps a shared object's segments page by page, so its layout has to fit the largest page size that kernels of
the architecture use: 64 KiB on aarch64 and ppc64le, 16 KiB on loongarch64. Files laid out for 4 KiB work on most
machines and fail on the others: the kernels of Raspberry Pi 5 and Asahi have 16 KiB pages, some server kernels 64 KiB.
patchelf before 0.12, and linkers with ``-z max-page-size=4096``, write such files.

How to fix: link with the architecture's page size, which is every linker's default, or pass ``-z max-page-size=65536``.

References:
    https://github.com/NixOS/patchelf/releases/tag/0.12
    glibc's ``elf/dl-load.c``
"""

from __future__ import annotations

from diagnose.authoring.loader_words import misaligned_by_tool
from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.authoring.wheel import bounded, has_linux_code, load_error, loadable_elves, role
from diagnose.loaders import glibc_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.model.pattern import patterns_for
from diagnose.tables.processors import PAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel


KIB = 1024
CHECK = Check(
    since="0.1.0",
    needs="code",
    applies=has_linux_code,
    aliases=("runtime-page-alignment",),
    patterns=patterns_for(
        "page-alignment",
        ("not page-aligned", r"(?<![^\s:])(?P<file>[^\s:]+): ELF load command .{0,200}not page-aligned"),
    ),
)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See PT_LOAD segments aligned to less than the largest page."""
    arch = wheel.verdict.arch
    if arch not in PAGES:
        return
    largest, common = PAGES[arch]
    found = [elf for elf in loadable_elves(wheel) if 1 < elf.load_align < largest and not elf.split_debug]
    if not found:
        return
    smallest = min(elf.load_align for elf in found)
    yield Finding(
        f"is laid out for pages of {smallest // KIB} KiB; {arch} has pages of up to {largest // KIB} KiB",
        Severity.ERROR if smallest < common else Severity.WARNING,
        bounded(
            Evidence(f"{role(wheel, elf)}: PT_LOAD is aligned to {elf.load_align // KIB} KiB", elf.path)
            for elf in found
        ),
        _consequence(wheel, found[0], largest),
        (
            Fix(
                "link for the largest page; use patchelf ≥ 0.14.5",
                env=(
                    ("LDFLAGS", f"-Wl,-z,max-page-size={largest}"),
                    ("RUSTFLAGS", f"-C link-arg=-Wl,-z,max-page-size={largest}"),
                ),
                notes="A finished file cannot be re-aligned: link it again.",
            ),
        ),
    )


def _consequence(wheel: Wheel, elf: Elf, page: int) -> str:
    """Return what glibc says, which compared the alignment until 2.34, and compares addresses and offsets since."""
    if wheel.verdict.libc == "musl":
        return f"on kernels with pages of {page // KIB} KiB musl maps it wrongly: a signal ends the process"
    old = glibc_loader.page(elf, (2, 34), page)
    new = glibc_loader.page(elf, glibc_loader.ALIGNMENT_FREE, page)
    said = [f"{when}: {load_error(wheel, elf, one.says)}" for one, when in ((new, "glibc 2.35 and newer"),) if one]
    said += [f"before glibc 2.35: {one.says if said else load_error(wheel, elf, one.says)}" for one in (old,) if one]
    return f"on kernels with pages of {page // KIB} KiB, with {'; '.join(said)}"


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader refuse the alignment."""
    for hit in log.find("page-alignment")[:1]:
        if misaligned_by_tool(log, hit):
            return  # runtime-elf-broken-by-repair
        name = hit.groups["file"].rpartition("/")[2]
        if "address/offset not page-aligned" in hit.text and not _has_larger_pages(log, hit):
            yield _of_two_causes(log, hit, name)
            return
        yield finding_from_hits(
            log,
            [hit],
            f"{name} is aligned to smaller pages than this system has",
            "This system cannot load it.",
            (
                _relink(log, name),
                Fix("repair with patchelf 0.12 or later"),
                _SMALLER_PAGES,
            ),
        )


_LARGER = re.compile(
    r"(?<![a-z0-9])(?:aarch64|arm64|armv[5-8]\w{0,4}|ppc64\w{0,2}|powerpc64\w{0,2}|loongarch64|raspberry)(?![a-z0-9])"
)
_SMALLER_PAGES = Fix(
    "where you only use it: a kernel with 4 KiB pages",
    notes="Raspberry Pi 5: kernel=kernel8.img in /boot/firmware/config.txt. `getconf PAGESIZE` tells the size here.",
)


def _has_larger_pages(log: BuildLog, hit: Hit) -> bool:
    """Whether the log shows a processor that has kernels with larger pages than 4 KiB."""
    target = log.target_at(hit.line)
    told = [hit.text, target.triple if target else "", log.host.triple if log.host else ""]
    near = [one.text for one in log.near(hit.line, before=_AROUND, after=_AROUND)]
    return any(_LARGER.search(text.lower()) for text in (*told, *near))


_AROUND = 40  # lines that may name the processor


def _relink(log: BuildLog, name: str) -> Fix:
    """Return the fix for who builds *name*: by rustc's variable where the log has Rust."""
    if builds_rust(log):
        return Fix("link it for large pages", env=(("RUSTFLAGS", "-C link-arg=-Wl,-z,max-page-size=65536"),))
    notes = "Rust: RUSTFLAGS='-C link-arg=-Wl,-z,max-page-size=65536'." if not name.startswith("lib") else ""
    return Fix("link it for large pages", env=(("LDFLAGS", "-Wl,-z,max-page-size=65536"),), notes=notes)


def _of_two_causes(log: BuildLog, hit: Hit, name: str) -> Finding:
    """Return the finding where nothing shows the processor: glibc 2.35 and later have one message for both causes."""
    return finding_from_hits(
        log,
        [hit],
        f"{name} was damaged by strip or patchelf, or is aligned to smaller pages than this system has",
        "This system cannot load it. The message is the same for both; `getconf PAGESIZE` tells: with 4096 it is "
        "damaged.",
        (
            Fix(
                "with pages of 4096 bytes: take the file as it was before strip and patchelf",
                notes="Install the package again; who packs it strips before the repair, not after it, and uses "
                "patchelf 0.14.5 or later.",
            ),
            _relink(log, name)._replace(title="with larger pages: link it for them"),
            _SMALLER_PAGES,
        ),
    )
