"""An architecture has a name that Debian and Ubuntu do not use.

Their names are amd64, arm64, armhf, ppc64el and so on: not x86_64, aarch64 or armv7. apt passes over an unknown name in
``[arch=...]`` or ``Architectures:`` without a word and with exit code 0; what fails is a later ``apt-get install``,
with "Unable to locate package". dpkg takes any name too.

Mend it: Debian's name (``diagnose targets NAME`` knows it).

References:
    https://wiki.debian.org/SupportedArchitectures
    https://manpages.debian.org/sources.list
"""

from __future__ import annotations

from collections.abc import Iterator

from checks._advice import fix
from checks.apt._sources import ARCHITECTURES, meant, named, serving
from diagnose.finding import Command, Evidence, Finding, Severity, Stage
from diagnose.readers.env import Environment


def env(env: Environment) -> Iterator[Finding]:
    """See which names of architectures nobody knows."""
    if env.apt is None:
        return
    for source in env.apt.sources:
        if not source.enabled:
            continue
        given = named(source)
        for name in given:
            if name in ARCHITECTURES:
                continue
            right = meant(name)
            alone = all(other not in ARCHITECTURES for other in given)
            yield Finding(
                message=f"{source.where} names the architecture {name}, which does not exist" + _hint(right),
                severity=Severity.ERROR if alone else Severity.WARNING,
                evidence=(Evidence(f"{' '.join(source.uris)} for {', '.join(given)}", source.where),),
                consequence=(
                    "apt passes over the entry without a word, and the packages of it cannot be located."
                    if alone
                    else f"apt passes over {name} without a word."
                ),
                fixes=(
                    fix(
                        env,
                        f"call it {right}",
                        commands=(Command("apt-get update", Stage.UPDATE),),
                        files=serving(env),
                    ),
                )
                if right
                else (),
            )
    for name in env.apt.foreign:
        if name not in ARCHITECTURES:
            right = meant(name)
            yield Finding(
                message=f"dpkg was told of the architecture {name}, which does not exist" + _hint(right),
                severity=Severity.WARNING,
                evidence=(Evidence(f"has {', '.join(env.apt.foreign)}", env.apt.foreign_path),),
                consequence=f"No source has packages of {name}.",
                fixes=(
                    fix(
                        env,
                        f"call it {right}",
                        commands=(
                            Command(f"dpkg --remove-architecture {name}", Stage.ARCHITECTURE),
                            Command(f"dpkg --add-architecture {right}", Stage.ARCHITECTURE),
                            Command("apt-get update", Stage.UPDATE),
                        ),
                    ),
                )
                if right
                else (),
            )


def _hint(right: str) -> str:
    return f": did you mean {right}?" if right else ""
