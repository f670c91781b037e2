"""The linker does not find a library that another library needs.

A shared library names the libraries that it needs itself. GNU ld searches for them to check that all symbols are
defined. It does not search the ``-L`` folders for them, but ``-rpath-link``, the library's own RPATH and the sysroot's
folders. In a cross build the target's folders are not among these by default.

How to fix: install the missing library for the target as well, and name its folder with ``-rpath-link``. Or turn the
check off with ``--allow-shlib-undefined``.

References:
    https://sourceware.org/binutils/docs/ld/Options.html (``-rpath-link``)
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LINK, log_kinds=("ld-needed", "ld-undefined"))


def log(log: BuildLog) -> Iterator[Finding]:
    """See ld warn about a needed library, and then report its symbols as undefined."""
    for link in log.links:
        needed, undefined = link.of("ld-needed"), link.of("ld-undefined")
        if not needed or not (undefined or link.of("link-failed")):
            continue  # ld only warns of a library that nothing is wanted from
        lib, by = needed[0].groups["lib"], needed[0].groups["by"]
        target = log.target_at(link.line)
        # these flags affect the target only; a native build has no other target to protect from them
        rust = builds_rust(log)
        name = f"CARGO_TARGET_{target.cargo_env_name}_RUSTFLAGS" if target else "RUSTFLAGS"
        name, option = (name, "-C link-arg=") if rust else ("LDFLAGS", "")
        folder = f"/usr/lib/{target.multiarch}" if target and target.multiarch else "FOLDER"
        stands = "FOLDER is the folder that contains it. " if folder == "FOLDER" else ""
        yield finding_from_hits(
            log,
            [*needed, *undefined],
            f"{by} needs {lib}, which the linker does not find",
            "Its symbols stay undefined, and linking fails.",
            [
                Fix(
                    f"name the folder of {lib} for the linker",
                    env=((name, f"{option}-Wl,-rpath-link,{folder}"),),
                    notes=f"{stands}Install the library for the target, too.",
                ),
                Fix(
                    "turn the check off",
                    env=((name, f"{option}-Wl,--allow-shlib-undefined"),),
                ),
            ],
        )
