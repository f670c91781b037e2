"""There is no wheel for this machine's processor or C library.

The wheels that exist are for other processors, for another operating system, or for glibc where this system has musl
(or the reverse). An installer then takes the source distribution, or gives up.

How to fix: build and publish one for this platform; or install from source.

References:
    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, Phase, Stage
from diagnose_checks.install._triage import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LATER)


def log(log: BuildLog) -> Iterator[Finding]:
    """See an installer refuse a wheel of another platform."""
    for one in refused(log, "wheel-not-supported-no-arch"):
        name = one.wheel or "the package"
        yield finding_from_hits(
            log,
            one.hits,
            f"{name} has no wheel for this machine: {one.detail}"
            if one.detail
            else f"{name} is for another platform than this one, as far as the log tells",
            "It is not installed.",
            [
                Fix("build a wheel for this platform", notes=_has(one.platforms)),
                Fix("install the source distribution, with the tools that building it takes"),
                Fix("see what this pip takes", (Command("python3 -m pip debug --verbose", Stage.TOOLCHAIN),)),
            ],
        )


def _has(platforms: tuple[str, ...]) -> str:
    return f"It has them for {', '.join(platforms[:6])}." if platforms else ""
