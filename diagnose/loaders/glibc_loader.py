"""What glibc's dynamic linker accepts, release by release.

Sources: glibc's ``elf/dl-load.c`` (``open_verify``, ``_dl_map_object_from_fd``), ``elf/dl-version.c``
(``_dl_check_map_versions``), ``elf/dl-reloc.c`` (``_dl_try_allocate_static_tls``), ``sysdeps/generic/ldsodefs.h`` and
``elf/dl-tls.c`` (``TLS_STATIC_SURPLUS``); NEWS of 2.36 for DT_RELR. Seen with Debian's 2.31, 2.36 and 2.41.
"""

from __future__ import annotations

from diagnose.loaders.refusal import LoadRefusal
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.targets import EM_PPC64, EM_S390, EM_X86_64
from diagnose.model.versions import number
from diagnose.readers.elf.elf_parser import ET_EXEC, ET_REL, Elf

if TYPE_CHECKING:
    from collections.abc import Iterator

Release = tuple[int, int]

#: The smallest memory page that kernels of any architecture use, in bytes.
PAGE = 4096

#: Bytes set aside at a program's start for thread-local variables of libraries that come later (TLS_STATIC_SURPLUS:
#: 64 + 100 for each of 16 namespaces, and made so that it stays the same since); libraries loaded before use some up.
TLS_ROOM = 1664

#: From here on the address and offset of a segment need to agree modulo the page only, not modulo p_align (BZ #28676).
PAGE_CONGRUENCE_ENOUGH: Release = (2, 35)

#: Here p_align stopped being compared with the page (BZ #28688).
ALIGNMENT_FREE: Release = (2, 35)

#: From here on a library that asks for an executable stack is refused once the program runs (BZ #32653).
STACK_REFUSED: Release = (2, 41)

#: From here on the levels of x86-64 in a file's property note are compared with the processor (BZ #26717).
LEVELS_COMPARED: Release = (2, 33)

#: DT_RELR is known from here on; before, it is ignored and the process crashes on the first unrelocated pointer.
RELR_KNOWN: Release = (2, 36)
RELR_MARKER = "GLIBC_ABI_DT_RELR"

#: Here "cannot dynamically load position-independent executable" came in (BZ #24323).
PIE_REFUSED: Release = (2, 30)

#: What e_ident[EI_OSABI] may say: System V and GNU.
OSABI = (0, 3)


class Marker(NamedTuple):
    """A version name that stands for an ability of the loader, not for a release of glibc.

    ``since`` is glibc's own release with it. Distributions backport markers, so the release alone does not tell:
    ``backported`` are the packages seen to have it, with their glibc.
    """

    name: str
    since: Release
    meaning: str
    backported: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()


#: Source: ``elf/Versions`` and ``sysdeps/*/Versions`` of glibc; distributions' ``libc.so.6`` read. As of 2026-11.
MARKERS = {
    marker.name: marker
    for marker in (
        Marker(RELR_MARKER, (2, 36), "packed relative relocations"),
        Marker(
            "GLIBC_ABI_GNU2_TLS",
            (2, 43),
            "TLS descriptors that keep all registers",
            (("Debian 13", "2.41-12+deb13u5"), ("openSUSE Tumbleweed", "2.42")),
            ("Debian 11", "Debian 12"),
        ),
        Marker(
            "GLIBC_ABI_GNU_TLS",
            (2, 43),
            "an i386 __tls_get_addr that keeps all registers",
            (("Debian 13", "2.41-12+deb13u5"), ("openSUSE Tumbleweed", "2.42")),
            ("Debian 11", "Debian 12"),
        ),
        Marker(
            "GLIBC_ABI_DT_X86_64_PLT",
            (2, 43),
            "the tags DT_X86_64_PLT, DT_X86_64_PLTSZ and DT_X86_64_PLTENT",
            (("Debian 13", "2.41-12+deb13u5"), ("openSUSE Tumbleweed", "2.42")),
            ("Debian 11", "Debian 12"),
        ),
    )
}

#: From here on ``glibc-hwcaps/NAME`` below each folder of a search path is searched before the folder itself.
HWCAPS_SEARCHED: Release = (2, 33)

#: Machine → the names, for ever newer processors; a processor searches its own and those before it, the newest first.
#: Source: ``sysdeps/*/dl-hwcaps-subdirs.c`` of glibc 2.43. Other machines have none.
HWCAPS = {
    EM_X86_64: ("x86-64-v2", "x86-64-v3", "x86-64-v4"),
    EM_PPC64: ("power9", "power10", "power11"),
    EM_S390: ("z13", "z14", "z15", "z16", "z17"),
}

_VERSION = r"GLIBC_([0-9]+)\.([0-9]+)(?:\.[0-9]+)?"


def searched(folder: str, machine: int, level: int) -> tuple[str, ...]:
    """Return the folders that stand for *folder* of a search path, in order.

    *level* counts the names of :data:`HWCAPS` that the processor has; 0 also stands for glibc before 2.33.
    """
    names = HWCAPS.get(machine, ())[:level]
    return (*(f"{folder}/glibc-hwcaps/{name}" for name in reversed(names)), folder)


def release_of(version: str) -> Release | None:
    """Return the glibc release that a symbol version names; None for GLIBC_PRIVATE, markers and other families."""
    match = re.fullmatch(_VERSION, version)
    return (number(match[1]), number(match[2])) if match else None


def is_marker(version: str) -> bool:
    """Whether the version name stands for an ability, known here or not."""
    return version.startswith("GLIBC_ABI_")


