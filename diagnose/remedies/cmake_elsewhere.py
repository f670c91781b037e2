"""The fix that tells CMake where a package is that it does not find."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import re
from diagnose.model.finding import Command, Fix, FixStage


def elsewhere(package: str, missing: str) -> Fix:
    """Return what tells CMake where *package* is: for Python, whose headers may be there, which one builds."""
    if package not in ("Python", "Python3") or not re.search("Development|INCLUDE_DIR", missing):
        return Fix(f"name the folder of a copy elsewhere: -D{package}_ROOT=FOLDER")
    folder = "python3 -c 'import sysconfig; print(sysconfig.get_path(\"include\"))'"
    return Fix(
        "if they are there: name the Python that builds, and its headers",
        (Command(f'ls "$({folder})/Python.h"', FixStage.BUILD),),
        notes="CMake looked at another Python then, or got hints that do not fit, as from another release of "
        f"scikit-build. -D{package}_EXECUTABLE=PROGRAM -D{package}_INCLUDE_DIR=FOLDER name them, "
        f"-D{package}_ROOT_DIR=FOLDER one elsewhere (CMAKE_ARGS, where pip runs CMake).",
    )
