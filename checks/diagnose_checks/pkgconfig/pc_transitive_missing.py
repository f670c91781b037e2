"""A module that the library requires has no ``.pc`` file for the target.

``Requires`` and, for the flags, ``Requires.private`` name other modules. pkg-config answers only if it finds all of
them. The requested module is installed; the required one is not. The pkg-config crate from 0.3.28 to 0.3.32 hides
pkg-config's own message and blames the requested module.

How to fix: install the development package of the missing module, for the same architecture.

References:
    https://people.freedesktop.org/~dbn/pkg-config-guide.html
"""

from __future__ import annotations

from diagnose.authoring.consequences import stops_openssl
from diagnose.authoring.log import advise, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Phase, Severity
from diagnose.model.pattern import PROBE_KINDS
from diagnose.remedies.libraries import install_fixes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(since="0.1.0", phase=Phase.SEARCH, log_kinds=PROBE_KINDS, env_facts=("libraries.missing",))


def env(env: Environment) -> Iterator[Finding]:
    """See which required modules are missing."""
    reported = set()
    for library in env.libraries:
        if library.outcome != "not-found":
            continue
        for missing in library.missing:
            if not missing.required_by or missing.elsewhere or missing.module in reported:
                continue
            reported.add(missing.module)
            yield Finding(
                message=f"{missing.required_by} requires {missing.module}, which is missing for {env.target.triple}",
                severity=Severity.ERROR,
                evidence=(
                    Evidence(f"requires {missing.module}", library.pc)
                    if library.pc and missing.required_by == library.module
                    else Evidence(f"{missing.required_by} requires {missing.module}", where=f"`{library.command}`"),
                ),
                consequence=f"The build script reports that {library.module} was not found, although it is installed.",
                fixes=install_fixes(env, missing.module, asked=False),
            )


def log(log: BuildLog) -> Iterator[Finding]:
    """See pkgconf name a missing module that another one requires."""
    reported = set()
    for probe in log.probes:
        if not probe.missing or probe.missing in reported:
            continue
        reported.add(probe.missing)
        yield finding_from_hits(
            log,
            [*(hit for hit in probe.hits if hit.kind == "pc-transitive"), *probe.hits],
            f"{probe.required_by} requires {probe.missing}, which is not installed",
            f"The build script reports that {probe.module} was not found, although it is installed.",
            advise(log, probe.line, install_fixes, probe.missing, probe=probe),
        )


leads_to = stops_openssl
