"""The package has no wheel for this machine's processor or C library.

The existing wheels are for other processors, for another operating system, or for glibc on a musl system (or the
reverse). An installer then uses the source distribution, or fails.

How to fix: build and publish a wheel for this platform, or install from source.

References:
    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
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
            else f"{name} is probably for another platform",
            "The package is not installed.",
            [
                Fix("build a wheel for this platform", notes=_has(one.platforms)),
                Fix("install the source distribution, and the tools to build it"),
                Fix(
                    "list the tags that this pip accepts",
                    (Command("python3 -m pip debug --verbose", FixStage.TOOLCHAIN),),
                ),
            ],
        )


def _has(platforms: tuple[str, ...]) -> str:
    return f"It has wheels for {', '.join(platforms[:6])}." if platforms else ""
