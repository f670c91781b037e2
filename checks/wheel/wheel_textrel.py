"""The wheel has libraries whose code is patched while they are loaded.

Text relocations (``DT_TEXTREL``) come from objects that were compiled without ``-fPIC``: the dynamic linker has to make
the code writable, change it, and make it executable again. The code is then private to every process. Hardened systems
refuse it (SELinux's execmod), and musl's loader does not support it. (Linkers for RISC-V also set the flag for empty
relocations, which change nothing: those files are not meant.)

Compile every object of the library, assembly too, as position-independent code.

References: https://wiki.gentoo.org/wiki/Hardened/Textrels_Guide, ld's ``-z text``
"""

from __future__ import annotations

from checks.wheel._wheel import bounded, native, role
from diagnose.finding import Evidence, Finding, Fix, Severity
from diagnose.named import TYPE_CHECKING
from diagnose.readers.wheel import Wheel

if TYPE_CHECKING:
    from collections.abc import Iterator


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See DT_TEXTREL that relocations confirm."""
    found = [elf for elf in native(wheel) if elf.textrel]
    if not found:
        return
    musl = any(elf.libc == "musl" for elf in found)
    yield Finding(
        "has code that is patched at load time (text relocations)",
        Severity.ERROR if musl else Severity.WARNING,
        bounded(Evidence(f"{role(wheel, elf)}: the dynamic segment has DT_TEXTREL", elf.path) for elf in found),
        "musl's loader does not make code writable: a crash while loading"
        if musl
        else "where SELinux enforces execmod: cannot restore segment prot after reloc: Permission denied",
        (
            Fix(
                "compile everything position-independent, and have the linker insist on it",
                env=(("CFLAGS", "-fPIC"), ("LDFLAGS", "-Wl,-z,text")),
            ),
        ),
    )
