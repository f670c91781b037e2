"""A build back end cannot build for the processors that ARCHFLAGS names.

``ARCHFLAGS="-arch arm64 -arch x86_64"`` asks for a module for both of Apple's processors (universal2), which
setuptools can build in one step. Meson compiles for one at a time, so meson-python refuses two, and refuses a processor
that is not the one of ``_PYTHON_HOST_PLATFORM``. cibuildwheel and maturin-action set these variables for universal2.

How to fix: set ``ARCHFLAGS`` to one processor, and make one wheel for each.

References:
    https://mesonbuild.com/meson-python/reference/environment-variables.html
    https://cibuildwheel.pypa.io/en/stable/options/#archs
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "archflags-refused",
        (
            "Multi-architecture builds are",
            r"Multi-architecture builds are not supported(?: but \$ARCHFLAGS=(?P<flags>\S.{0,200}))?",
        ),
        ("$ARCHFLAGS=", r"(?:\$ARCHFLAGS=(?P<flags>\S.{0,150}?) and \S.{0,200} do not agree)"),
        ("$ARCHFLAGS", r"meson-python: error: .{0,100}\$ARCHFLAGS.{0,10}=(?P<flags>\S.{0,150})"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See meson-python refuse ARCHFLAGS."""
    for hit in log.find("archflags-refused")[:1]:
        arches = re.findall(r"-arch\s{1,3}(\w{1,20})", hit.groups["flags"])
        several = len(set(arches)) > 1 or "Multi" in hit.text
        yield finding_from_hits(
            log,
            [hit],
            f"ARCHFLAGS asks for a build for {' and '.join(arches) or 'several processors'}, and Meson builds for one"
            if several
            else f"ARCHFLAGS asks for {' '.join(arches) or 'a processor'}, and another variable for a different one",
            "The package is not built.",
            (
                Fix(
                    "name one processor",
                    env=(("ARCHFLAGS", f"-arch {arches[0] if arches else 'arm64'}"),),
                    notes="Or unset it for this machine's own. cibuildwheel: CIBW_ARCHS_MACOS without universal2; "
                    "`delocate-merge` makes one wheel of two.",
                ),
                Fix(
                    "if it is a dependency: install its wheel instead of building it",
                    notes="pip builds where no wheel fits this Python and system: another release of "
                    "either may have one. "
                    "--only-binary NAME shows at once whether there is one.",
                ),
            ),
        )
