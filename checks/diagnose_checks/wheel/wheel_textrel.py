"""The wheel has libraries whose code is patched while they are loaded.

Text relocations (``DT_TEXTREL``) come from objects that were compiled without ``-fPIC``: the dynamic linker has to make
the code writable, change it, and make it executable again. Each process then has its own copy of the code. Hardened
systems refuse that (SELinux's execmod). musl's loader supports it for libraries, but not for programs, which crash at
their start. (Linkers for RISC-V also set the flag for empty relocations, which change nothing: those files are not
reported.)

How to fix: compile every object of the library, assembly included, as position-independent code.

References:
    https://wiki.gentoo.org/wiki/Hardened/Textrels_Guide
    https://sourceware.org/binutils/docs/ld/Options.html (``-z text``)
    https://git.musl-libc.org/cgit/musl/tree/ldso/dynlink.c (``DT_TEXTREL``)
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import bounded, has_linux_code, load_error, loadable_elves, role
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    needs="code",
    applies=has_linux_code,
    patterns=patterns_for(
        "textrel",
        (
            "segment prot after reloc",
            r"(?<![^\s:])(?P<file>[^\s:]{1,400}): cannot restore segment prot after reloc: Permission",
        ),
        (
            "segment writable for reloc",
            r"(?<![^\s:])(?P<file>[^\s:]{1,400}): cannot make segment writable for relocation: Permission denied",
        ),
        # of Android
        ("has text relocations", r"\"(?P<file>/[^\"]{1,300})\" has text relocations(?P<bionic>)"),
    ),
)
_PIC = Fix(
    "compile with -fPIC; have the linker enforce it",
    env=(("CFLAGS", "-fPIC"), ("LDFLAGS", "-Wl,-z,text")),
)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See DT_TEXTREL in files that do have text relocations."""
    found = [elf for elf in loadable_elves(wheel) if elf.textrel]
    if not found:
        return
    # musl's loader makes a whole library writable, but not a program, which the kernel has mapped.
    fatal = [elf for elf in found if elf.libc == "musl" and elf.is_executable]
    yield Finding(
        "has code that is patched at load time (text relocations)",
        Severity.ERROR if fatal else Severity.WARNING,
        bounded(Evidence(f"{role(wheel, elf)}: the dynamic segment has DT_TEXTREL", elf.path) for elf in found),
        f"{fatal[0].name}: Segmentation fault"
        if fatal
        else f"where SELinux enforces execmod: {_denied(wheel, found[0])}",
        (_PIC,),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader of a hardened system, or of Android, refuse to patch code."""
    for hit in log.find("textrel")[:1]:
        name = hit.groups["file"].rpartition("/")[2]
        android = "bionic" in hit.groups
        allow = Fix(
            "allow it for this file",
            (Command(f"chcon -t textrel_shlib_t {hit.groups['file']}", FixStage.BUILD),),
            notes="Of SELinux, as root, and only for a file that you trust; semanage fcontext makes it last.",
        )
        yield finding_from_hits(
            log,
            [hit],
            f"{name} has code that is patched while it is loaded, and {'Android' if android else 'this system'} "
            f"forbids it",
            "It cannot be loaded.",
            [_PIC] if android else [_PIC, allow],
        )


def _denied(wheel: Wheel, elf: Elf) -> str:
    if elf.libc == "musl":
        return load_error(wheel, elf, f"Error loading shared library {elf.name}: Permission denied")
    said = "cannot restore segment prot after reloc: Permission denied"
    return load_error(
        wheel, elf, f"error while loading shared libraries: {said}" if elf.is_executable else f"{elf.name}: {said}"
    )
