"""The linker does not find a library that another library needs.

A shared library names those that it needs itself. GNU ld looks for them to check that all symbols are there, in other
places than those of ``-L``: ``-rpath-link``, the library's own RPATH, the sysroot's folders. In a cross build the
target's folders are not among them by themselves.

How to fix: install the missing library for the target as well, and name its folder with ``-rpath-link``; or tell the
linker to leave the check alone.

References:
    https://sourceware.org/binutils/docs/ld/Options.html (``-rpath-link``)
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
    """See ld warn of a needed library, and then miss its symbols."""
    for link in log.links:
        needed, undefined = link.of("ld-needed"), link.of("ld-undefined")
        if not needed or not (undefined or link.of("link-failed")):
            continue  # ld only warns of a library that nothing is wanted from
        lib, by = needed[0].groups["lib"], needed[0].groups["by"]
        target = log.target_at(link.line)
        # these flags reach the target alone; in a build for the machine itself there is nothing else to spare
        name = f"CARGO_TARGET_{target.cargo_env_name}_RUSTFLAGS" if target else "RUSTFLAGS"
        folder = f"/usr/lib/{target.multiarch}" if target and target.multiarch else "FOLDER"
        stands = "FOLDER stands for the one that holds it. " if folder == "FOLDER" else ""
        yield finding_from_hits(
            log,
            [*needed, *undefined],
            f"{by} needs {lib}, which the linker does not find",
            "The symbols that it would bring stay undefined, and linking fails.",
            [
                Fix(
                    f"tell the linker where {lib} is",
                    env=((name, f"-C link-arg=-Wl,-rpath-link,{folder}"),),
                    notes=f"{stands}The library has to be installed for the target, too.",
                ),
                Fix(
                    "leave the check to the loader",
                    env=((name, "-C link-arg=-Wl,--allow-shlib-undefined"),),
                ),
            ],
        )
