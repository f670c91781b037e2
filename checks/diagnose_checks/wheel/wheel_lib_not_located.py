"""The repair does not find a library that it has to copy into the wheel.

auditwheel and maturin look where the loader would: RPATH, ``LD_LIBRARY_PATH``, the system's folders, and for another
architecture the sysroot's. The library was linked from somewhere else: a build folder, a prefix of its own, a cross
compiler's sysroot that the tool does not know.

How to fix: name the folder in ``LD_LIBRARY_PATH`` while repairing; in a cross build install the library for the target,
or set ``TARGET_SYSROOT``.

References:
    https://github.com/pypa/auditwheel
    https://github.com/PyO3/maturin/issues/1589
"""

from __future__ import annotations

import re

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for
from diagnose.tables.repaired_names import is_hashed
from diagnose_checks.wheel._triage import from_another_wheel, unlocated_libraries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.AUDIT,
    patterns=patterns_for(
        "not-located",
        ("could not be located", r"required library \"?(?P<lib>[^\s\"]+)\"? could not be located"),
        ("could not be", r"required\s+library\s+\"?(?P<lib>[^\s\"]+)\"?\s+could\s+not\s+be\s+located", 3),
    ),
)
_COMPILERS = re.compile(r"^lib(?:gcc_s|stdc\+\+|atomic|gomp|c|m|dl|pthread)\.so")


def log(log: BuildLog) -> Iterator[Finding]:
    """See the repair miss a library of the system or of the build."""
    for hit in unlocated_libraries(log):
        name = hit.groups["lib"]
        if from_another_wheel(name) or is_hashed(name):
            continue
        target = log.target_at(hit.line)
        fixes = []
        if target and log.cross_at(hit.line) is not False:
            folder = f"/usr/lib/{target.multiarch}" if target.multiarch else "FOLDER"
            where = "the cross compiler's own sysroot" if _COMPILERS.match(name) else f"the target's, as in {folder}"
            fixes.append(
                Fix(
                    "say where the target's libraries are",
                    env=(("TARGET_SYSROOT", "SYSROOT"),),
                    notes=f"It is {where}.",
                )
            )
        fixes.append(
            Fix(
                "name the folder that it was linked from",
                env=(("LD_LIBRARY_PATH", "FOLDER"),),
                notes=f"FOLDER stands for the one that holds {name}: a prefix's lib, or OUT_DIR of its crate.",
            )
        )
        yield finding_from_hits(
            log, [hit], f"the repair does not find {name}, which the wheel needs", "No wheel is made.", fixes
        )
