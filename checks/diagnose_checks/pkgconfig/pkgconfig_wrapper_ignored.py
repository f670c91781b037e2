"""An old pkg-config crate accepts a wrapper for the target, but does not run it.

The crate from 0.3.15 to 0.3.19 took ``PKG_CONFIG_<triple>`` as a sign that cross-compilation is configured, and then
ran plain ``pkg-config``. The answer is about the host's library, or "not found".

How to fix: update the crate to 0.3.20 or later. Or set ``PKG_CONFIG`` itself, which also affects the host's build
scripts.

References:
    https://github.com/rust-lang/pkg-config-rs/blob/master/CHANGELOG.md
"""

from __future__ import annotations

from diagnose.authoring.consequences import stops_openssl
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose_checks.pkgconfig._triage import wrapper_ignored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.PROBE,
    patterns=patterns_for(
        "wrapper-note",
        (
            "PKG_CONFIG_",
            r"(?:^|\s|['\"])PKG_CONFIG_(?P<triple>[a-z0-9_]+[-_]linux[-_]\w+)=['\"]?(?P<program>[\w./+-]*pkg-config)",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a wrapper set for the target, and an old crate run plain pkg-config."""
    for probe in log.probes:
        settings = wrapper_ignored(log, probe)
        if settings:
            wrapper = settings[0].groups["program"]
            yield finding_from_hits(
                log,
                [*settings, *probe.hits],
                f"{wrapper} is set for the target, but the pkg-config crate runs plain pkg-config",
                f"{probe.module or 'The library'} is searched for in the host's folders.",
                [
                    Fix("update the crate", (Command("cargo update -p pkg-config", FixStage.BUILD),)),
                    Fix("set the variable without a target in its name", env=(("PKG_CONFIG", wrapper),)),
                ],
            )
            return


leads_to = stops_openssl
