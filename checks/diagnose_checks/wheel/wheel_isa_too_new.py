"""The wheel's code needs a newer processor than its tag promises.

The architecture at the end of a platform tag means its baseline: ``x86_64`` is x86-64-v1, ``armv6l`` is the first
Raspberry Pi's Armv6. Files can state what they need: on x86 in a GNU property note (``-Wl,-z,x86-64-v3``, or GCC's
``-mneeded``), on Arm in the build attributes. On an older processor glibc refuses to load such a file, or the program
is killed by an illegal instruction.

On x86-64 glibc's loader enforces the note; musl's loader does not, and a static program has no loader. For x86-64-v2,
which every processor has had for many years, the finding is a warning. On Arm no loader reads the attributes, and one
object of a library that selects code at run time is enough to raise them; there the finding is a note.

How to fix: build without ``-march=native``, ``-march=x86-64-v3`` or ``-C target-cpu=native``, and select faster code at
run time.

References:
    https://gitlab.com/x86-psABIs/x86-64-ABI
    https://github.com/ARM-software/abi-aa (Addenda to the ABI: build attributes)
"""

from __future__ import annotations

import re

from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import bounded, linux_tags, loadable_elves, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.model.pattern import patterns_for
from diagnose.readers.elf.parser import EM_ARM, EM_RISCV, EM_X86_64, Elf
from diagnose.readers.wheel.reader import Wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

# "Addenda to, and Errata in, the ABI for the Arm Architecture": values of Tag_CPU_arch.
_ARM = {0: "Armv4", 1: "Armv4", 2: "Armv4T", 3: "Armv5T", 4: "Armv5TE", 5: "Armv5TEJ", 6: "Armv6", 7: "Armv6KZ"}
_ARM |= {8: "Armv6T2", 9: "Armv6K", 10: "Armv7", 11: "Armv6-M", 12: "Armv6S-M", 13: "Armv7E-M", 14: "Armv8-A"}
_ARMV6 = {*range(10), 11, 12}


def _has_notes(wheel: Wheel) -> bool:
    """Whether a file records the processor that it needs; without such a record nothing is known."""
    return any(elf.isa_needed or elf.riscv_arch or elf.arm_cpu is not None for elf in wheel.elves)


CHECK = Check(
    applies=_has_notes,
    since="0.1.0",
    patterns=patterns_for("audit-isa", ("unsupported ISA ext", r"depends on unsupported ISA extensions")),
)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See files whose notes or build attributes require more than the baseline."""
    arches = {tag.arch for _, tag in linux_tags(wheel)}
    found = [(elf, need) for elf in loadable_elves(wheel) for arch in sorted(arches) if (need := _need(elf, arch))]
    if not found:
        return
    needs = sorted({need for _, need in found})
    first = found[0][0]
    arm, riscv = first.machine == EM_ARM, first.machine == EM_RISCV
    # Only glibc's dynamic linker reads the note: musl's does not, and a static program has no dynamic linker.
    checked = not arm and not riscv and first.dynamic and first.libc != "musl"
    meets = (
        f"{'' if first.is_executable else 'ImportError: '}{first.name}: CPU ISA level is lower than required "
        "(glibc 2.33 or newer)"
        if checked
        else "Illegal instruction, unless the code checks the processor before it runs"
    )
    option = "-C target-cpu / -march" if arm or riscv else "-C target-cpu=…, -march=… and -Wl,-z,x86-64-v…"
    yield Finding(
        f"needs {some(needs)}, more than {some(sorted(arches))} promises",
        Severity.NOTE if arm else Severity.WARNING if riscv or needs == ["x86-64-v2"] else Severity.ERROR,
        bounded(
            Evidence(f"{'build attributes require' if arm or riscv else 'GNU property note requires'} {need}", elf.path)
            for elf, need in found
        ),
        f"on an older processor: {meets}",
        (Fix(f"build without {option}, or install the faster files into glibc-hwcaps/ folders"),),
    )


#: Extensions in RV64GC, as the attribute names them: single letters, and those that they imply in newer spelling.
_RV64GC = {*"imafdc", "zicsr", "zifencei", "zmmul", "zaamo", "zalrsc", "zca", "zcd", "zicntr", "zihpm", "ziccrse"}


def _beyond_rv64gc(attribute: str) -> list[str]:
    """Return the extensions beyond RV64GC in ``rv64i2p1_m2p0_v1p0_zba1p0``, without those that others imply."""
    names = [re.sub(r"\d+p\d+$", "", name) for name in attribute.removeprefix("rv64").split("_")]
    extra = [name for name in names if name not in _RV64GC]
    implied = re.compile(r"zve\d+\w|zvl\d+b") if "v" in extra else re.compile(r"(?!)")
    return [name for name in extra if name and not implied.fullmatch(name)]


def _need(elf: Elf, arch: str) -> str:
    if "/glibc-hwcaps/" in "/" + elf.path:
        return ""  # the loader itself picks those by processor
    if elf.machine == EM_X86_64 and arch == "x86_64" and elf.isa_needed & ~1:
        level = (elf.isa_needed & 15).bit_length()
        return f"x86-64-v{level}" if level > 1 else ""
    if elf.machine == EM_RISCV and arch == "riscv64" and (extra := _beyond_rv64gc(elf.riscv_arch)):
        return f"the RISC-V extensions {' '.join(extra)}"
    if elf.machine == EM_ARM and elf.arm_cpu is not None:
        if arch == "armv6l" and elf.arm_cpu not in _ARMV6:
            return _ARM.get(elf.arm_cpu, "Armv8 or newer")
        if arch == "armv7l" and elf.arm_cpu >= 14:
            return _ARM.get(elf.arm_cpu, "Armv8 or newer")
    return ""


def log(log: BuildLog) -> Iterator[Finding]:
    """See auditwheel reject the instruction set."""
    for hit in log.find("audit-isa")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            "the wheel's code needs a newer processor than its tag promises",
            "auditwheel writes no wheel.",
            (Fix("build without -march=native and -C target-cpu=native"),),
        )
