"""CMake finds a cache in the build folder that belongs to another folder, source or generator.

``CMakeCache.txt`` keeps the absolute path of the build folder and of the source, the generator and the compiler. A
folder that was copied or moved, mounted at another place in a container, or committed by mistake, has the old ones.

How to fix: delete the build folder, or at least ``CMakeCache.txt`` and ``CMakeFiles``.

References:
    https://cmake.org/cmake/help/latest/manual/cmake.1.html#generate-a-project-buildsystem
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
    phase=Phase.START,
    patterns=patterns_for(
        "cmake-foreign-cache",
        (
            "CMakeCache.txt directory",
            r"CMake Error: The current CMakeCache\.txt directory (?P<here>\S{1,300}) is different than the directory "
            r"(?P<there>\S{1,300})",
        ),
        (
            "does not match the source",
            r"CMake Error: The source \"(?P<here>[^\"]{1,300})\" does not match the source \"(?P<there>[^\"]{1,300})\"",
        ),
        (
            "does not match the generator",
            r"CMake Error: Error: generator : (?P<here>\S.{0,60})\s+Does not match the generator used previously: "
            r"(?P<there>\S.{0,60})",
            2,
        ),
        (
            "oes not match the generator",
            r"^Does not match the generator used previously: (?P<there>\S.{0,60})(?P<here>)",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See CMake refuse a build folder that was configured for something else."""
    for hit in log.find("cmake-foreign-cache")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            f"the build folder was configured for another folder or generator: {hit.groups['there'].rstrip('.')}",
            "CMake stops, and nothing is compiled.",
            (
                Fix(
                    "delete the build folder, and configure again",
                    (Command("rm -rf build", FixStage.BUILD),),
                    notes="Where the build is in another folder: that one, or its CMakeCache.txt and CMakeFiles. In a "
                    "container: .dockerignore keeps the host's build folder out; in a repository: .gitignore. "
                    "scikit-build has _skbuild, setuptools build.",
                ),
            ),
        )
