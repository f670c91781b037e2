"""A package source has an option whose name apt does not know, and passes over.

The ``.sources`` format calls the field ``Architectures``, the one-line format calls the option ``arch``. With
``Architecture:`` or ``[architecture=...]`` the entry counts for every architecture, and nothing says so.

How to fix: the name as sources.list(5) has it.

References:
    https://manpages.debian.org/sources.list
"""

from __future__ import annotations

from diagnose.authoring.env import if_installing
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Phase, Severity, Stage
from diagnose.readers.env import Environment
from diagnose.readers.system.apt import AptSource
from diagnose.remedies.apt_sources import meant_option, serving, unservable
from diagnose.remedies.fix import fix

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECK = Check(since="0.1.0", phase=Phase.PACKAGES)


def env(env: Environment) -> Iterator[Finding]:
    """See which options apt passes over, of those that are near to one it knows."""
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
            message=f"a package source has an option {name}, which apt does not know: did you mean {right}?",
            severity=if_installing(env) if fails else Severity.WARNING,
            evidence=tuple(Evidence(f"{name} of {' '.join(source.uris)}", source.where) for source in sources),
            consequence=(
                'apt asks this server for every architecture, and apt-get update fails with "404  Not Found".'
                if fails
                else "The option has no effect."
            ),
            fixes=(
                fix(
                    env,
                    f"call it {right}",
                    commands=(Command("apt-get update", Stage.UPDATE),),
                    files=serving(env),
                ),
            ),
        )
