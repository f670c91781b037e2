"""A linker script names its libraries by absolute paths that do not fit the sysroot.

``libc.so`` and ``libpthread.so`` of a target are text files that name the real ones:
``/lib/aarch64-linux-gnu/libc.so.6`` or, in Debian's cross packages, ``/usr/aarch64-linux-gnu/lib/libc.so.6``. With
``--sysroot`` the linker puts the sysroot before such a path if the script lies inside it. A path that is complete
already is then doubled ("inside /sysroot"), and without ``--sysroot`` a copied root is looked for in ``/``.

How to fix: Debian's cross compilers need no ``--sysroot`` at all; a copied root of the target needs it, and its scripts
unchanged.

References:
    https://sourceware.org/binutils/docs/ld/File-Commands.html (``INPUT``)
    https://wiki.debian.org/CrossToolchains
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LINK)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker miss a shared library that it was given by its absolute path."""
    for hit in log.find("ld-no-file"):
        file, sysroot = hit.groups["file"], hit.groups["sysroot"]
        if not file.startswith("/") or ".so" not in file:
            continue
        if sysroot:
            message = f"a linker script names {file}, which is not inside the sysroot {sysroot}"
            fix = Fix(
                "leave --sysroot away",
                notes="Debian's cross compilers find their C library by themselves, and its scripts name full paths.",
            )
        else:
            message = f"a linker script names {file}, which is not on this machine"
            fix = Fix(
                "say where the target's root is",
                notes="--sysroot=ROOT for the linker (`-C link-arg=--sysroot=ROOT`) and for the C compiler (CFLAGS).",
            )
        yield finding_from_hits(log, [hit], message, "Nothing can be linked for the target.", [fix])
        return
