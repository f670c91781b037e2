"""The repair looks for a library that another wheel, a driver or the interpreter brings.

``libtorch``, CUDA's libraries, Qt's or ``libpython`` are not to be copied into every wheel that uses them: they come
with the package that the wheel depends on, and have to exist once in the process. The repair tool cannot know that.

Mend it: exclude them by name, load them before the extension (``import torch`` first), and declare the dependency.

References:
    https://github.com/pypa/auditwheel#limitations
"""

from __future__ import annotations

from checks._log import found
from checks.wheel._external import is_libpython
from checks.wheel.wheel_lib_not_located import from_another_wheel, unlocated
from diagnose.finding import Command, Finding, Fix, Phase, Stage
from diagnose.light import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

PHASE = Phase.AUDIT


def log(log: BuildLog) -> Iterator[Finding]:
    """See the repair miss a library that is not its own to copy."""
    hits = [hit for hit in unlocated(log) if from_another_wheel(hit.said["lib"])]
    if hits:
        names = [hit.said["lib"] for hit in hits]
        options = " ".join(f"--exclude {name}" for name in names)
        python = any(map(is_libpython, names))
        who = "the interpreter" if python else "another package"
        yield found(
            log,
            hits,
            f"the repair looks for {', '.join(names)}, which {who} brings",
            "No wheel is made.",
            [
                Fix(
                    "leave it out of the repair",
                    (Command(f"auditwheel repair {options} WHEEL", Stage.BUILD),),
                    notes="An extension should not be linked with libpython at all." if python else "",
                )
            ],
        )
