"""Python should use another system's build settings, and does not find them.

For a cross build, _PYTHON_SYSCONFIGDATA_NAME names the module in which the target's Python recorded how it was built
(_sysconfigdata__linux_aarch64-linux-gnu and the like). crossenv, conda's compilers and embedded build systems set it.
Python imports that module as it starts ``sysconfig``, so it has to be in a folder of PYTHONPATH; every Python that
inherits the variable looks for it, the build's own tools too.

How to fix: put the folder with that file on PYTHONPATH, or unset the variable for Pythons that build for this machine.

References:
    https://github.com/python/cpython/blob/main/Lib/sysconfig/__init__.py
    https://crossenv.readthedocs.io/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.PYTHON,
    patterns=patterns_for(
        "no-sysconfigdata",
        (
            "No module named '_sysconfigdata",
            r"^ModuleNotFoundError: No module named '(?P<module>_sysconfigdata[\w.-]{0,100})'",
        ),
        ("No module named _sysconfigdata", r"^ImportError: No module named (?P<module>_sysconfigdata[\w.-]{0,100})$"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Python not find the module with its build settings."""
    for hit in log.find("no-sysconfigdata")[-1:]:
        module = hit.groups["module"]
        yield finding_from_hits(
            log,
            [hit],
            f"Python looks for the build settings {module}, and does not find them",
            "sysconfig fails: no compiler, no folder and no tag is known.",
            (
                Fix(
                    "put the folder that holds them on PYTHONPATH",
                    (Command(f"find / -name '{module}.py' 2>/dev/null", FixStage.BUILD),),
                    notes="It is below lib/python3.X of the target's Python. In crossenv: run cross-python, and pip of "
                    "the cross environment, not python of an isolated build (--no-build-isolation).",
                ),
                Fix(
                    "for a Python that builds for this machine: unset the variables that name it",
                    unset=("_PYTHON_SYSCONFIGDATA_NAME", "_CONDA_PYTHON_SYSCONFIGDATA_NAME"),
                ),
            ),
        )
