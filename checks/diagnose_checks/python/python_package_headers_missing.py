"""The compiler does not find the headers that a Python package brings.

numpy, nanobind, mpi4py and PyTorch install their headers inside the package, where no compiler
looks: the build has to ask the package for the folder. The package must be in the environment that the build runs in;
in an isolated one only what ``requires`` of ``[build-system]`` names is.

How to fix: name the package in the build requirements and its folder in the build; for somebody else's package, pass
the folder in ``CFLAGS``.

References:
    https://numpy.org/doc/stable/reference/generated/numpy.get_include.html
    https://nanobind.readthedocs.io/en/latest/building.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.tables.translations import FATAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

#: First folder of a header → the package, and the expression that gives its folder (the packages' own, November 2026).
_FOLDERS = {
    "numpy": ("numpy", "numpy.get_include()"),
    "nanobind": ("nanobind", "nanobind.include_dir()"),
    "mpi4py": ("mpi4py", "mpi4py.get_include()"),
    "torch": ("torch", "torch.utils.cpp_extension.include_paths()[0]"),
    "ATen": ("torch", "torch.utils.cpp_extension.include_paths()[0]"),
    "cppy": ("cppy", "cppy.get_include()"),
}
_END = r"[\w/]{1,80}\.h(?:pp)?"
_FATAL = "|".join(("fatal error", *FATAL))
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "package-header",
        *(
            row
            for folder in _FOLDERS
            for row in (
                (f"{folder}/", rf"error: '?(?P<header>{folder}/{_END})(?:: No such|'? file not found)"),
                (f"{folder}/", rf"C1083: Cannot open include file: '(?P<header>{folder}/{_END})'"),
                (f"{folder}/", rf"(?:{_FATAL}) ?[:：] ?(?P<header>{folder}/{_END}) ?[:：] ?(?!Permission|Keine B)\S"),
            )
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a compiler miss a header of a Python package."""
    for hit in log.find("package-header")[:1]:
        header = hit.groups["header"]
        package, folder = _FOLDERS[header.partition("/")[0]]
        module = folder.rpartition("(")[0].rpartition(".")[0]
        yield finding_from_hits(
            log,
            [hit],
            f"the compiler does not find {header}: it is inside the Python package {package}, where it does not look",
            "The extension is not built.",
            (
                Fix(
                    "in your own project: require the package for the build, and add its folder",
                    notes=f'requires = ["setuptools", "{package}"] in [build-system], and include_dirs=[{folder}] of '
                    "the Extension. CMake: find_package(Python COMPONENTS Development.Module NumPy), or "
                    f"find_package({package}).",
                ),
                Fix(
                    "for somebody else's package: install it before, and pass its folder",
                    (
                        Command(f"python3 -m pip install {package} setuptools wheel", FixStage.TOOLCHAIN),
                        Command(
                            f"CFLAGS=-I$(python3 -c 'import {module}; print({folder})') "
                            "python3 -m pip install --no-build-isolation PACKAGE",
                            FixStage.BUILD,
                        ),
                    ),
                ),
            ),
        )
