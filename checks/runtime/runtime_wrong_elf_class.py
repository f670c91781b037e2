"""A 32-bit program loads a 64-bit library, or the other way round.

The interpreter decides, not the kernel: a Raspberry Pi with a 64-bit kernel and a 32-bit system says ``aarch64`` in
``uname -m`` and needs ``armv7l`` libraries. A package that picks its library by ``uname`` picks the wrong one there,
and so does a build for the target that the kernel suggests.

Mend it: build or install for the interpreter's own architecture: ``python3 -c 'import sysconfig;
print(sysconfig.get_platform())'`` and ``file -L $(command -v python3)`` tell it.

References:
    https://man7.org/linux/man-pages/man5/elf.5.html (``EI_CLASS``)
"""

from __future__ import annotations

from checks._log import found
from diagnose.finding import Finding, Fix, Phase
from diagnose.named import TYPE_CHECKING
from diagnose.phrase import wordings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

PHASE = Phase.LATER
PHRASES = wordings("elf-class", ("wrong ELF class", r"(?P<file>[^\s:]+): wrong ELF class: ELFCLASS(?P<bits>32|64)"))


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
                    notes="`file -L $(command -v python3)` tells what the interpreter is.",
                )
            ],
        )
