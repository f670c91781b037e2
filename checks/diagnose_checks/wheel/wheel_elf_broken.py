"""The wheel has damaged ELF files.

No system loads a file whose machine is ``EM_NONE``, that ends before its segments do, or whose dynamic segment is
unreadable. Interrupted downloads, text-mode copies, the ``strip`` of another architecture, and patching tools that ran
out of space leave such files.

How to fix: build the file again, and check every later step that changes it, above all ``strip``, ``patchelf`` and
``objcopy``.

References:
    https://man7.org/linux/man-pages/man5/elf.5.html
    https://github.com/NixOS/patchelf/issues
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, has_linux_code, load_error, reachable_members, some
from diagnose.loaders import glibc_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity
from diagnose.readers.elf.elf_parser import ET_REL, Elf
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="code", applies=has_linux_code)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See ELF files that could not be read completely."""
    found = [elf for elf in wheel.elves if elf.broken and elf.type != ET_REL and not elf.split_debug]
    if not found:
        return
    certain = reachable_members(wheel)
    used = [elf for elf in found if elf.path in certain or elf.name.endswith(".so") or ".so." in elf.name]
    yield Finding(
        f"has damaged ELF files: {some([elf.name for elf in found])}",
        Severity.ERROR if used else Severity.WARNING,
        bounded(Evidence("; ".join(elf.broken[:3]), elf.path) for elf in found),
        f"cannot be started: {found[0].name}: Exec format error, or a crash"
        if found[0].is_executable
        else f"cannot be loaded: {load_error(wheel, found[0], says)}"
        if (says := _says(wheel, found[0]))
        else "cannot be loaded: the dynamic linker reports an error, or a signal ends the process",
        (
            Fix(
                "build it again and check each later step",
                (Command(f"readelf -hld {quote(found[0].name)}", FixStage.BUILD),),
            ),
        ),
    )


def _says(wheel: Wheel, elf: Elf) -> str:
    """Return what glibc says, where that follows from the damage; a file that is cut off may still be mapped."""
    if wheel.verdict.libc == "musl":
        return ""
    header = 64 if elf.bits == 64 else 52
    if elf.size < header:
        return glibc_loader.not_elf(elf.name, elf.size, elf.bits).says
    return "" if elf.machine else glibc_loader.machine(elf).says
