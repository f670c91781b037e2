"""apt ignores an option of a package source because its name is misspelt.

A ``.sources`` file has the field ``Architectures``; the one-line format has the option ``arch``. With ``Architecture:``
or ``[architecture=...]`` the entry applies to every architecture, without a warning.

How to fix: use the name from sources.list(5).

References:
    https://manpages.debian.org/sources.list
"""

from __future__ import annotations

from diagnose.authoring.environment import if_installing
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, FixStage, Phase, Severity
from diagnose.remedies.apt_sources import meant_option, serving, unservable
from diagnose.remedies.fix import fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.env import Environment
    from diagnose.readers.system.apt import AptSource

CHECK = Check(since="0.1.0", phase=Phase.PACKAGES, env_facts=("apt.sources.unknown",))


def env(env: Environment) -> Iterator[Finding]:
    """See options that apt ignores and whose names are close to a known one."""
    if env.apt is None:
        return
    failing = [source for source, _ in unservable(env)]
    wrong: dict[tuple[str, str], list[AptSource]] = {}
    for source in env.apt.sources:
        for name in source.unknown if source.enabled else ():
            if right := meant_option(name, source.style):
                wrong.setdefault((name, right), []).append(source)
    for (name, right), sources in wrong.items():
        fails = any(source in failing for source in sources)
        yield Finding(
            message=f"apt does not know the option {name} of a package source: did you mean {right}?",
            severity=if_installing(env) if fails else Severity.WARNING,
            evidence=tuple(Evidence(f"{name} of {' '.join(source.uris)}", source.where) for source in sources),
            consequence=(
                'apt requests every architecture from this server, and apt-get update fails with "404  Not Found".'
                if fails
                else "The option has no effect."
            ),
            fixes=(
                fix(
                    env,
                    f"use {right}",
                    commands=(Command("apt-get update", FixStage.UPDATE),),
                    files=serving(env),
                ),
            ),
        )
