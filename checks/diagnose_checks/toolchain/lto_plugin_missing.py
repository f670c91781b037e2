"""Libraries are made of GCC's intermediate code by a program without GCC's plugin, and their functions are not found.

With ``-flto`` an object file of GCC holds intermediate code only. The plain ``ar``, ``ranlib`` and ``nm`` read that
through a plugin, which not every distribution or toolchain puts where they look. Without it they write an archive
whose index names none of its functions, warn, and go on; the link fails later. ``gcc-ar``, ``gcc-ranlib`` and
``gcc-nm`` bring the plugin. A linker that another compiler than GCC calls has no such plugin either.

How to fix: make archives with ``gcc-ar`` and ``gcc-ranlib``, or compile without ``-flto``.

References:
    https://gcc.gnu.org/onlinedocs/gcc/Optimize-Options.html (``-flto``, ``-ffat-lto-objects``)
    https://gcc.gnu.org/wiki/LinkTimeOptimizationFAQ
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
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
        "lto-no-plugin",
        (
            "needed to handle lto object",
            r"(?<!\S)(?P<program>\S{0,300}?(?:ar|ranlib|nm|ld)(?:\.\w{2,5})?): "
            r"(?P<file>\S{1,400}): plugin needed to handle "
            r"lto object",
        ),
    ),
)


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is about the link afterwards, which lacks the functions."""
    return log.position(other.evidence[0]) > log.position(finding.evidence[0])


def log(log: BuildLog) -> Iterator[Finding]:
    """See an archive made without the plugin, and a link that then does not find a function."""
    hits = log.find("lto-no-plugin")
    missed = [hit for hit in log.find("ld-undefined") if hits and hit.line > hits[0].line]
    if not missed:
        return  # a warning of a build that needs nothing of the archive
    program = hits[0].groups["program"]
    name = program.rpartition("/")[2]
    if name.rpartition("-")[2].startswith("ld"):
        message = (
            f"{hits[0].groups['file'].rpartition('/')[2]} is GCC's intermediate code, and {name} has no plugin for it"
        )
        fixes = (
            Fix("link with the GCC that compiled it", env=(("CC", "gcc"), ("CXX", "g++"))),
            Fix("compile the library without -flto", notes="Or with -ffat-lto-objects, which adds machine code."),
        )
    else:
        prefix = name.removesuffix("ranlib").removesuffix("ar").removesuffix("nm")
        tools = tuple((kind.upper(), f"{prefix}gcc-{kind}") for kind in ("ar", "ranlib", "nm"))
        message = f"{name} made a library of GCC's intermediate code without GCC's plugin: its functions are not found"
        given = " ".join(f'-DCMAKE_{key}="$(command -v {value})"' for key, value in tools[:2])
        fixes = (
            Fix(
                "make libraries with GCC's own ar and ranlib, in an empty build folder",
                env=tools,
                notes=f"CMake takes {given}; a Makefile of its own AR=… on make's command line.",
            ),
            Fix(
                "compile without -flto",
                notes="Take it out of CFLAGS and CXXFLAGS; Meson: -Db_lto=false; CMake: "
                "-DCMAKE_INTERPROCEDURAL_OPTIMIZATION=OFF.",
            ),
        )
    yield finding_from_hits(log, [hits[0], *missed[:1]], message, "Linking fails: undefined reference.", fixes)
