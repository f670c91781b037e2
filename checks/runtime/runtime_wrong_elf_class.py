"""A program loads a library for another word size or processor.

The interpreter decides, not the kernel: a Raspberry Pi with a 64-bit kernel and a 32-bit system says ``aarch64`` in
``uname -m`` and needs ``armv7l`` libraries. A package that picks its library by ``uname`` picks the wrong one there,
and so does a build for the target that the kernel suggests.

Where the word size is the same and the processor another, glibc passes over the file and says ``cannot open shared
object file``, although Python has just found it; musl says ``Exec format error``.

Mend it: build or install for the interpreter's own architecture: ``python3 -c 'import sysconfig;
print(sysconfig.get_platform())'`` and ``file -L $(command -v python3)`` tell it.

References:
    https://man7.org/linux/man-pages/man5/elf.5.html (``EI_CLASS``)
"""

from __future__ import annotations

from checks._log import found
from checks.runtime._loader import foreign_module
from diagnose.finding import Finding, Fix, Phase
from diagnose.light import TYPE_CHECKING
from diagnose.phrase import wordings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

PHASE = Phase.LATER
PHRASES = wordings("elf-class", ("wrong ELF class", r"(?P<file>[^\s:]+): wrong ELF class: ELFCLASS(?P<bits>32|64)"))


_NOTE = "`file -L $(command -v python3)` tells what the interpreter is, `file` of the module what that is."


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader refuse the word size."""
    for hit in log.find("elf-class")[:1]:
        bits = hit.said["bits"]
        other = "32" if bits == "64" else "64"
        yield found(
            log,
            [hit],
            f"{hit.said['file'].rpartition('/')[2]} is a {bits}-bit library, and what loads it is {other}-bit",
            "It cannot be loaded.",
            [
                Fix(
                    f"install or build it for the {other}-bit architecture of the program",
                    notes=_NOTE,
                )
            ],
        )
        return
    machines = [hit for hit in log.find("loader-no-lib") if foreign_module(hit)]
    machines += [hit for hit in log.find("musl-no-lib") if hit.said["why"].startswith("Exec format")]
    for hit in machines[:1]:
        yield found(
            log,
            [hit],
            f"{hit.said['lib'].rpartition('/')[2]} is there, and is for another processor",
            "It cannot be loaded.",
            [Fix("install or build it for the architecture of the program", notes=_NOTE)],
        )
