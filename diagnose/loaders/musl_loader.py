"""What musl's dynamic linker accepts, release by release.

Source: musl's ``ldso/dynlink.c`` (``do_relocs``, ``find_sym``, ``fixup_rpath``, ``load_deps``); WHATSNEW for DT_RELR.
Seen with Debian's 1.2.2, 1.2.3 and 1.2.5.
"""

from __future__ import annotations

from diagnose.loaders.refusal import LoadRefusal
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.readers.elf.elf_parser import IRELATIVE, Elf

if TYPE_CHECKING:
    from collections.abc import Iterator

Release = tuple[int, int, int]

#: DT_RELR is applied from here on; before, it is ignored and the process crashes on the first unrelocated pointer.
RELR_KNOWN: Release = (1, 2, 4)

_TOKEN = re.compile(r"\$(?!ORIGIN|\{ORIGIN\})")


def drops_search_path(search_path: str) -> bool:
    """Whether the whole RPATH or RUNPATH is ignored: it holds a ``$`` that does not begin ``$ORIGIN``."""
    return _TOKEN.search(search_path) is not None


def not_elf(name: str) -> LoadRefusal:
    """Return the error for a file that is no ELF file: musl looks at its type, not at its first bytes."""
    return LoadRefusal(f"Error loading shared library {name}: Exec format error", "it is no ELF file")


def relr(elf: Elf, release: Release) -> LoadRefusal | None:
    """Return why packed relative relocations are not applied."""
    if elf.relr and release < RELR_KNOWN:
        return LoadRefusal("", "DT_RELR, which musl applies from 1.2.4 on")
    return None


def relocations(elf: Elf, static: bool = False) -> Iterator[LoadRefusal]:
    """Yield the relocations that are refused when the file is loaded into a running program.

    *static* is set for files loaded at the program's start, which may have thread-local variables at fixed places.
    """
    name = elf.name
    if elf.initial_exec and not static:
        variable = elf.initial_exec[0] or "(local)"
        says = f"Error relocating {name}: {variable}: initial-exec TLS resolves to dynamic definition in {name}"
        yield LoadRefusal(says, "thread-local variables of its own, addressed as initial-exec TLS")
    kind = IRELATIVE.get(elf.machine)
    if elf.has_relocation(kind):
        says = f"Error relocating {name}: unsupported relocation type {kind}"
        yield LoadRefusal(says, f"a relocation of type {kind} (IRELATIVE, of an IFUNC)")
    for function in elf.bound_ifuncs[:1]:
        says = f"Error relocating {name}: {function}: symbol not found"
        yield LoadRefusal(says, f"{function} is an IFUNC (STT_GNU_IFUNC)")


def segments(elf: Elf) -> LoadRefusal | None:
    """Return why the segments cannot be used: musl maps by the page without looking whether that is right."""
    if 0 < elf.congruent < 4096:
        return LoadRefusal("", f"the address and the offset of a segment agree only modulo {elf.congruent}")
    return None
