"""CMake 4 rejects a project that was written for CMake older than 3.5.

A project declares in ``cmake_minimum_required`` which CMake version it was written for. CMake 4.0 removed compatibility
with versions before 3.5 and stops at such a line. Bundled C and C++ sources of ``-sys`` crates and of Python packages
often contain an outdated one.

How to fix: use a newer release of the crate or package. Until one exists, set ``CMAKE_POLICY_VERSION_MINIMUM=3.5`` in
the environment, which CMake reads since 4.0, or use a CMake below 4.

References:
    https://cmake.org/cmake/help/latest/release/4.0.html#deprecated-and-removed-features
    https://cmake.org/cmake/help/latest/envvar/CMAKE_POLICY_VERSION_MINIMUM.html
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
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "cmake-too-old-project",
        ("has been removed from CMake", r"Compatibility with CMake < (?P<version>[\d.]+) has been removed from CMake"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See CMake reject a ``cmake_minimum_required``."""
    for hit in log.find("cmake-too-old-project")[:1]:
        crate, version = log.crate_at(hit.line)
        whose = f"the sources that {crate} {version} builds" if crate else "sources of the project"
        update = Fix(
            f"use a release of {crate or 'it'} for CMake {hit.groups['version']} or later",
            (Command(f"cargo update -p {crate}", FixStage.BUILD),) if crate else (),
            notes="If that has no effect, Cargo.toml requires an older series: `cargo add` the newest."
            if crate
            else "",
        )
        stopgap = Fix(
            "make CMake treat it as written for 3.5",
            env=(("CMAKE_POLICY_VERSION_MINIMUM", hit.groups["version"]),),
            notes="If the build runs in a container, pass the variable into it.",
        )
        yield finding_from_hits(
            log,
            [hit],
            f"{whose} declare compatibility with CMake older than {hit.groups['version']}, which CMake 4 rejects",
            "CMake does not configure the project.",
            (
                stopgap,
                update,
                Fix("use CMake 3", (Command("python3 -m pip install 'cmake<4'", FixStage.TOOLCHAIN),)),
            ),
        )
