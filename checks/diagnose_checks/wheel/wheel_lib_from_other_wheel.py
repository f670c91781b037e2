"""The repair looks for a library that another wheel, a driver or the interpreter provides.

Do not bundle ``libtorch``, CUDA's libraries, Qt's or ``libpython`` in every wheel that uses them: they come with the
package that the wheel depends on, and must exist only once in the process. The repair tool cannot know that.

How to fix: exclude them by name, load them before the extension (``import torch`` first), and declare the dependency.

References:
    https://github.com/pypa/auditwheel#limitations
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel_libraries import is_libpython
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose_checks.wheel._triage import from_another_wheel, unlocated_libraries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.AUDIT, log_kinds=("not-located",))


def log(log: BuildLog) -> Iterator[Finding]:
    """See the repair miss a library that another package provides."""
    hits = [hit for hit in unlocated_libraries(log) if from_another_wheel(hit.groups["lib"])]
    if hits:
        names = [hit.groups["lib"] for hit in hits]
        options = " ".join(f"--exclude {name}" for name in names)
        python = any(map(is_libpython, names))
        who = "the interpreter" if python else "another package"
        yield finding_from_hits(
            log,
            hits,
            f"the repair looks for {', '.join(names)}, which {who} provides",
            "No wheel is written.",
            [
                Fix(
                    "exclude it from the repair",
                    (Command(f"auditwheel repair {options} WHEEL", FixStage.BUILD),),
                    notes="Better: do not link an extension with libpython." if python else "",
                )
            ],
        )
