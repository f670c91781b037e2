"""A linker script names its libraries by absolute paths that do not fit the sysroot.

``libc.so`` and ``libpthread.so`` of a target are text files that name the real libraries:
``/lib/aarch64-linux-gnu/libc.so.6`` or, in Debian's cross packages, ``/usr/aarch64-linux-gnu/lib/libc.so.6``. With
``--sysroot`` the linker prepends the sysroot to such a path if the script is inside the sysroot. A path that contains
the sysroot already is then doubled ("inside /sysroot"). Without ``--sysroot`` the linker searches ``/`` for the files
of a copied root.

How to fix: remove ``--sysroot`` with Debian's cross compilers, which do not need it. Pass it with a copied root of the
target, and leave the scripts in that root unchanged.

References:
    https://sourceware.org/binutils/docs/ld/File-Commands.html (``INPUT``)
    https://wiki.debian.org/CrossToolchains
"""

from __future__ import annotations

from diagnose.authoring.link_step import is_named_by_path
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LINK, log_kinds=("ld-no-file",))


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker not find a shared library that is named by its absolute path."""
    for hit in log.find("ld-no-file"):
        file, sysroot = hit.groups["file"], hit.groups["sysroot"]
        if not file.startswith("/") or ".so" not in file:
            continue
        if not sysroot and is_named_by_path(file):
            continue  # linker-lib-missing-for-target: scripts name libraries by their versions
        if log.near(hit.line, "tool-too-old", before=4):
            continue  # build-tool-too-old: the linker does not understand the file
        if sysroot:
            message = f"a linker script names {file}, which is not inside the sysroot {sysroot}"
            fix = Fix(
                "remove --sysroot",
                notes="Debian's cross compilers find their C library without it, and its scripts contain full paths.",
            )
        else:
            message = f"a linker script names {file}, which is not on this machine"
            fix = Fix(
                "pass the target's root to the linker",
                notes="Pass --sysroot=ROOT to the linker (`-C link-arg=--sysroot=ROOT`) and the C compiler (CFLAGS).",
            )
        yield finding_from_hits(log, [hit], message, "Nothing can be linked for the target.", [fix])
        return