def header(elf: Elf, release: Release) -> LoadRefusal | None:
    """Return why the file cannot be loaded into a running program, by its headers alone."""
    name = elf.name
    if elf.osabi not in OSABI:
        return LoadRefusal(f"{name}: ELF file OS ABI invalid", f"its header is for OS ABI {elf.osabi}")
    if elf.type == ET_REL:
        return LoadRefusal(f"{name}: only ET_DYN and ET_EXEC can be loaded", "it is an object file (ET_REL)")
    if elf.type == ET_EXEC:
        return LoadRefusal(f"{name}: cannot dynamically load executable", "it is a program (ET_EXEC)")
    if elf.pie and release >= PIE_REFUSED:
        says = f"{name}: cannot dynamically load position-independent executable"
        return LoadRefusal(says, "it is a position-independent program (DF_1_PIE)")
    return segments(elf, release)


def segments(elf: Elf, release: Release) -> LoadRefusal | None:
    """Return why the segments cannot be mapped: address and offset have to lie at the same place in a page."""
    detail = f"the address and the offset of a PT_LOAD segment agree only modulo {elf.congruent} bytes"
    if not elf.congruent:
        return None
    if release < PAGE_CONGRUENCE_ENOUGH:
        says = f"{elf.name}: ELF load command address/offset not properly aligned"
        return LoadRefusal(says, f"{detail}, not modulo its alignment")
    if elf.congruent < PAGE:
        return LoadRefusal(f"{elf.name}: ELF load command address/offset not page-aligned", detail)
    return None


def not_elf(name: str, size: int, bits: int = 64) -> LoadRefusal:
    """Return why a file of *size* bytes that is no ELF file is not loaded by a program of class *bits*."""
    if size < (64 if bits == 64 else 52):
        return LoadRefusal(f"{name}: file too short", f"it has {size} bytes, fewer than an ELF header")
    return LoadRefusal(f"{name}: invalid ELF header", "it does not begin with an ELF header")


def debug_only(elf: Elf) -> LoadRefusal:
    """Return the error for a file of debug information: its dynamic segment is empty."""
    return LoadRefusal(f"{elf.name}: object file has no dynamic section", "debug information without the code")


def machine(elf: Elf) -> LoadRefusal:
    """Return the error for a file for another machine, also for none: it counts as missing."""
    says = f"{elf.name}: cannot open shared object file: No such file or directory"
    return LoadRefusal(says, f"its header is for machine {elf.machine}")


def page(elf: Elf, release: Release, size: int) -> LoadRefusal | None:
    """Return why the file is not mapped on a kernel with pages of *size* bytes."""
    if release < ALIGNMENT_FREE:
        if not 0 < elf.load_align < size:
            return None
        says = f"{elf.name}: ELF load command alignment not page-aligned"
        return LoadRefusal(says, f"PT_LOAD is aligned to {elf.load_align} bytes")
    if not 0 < elf.page_fit < size:
        return None
    says = f"{elf.name}: ELF load command address/offset not page-aligned"
    return LoadRefusal(says, f"the addresses and offsets of its segments agree only modulo {elf.page_fit} bytes")


def stack(elf: Elf, release: Release) -> LoadRefusal | None:
    """Return why a file that asks for an executable stack is not loaded into a running program."""
    if release < STACK_REFUSED:
        return None
    says = f"{elf.name}: cannot enable executable stack as shared object requires: Invalid argument"
    return LoadRefusal(says, "it asks for an executable stack")


def level(elf: Elf, release: Release, processor: int) -> LoadRefusal | None:
    """Return why the file is not loaded on an x86-64 processor of level *processor*, 1 to 4."""
    needed = (elf.isa_needed & 15).bit_length()
    if release < LEVELS_COMPARED or needed <= processor:
        return None
    return LoadRefusal(f"{elf.name}: CPU ISA level is lower than required", f"its property note needs level {needed}")


def relr(elf: Elf, release: Release) -> LoadRefusal | None:
    """Return why packed relative relocations are not applied."""
    if not elf.relr:
        return None
    if release < RELR_KNOWN:
        if any(need.version == RELR_MARKER for need in elf.verneed):
            return None  # which the check of versions refuses in an orderly way
        return LoadRefusal("", "DT_RELR without the version need that makes an older glibc refuse it")
    # Only a file that needs versions of libc.so.* is asked for the marker.
    versions = {need.version for need in elf.verneed if need.library.startswith("libc.so.")}
    if versions and RELR_MARKER not in versions:
        says = f"{elf.name}: DT_RELR without {RELR_MARKER} dependency"
        return LoadRefusal(says, f"DT_RELR, and no need of {RELR_MARKER}")
    return None


def missing_versions(elf: Elf, provider: Elf, library: str, release: Release) -> Iterator[LoadRefusal]:
    """Yield the versions that the file needs of *library*, which is *provider*, and does not get.

    A library that defines no versions at all takes part with a warning; where a symbol of it is then bound to a
    version, releases before 2.37 end in an assertion.
    """
    for need in elf.verneed:
        if need.library != library or need.weak or need.version in provider.defines:
            continue
        if provider.verdef:
            says = f"{provider.name}: version `{need.version}' not found (required by {elf.name})"
            yield LoadRefusal(says, f"{need.version} of {library}, which {provider.path} does not define")
        elif release < (2, 37):
            yield LoadRefusal("", f"{need.version} of {library}, and {provider.path} defines no versions")


def static_tls(elf: Elf) -> int:
    """Return the bytes that the file takes of the room for thread-local variables when it is loaded late."""
    own = elf.initial_exec or (elf.static_tls and not elf.initial_exec_undefined)
    return elf.tls_size if own else 0


def tls_refusal(elf: Elf) -> LoadRefusal:
    """Return the message if the room is too small."""
    detail = f"{static_tls(elf)} bytes of thread-local variables in static TLS (DF_STATIC_TLS)"
    return LoadRefusal(f"{elf.name}: cannot allocate memory in static TLS block", detail)
