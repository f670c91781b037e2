"""A program loads a library for another word size or processor.

The interpreter decides, not the kernel: a Raspberry Pi with a 64-bit kernel and a 32-bit system prints ``aarch64`` for
``uname -m`` and needs ``armv7l`` libraries. A package that selects its library by ``uname`` selects the wrong one
there, and so does a build for the kernel's architecture.

If the word size is the same and the processor differs, glibc skips the file and reports ``cannot open shared object
file`` although Python has found it; musl reports ``Exec format error``, or ``unsupported relocation type 1026``: it
does not compare the processor, and meets a relocation that its own processor does not have.

How to fix: build or install for the interpreter's architecture: ``python3 -c 'import sysconfig;
print(sysconfig.get_platform())'`` and ``file -L $(command -v python3)`` show it.

References:
    https://man7.org/linux/man-pages/man5/elf.5.html (``EI_CLASS``)
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for
from diagnose_checks.runtime._triage import foreign_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    log_kinds=("loader-no-lib", "musl-no-lib"),
    patterns=(
        *patterns_for(
            "elf-class",
            ("wrong ELF class", r"(?<![^\s:])(?P<file>[^\s:]+): wrong ELF class: ELFCLASS(?P<bits>32|64)"),
            # of Android
            ("-bit instead of ", r"\"(?P<file>[^\"]{1,300})\" is (?P<bits>32|64)-bit instead of (?:64|32)-bit"),
        ),
        *patterns_for(
            "elf-machine",
            (
                " instead of EM_",
                r"\"(?P<file>[^\"]{1,300})\" is for EM_(?P<have>\w{1,20}) \(\d{1,5}\) instead of "
                r"EM_(?P<need>\w{1,20}) \(",
            ),
            ("unexpected e_machine", r"\"(?P<file>[^\"]{1,300})\" has unexpected e_machine: \d{1,5}"),
            (
                "ELF file data encoding not",
                r"(?<![^\s:])(?P<file>[^\s:]+): ELF file data encoding not (?:little|big)-endian",
            ),
        ),
        *patterns_for(
            "musl-relocation",
            (
                "unsupported relocation type",
                r"Error relocating (?P<file>[^:\s]+): unsupported relocation type (?P<number>\d{1,5})\b",
            ),
        ),
    ),
)

#: Dynamic relocations by number that one processor has and musl's loader for it supports, so that a loader that does
#: not is another's. Of ELF for the Arm 64-bit Architecture: R_AARCH64_COPY to R_AARCH64_TLSDESC. Numbers below 256
#: have a meaning on several processors: R_386_GLOB_DAT and R_X86_64_GLOB_DAT, and both RELATIVE, are left.
_RELOCATIONS = {**dict.fromkeys(range(1024, 1032), "AArch64"), 6: "x86", 8: "x86"}


_NOTE = "`file -L $(command -v python3)` shows the interpreter's architecture, `file MODULE` the module's."


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader reject the word size."""
    for hit in log.find("elf-class")[:1]:
        bits = hit.groups["bits"]
        other = "32" if bits == "64" else "64"
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['file'].rpartition('/')[2]} is a {bits}-bit library in a {other}-bit program",
            "It cannot be loaded.",
            [
                Fix(
                    f"install or build it for the {other}-bit architecture of the program",
                    notes=_NOTE,
                )
            ],
        )
        return
    for hit in log.find("elf-machine")[:1]:
        have, need = (hit.groups[name].replace("AARCH64", "AArch64") for name in ("have", "need"))
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['file'].rpartition('/')[2]} is for "
            + (f"{have}, and this program for {need}" if have else "another processor than the program"),
            "It cannot be loaded.",
            [Fix("install or build it for the architecture of the program", notes=_NOTE)],
        )
        return
    for hit in log.find("musl-relocation"):
        processor = _RELOCATIONS.get(int(hit.groups["number"]))
        if processor:
            yield finding_from_hits(
                log,
                [hit],
                f"{hit.groups['file'].rpartition('/')[2]} is built for {processor}, and the program is not",
                "It cannot be loaded.",
                [Fix("install or build it for the architecture of the program", notes=_NOTE)],
            )
            return
    machines = [hit for hit in log.find("loader-no-lib") if foreign_module(hit)]
    machines += [hit for hit in log.find("musl-no-lib") if hit.groups["why"].startswith("Exec format")]
    for hit in machines[:1]:
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['lib'].rpartition('/')[2]} exists, but is for another processor",
            "It cannot be loaded.",
            [Fix("install or build it for the architecture of the program", notes=_NOTE)],
        )
