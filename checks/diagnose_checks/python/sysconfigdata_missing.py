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

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.PYTHON,
    patterns=patterns_for(
        "no-sysconfigdata",
        (
            "No module named '_sysconfigdata",
            r"^ModuleNotFoundError: No module named '(?P<module>_sysconfigdata[\w.-]{0,100})'",
        ),
        (
            "_sysconfigdata",
            r"No such file or directory: ['\"](?P<folder>[^'\"]{0,600}?)/(?P<module>_sysconfigdata[\w.-]{0,100}?)"
            r"(?:\.py)?['\"]",
        ),
        (
            "_sysconfigdata",
            r"(?:cp|mv|sed|cat|install): .{0,40}?(?P<folder>/[^'\"\s]{0,600}?)/(?P<module>_sysconfigdata"
            r"[\w.-]{0,100}?)\.py['\"]?: No such file or directory",
        ),
        ("found in sysconfigdata file", r"(?P<key>[A-Z_]{3,30}) not found in sysconfigdata file"),  # PyO3
        ("No module named _sysconfigdata", r"^ImportError: No module named (?P<module>_sysconfigdata[\w.-]{0,100})$"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Python not find the module with its build settings."""
    for hit in log.find("no-sysconfigdata")[-1:]:
        module, folder = hit.groups["module"], hit.groups["folder"]
        if key := hit.groups["key"]:
            yield _incomplete(log, hit, key)
            return
        if folder:
            yield _of_other_python(log, hit, module, folder)
            return
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


def _of_other_python(log: BuildLog, hit: Hit, module: str, folder: str) -> Finding:
    """Return that a script, as conda's cross-python, opens the file by its path, and the folder has another name."""
    return finding_from_hits(
        log,
        [hit],
        f"{module}.py, the build settings of the target's Python, is not in {folder.rpartition('/')[2] or folder}",
        "The cross build does not start: no compiler, no folder and no tag is known.",
        (
            Fix(
                "look under which name that Python has it",
                (Command("find / -name '_sysconfigdata*.py' 2>/dev/null", FixStage.BUILD),),
                notes="The name holds the triple of the compiler that built it, and changes with that one: conda-forge "
                "went from …_conda_cos6_… and …_cos7_… to …_conda_…. Bring both to one state.",
            ),
            Fix(
                "in a conda recipe: render it again with the newest pinning",
                (Command("conda smithy rerender", FixStage.BUILD),),
                notes="cross-python_TARGET, python and the compilers of the build section have to be of one "
                "release; python belongs to build and host.",
            ),
        ),
    )


def _incomplete(log: BuildLog, hit: Hit, key: str) -> Finding:
    """Return that PyO3 reads a file without what it needs."""
    return finding_from_hits(
        log,
        [hit],
        f"the build settings in the folder of PYO3_CROSS_LIB_DIR have no {key}: they are not those of a CPython for "
        "the target",
        "PyO3 cannot be compiled.",
        (
            Fix(
                "name the folder of the target's own Python",
                (Command("grep -rlw SOABI / --include='_sysconfigdata*.py' 2>/dev/null", FixStage.BUILD),),
                notes="PYO3_CROSS_LIB_DIR names the lib/python3.X in which that lies. A file that only imports "
                "another one, or that was cut, has no values.",
            ),
            Fix(
                "give the version instead of the folder",
                env=(("PYO3_CROSS_PYTHON_VERSION", "3.X"),),
                unset=("PYO3_CROSS_LIB_DIR",),
                notes="For an extension module of Linux, PyO3 needs no more: replace 3.X.",
            ),
        ),
    )
