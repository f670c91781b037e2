"""A package has no version that is there for both architectures, which it must have.

A library that is installed for two architectures at once has to be of one version in both (``Multi-Arch: same``). Where
the image is older than what its mirror has, or the mirrors of two architectures are out of step (Ubuntu's archive and
ports are two servers), the target's package needs a version that the system's own is not, and apt gives up: "held
broken packages".

Mend it: bring the system up to date first; if the servers are out of step, use mirrors of one family, or wait.

References:
    https://wiki.debian.org/Multiarch/Implementation
"""

from __future__ import annotations

from collections.abc import Iterator

from checks._advice import fix
from checks._install import module, system
from diagnose.finding import Command, Evidence, Finding, Severity, Stage
from diagnose.readers.env import Environment

#: What every library of every architecture depends on.
_BASE = ("libc6", "libgcc-s1", "libstdc++6")


def env(env: Environment) -> Iterator[Finding]:
    """See whether what is still to be installed can have one version with what is."""
    if env.apt is None or not env.apt.skews:
        return
    wanted = [
        package.partition(":")[0].removesuffix("-dev")
        for library in env.libraries
        if library.outcome != "found" and (package := module(system(env), library.module, env.target, env.host))
    ]
    for skew in env.apt.skews:
        if skew.name not in _BASE and not any(skew.name.startswith(stem) for stem in wanted):
            continue
        offered = " or ".join(skew.offered)
        yield Finding(
            message=f"{skew.name} is {skew.installed} here, and only {offered} is to be had for {skew.architecture}",
            severity=Severity.ERROR,
            evidence=(Evidence(f"{skew.name} {offered}", skew.path),),
            consequence=(
                f'apt-get install of packages for {skew.architecture} stops: "held broken packages", '
                f'"{skew.name}:{skew.architecture} is not going to be installed".'
            ),
            fixes=(
                fix(
                    env,
                    "bring the system up to date, so that both come from one state of the archive",
                    commands=(
                        Command("apt-get update", Stage.UPDATE),
                        Command("apt-get upgrade -y", Stage.UPDATE),
                    ),
                    notes="If this changes nothing, the servers of the two architectures are out of step: "
                    "name mirrors of one family for both, or try again later.",
                ),
            ),
        )
