"""A version script names a function that no file of the link defines, and lld does not let that pass.

A version script (``--version-script``) lists what a shared library exports. GNU ld and gold ignore a name in it that is
defined nowhere; lld does so no longer since release 16 or 17. Scripts often list functions that are compiled on some
systems only, or that were removed; rustc's own script names ``PyInit_NAME`` only if the code has it.

How to fix: let lld ignore such names with ``--undefined-version``, or take them out of the script.

References:
    https://lld.llvm.org/ELF/linker_script.html
    https://github.com/llvm/llvm-project/blob/main/lld/docs/ReleaseNotes.rst (``--no-undefined-version``)
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    patterns=patterns_for(
        "version-script-undefined",
        (
            "version script assignment of",
            r"error: version script assignment of '(?P<version>[^']{1,100})' to symbol '(?P<symbol>[^']{1,300})' "
            r"failed: "
            r"symbol not defined",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See lld refuse names of a version script."""
    hits = log.find("version-script-undefined")
    if not hits:
        return
    names = list(dict.fromkeys(hit.groups["symbol"] for hit in hits))
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    lenient = (("LDFLAGS", "-Wl,--undefined-version"),)
    if builds_rust(log):
        lenient = (("RUSTFLAGS", "-C link-arg=-Wl,--undefined-version"),)
    yield finding_from_hits(
        log,
        hits,
        f"a version script exports '{names[0]}'{more}, which no linked file defines",
        "lld 16 and later refuse that; other linkers ignore it.",
        (
            Fix(
                "let lld ignore such names",
                env=lenient,
                notes="In an empty build folder.",
            ),
            Fix(
                f"if {names[0]} should be there: see why its file is not compiled or linked",
                notes='An option of the project, a system that lacks it, or C++ code without extern "C". Else take it '
                "out of the script.",
            ),
        ),
    )
