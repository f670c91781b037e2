"""nvcc does not find a C++ compiler of the system that it can call.

``nvcc`` compiles the part for the GPU, and lets g++, clang++ or Visual C++'s cl.exe compile the rest. It calls the
one that ``-ccbin`` names, else ``gcc`` and ``g++`` of PATH. Some distributions have those only with a version in the
name, and a toolkit of a distribution calls the version that it was packaged for.

How to fix: install a C++ compiler that the toolkit supports, and name it in ``NVCC_PREPEND_FLAGS``.

References:
    https://docs.nvidia.com/cuda/cuda-compiler-driver-nvcc/ (``--compiler-bindir``)
    https://docs.nvidia.com/cuda/cuda-installation-guide-linux/ (host compilers)
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "nvcc-no-host",
        ("host compiler properties", r"nvcc fatal\s{0,4}: Failed to (?:preprocess|detect) host compiler properties"),
        ("host compiler found", r"ERROR: No supported gcc/g\+\+ host compiler found"),
        ("nvcc fatal", r"nvcc fatal\s{0,4}: Cannot find compiler '(?P<cl>cl\.exe)' in PATH"),
        ("nvcc fatal", r"nvcc fatal\s{0,4}: (?P<cl>Visual Studio) configuration file .{1,100} could not be found"),
        ("nvcc fatal", r"nvcc fatal\s{0,4}: Could not set up the environment for Microsoft (?P<cl>Visual Studio)"),
    )
    + patterns_for(
        "nvcc-calls",
        (
            "o such file or directory",
            r"^(?P<program>(?:gcc|g\+\+|clang\+\+|clang|cc|c\+\+)(?:-[\d.]+)?): No such file or directory$",
        ),
        ("-ccbin", r"-ccbin[ =](?P<program>[\w./+-]{1,200})"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See nvcc stop because it cannot ask the host's compiler."""
    for hit in log.find("nvcc-no-host")[:1]:
        if log.near(hit.line, "no-compiler", before=6, after=1):
            return  # host-cc-missing: gcc is there, and cc1plus is not
        called = log.near(hit.line, "nvcc-calls", before=6, after=3)
        named = called[-1].groups["program"] if called else ""
        if hit.groups["cl"]:
            yield finding_from_hits(
                log,
                [hit],
                "nvcc does not find Visual C++'s compiler, cl.exe",
                "Nothing is compiled for the GPU.",
                (
                    Fix(
                        "build in the x64 Native Tools Command Prompt of Visual Studio",
                        notes="Or call vcvars64.bat before: it puts cl.exe on PATH. In GitHub Actions: "
                        "ilammy/msvc-dev-cmd. The build tools need the workload for C++.",
                    ),
                ),
            )
            return
        families = {"debian": ("g++",), "rhel": ("gcc-c++",), "arch": ("gcc",), "suse": ("gcc-c++",)}
        yield finding_from_hits(
            log,
            [*called[-1:], hit],
            f"nvcc does not find a C++ compiler to call{f': {named}' if named else ''}",
            "Nothing is compiled for the GPU.",
            (
                *install_by_family(log, hit.line, "install a C++ compiler", families),
                Fix(
                    "name one that is installed",
                    env=(("NVCC_PREPEND_FLAGS", "-ccbin g++"), ("CUDAHOSTCXX", "g++")),
                    notes="`ls /usr/bin/g++*` shows them: g++-12 for a toolkit that supports GCC 12 at most. "
                    + (f"A -ccbin {named} in the project's own flags comes first: take it out." if named else ""),
                ),
            ),
        )
