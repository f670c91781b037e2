"""apt has no packages of the target's architecture: dpkg was not told of it, or no source is asked for it.

Debian and Ubuntu install packages of other architectures beside the system's own (``libasound2-dev:armhf``) once dpkg
was told of the architecture, and apt has fetched its index. Without that, the package "cannot be located", and nothing
says why. On Ubuntu apt also has to be told where the other architectures are, which is another server.

Entries that are limited (``[arch=amd64]``, ``Architectures: amd64``) leave it out just as silently.

Mend it: ``dpkg --add-architecture ARCH``, an entry that serves it, then ``apt-get update``.

References:
    https://wiki.debian.org/Multiarch/HOWTO
    https://wiki.ubuntu.com/Ports
"""

from __future__ import annotations

from checks._fixes import fix
from checks._install import add_architecture, packaged, system
from checks._log import distinct, environments, found
from checks._order import prepares
from checks.apt._sources import ARCHITECTURES, serving, unserved
from checks.apt._unlocatable import Why, why
from diagnose.finding import Command, Evidence, FileEdit, Finding, Severity, Stage
from diagnose.light import TYPE_CHECKING
from diagnose.phrase import wordings
from diagnose.readers.env import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

#: dpkg's, when apt has the architecture's index by an entry that names it, and dpkg was never told.
PHRASES = wordings(
    "dpkg-no-arch",
    (
        "does not match system",
        r"package architecture \((?P<arch>[\w-]+)\) does not match system \((?P<native>[\w-]+)\)",
    ),
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether dpkg knows the target's architecture, where something of it is still to be installed."""
    if env.apt is None or not env.cross or packaged(system(env), env.target) or not _needed(env):
        return
    arch = env.target.debian
    if arch in env.apt.architectures:
        yield from _left_out(env, arch)
        return
    if env.apt.foreign:
        evidence = Evidence(f"has {', '.join(env.apt.foreign)}", env.apt.foreign_path)
    else:
        evidence = Evidence("no architecture beside the system's own", where=f"dpkg's architectures ({env.apt.native})")
    listed = [
        source for source in env.apt.sources if source.enabled and source.declared and arch in source.architectures
    ]
    yield Finding(
        message=f"dpkg does not know the architecture {arch}, of which packages are needed for {env.target.triple}",
        severity=Severity.ERROR,
        evidence=(evidence, *(Evidence(f"asks for {arch} all the same", source.where) for source in listed)),
        consequence=(
            f'apt-get install of a package for {arch} stops: "Unable to locate package", or '
            f'"package architecture ({arch}) does not match system ({env.apt.native})".'
        ),
        fixes=(
            fix(
                env,
                f"add {arch}",
                commands=add_architecture(arch),
                files=_sources(env, arch),
            ),
        ),
    )


def _left_out(env: Environment, arch: str) -> Iterator[Finding]:
    own = unserved(env, arch)
    if own:
        yield Finding(
            message=f"no package source of apt is asked for {arch}, of which packages are needed for "
            f"{env.target.triple}",
            severity=Severity.ERROR,
            evidence=tuple(
                Evidence(f"{' '.join(source.uris)} for {', '.join(source.architectures)}", source.where)
                for source in own
            ),
            consequence='apt-get update passes; then apt-get install stops: "Unable to locate package".',
            fixes=(
                fix(
                    env,
                    f"ask for {arch} too",
                    commands=(Command("apt-get update", Stage.UPDATE),),
                    files=_sources(env, arch),
                ),
            ),
        )


def _needed(env: Environment) -> bool:
    return any(
        library.outcome != "found" and not any(found.debian == env.target.debian for found in library.candidates)
        for library in env.libraries
    )


def _sources(env: Environment, arch: str) -> tuple[FileEdit, ...]:
    return serving(env, arch) if arch in ARCHITECTURES else ()


def log(log: BuildLog) -> Iterator[Finding]:
    """See dpkg refuse an architecture, or apt not locate a package of one of which the log shows no index at all."""
    refused = list(log.find("dpkg-no-arch"))
    for hit in distinct(refused, "arch"):
        arch = hit.said["arch"]
        yield found(
            log,
            [one for one in refused if one.said["arch"] == arch],
            f"dpkg does not know the architecture {arch}",
            "Nothing is installed.",
            (
                fix(
                    environments(log, hit.line)[0],
                    f"add {arch}, then update, and install again",
                    commands=add_architecture(arch),
                ),
            ),
        )
    hits = [hit for hit in log.find("apt-unlocatable") if why(log, hit) is Why.ARCHITECTURE]
    for hit in distinct(hits, "arch"):
        arch = hit.said["arch"]
        yield found(
            log,
            [one for one in hits if one.said["arch"] == arch],
            f"apt has no packages of {arch} to locate {hit.said['package']} among",
            "Nothing is installed.",
            (
                fix(
                    environments(log, hit.line)[0],
                    f"add {arch}, then update",
                    commands=(
                        *add_architecture(arch),
                        Command(
                            f"apt-get install -y --no-install-recommends {hit.said['package']}:{arch}", Stage.PACKAGES
                        ),
                    ),
                    notes="On Ubuntu its packages are on ports.ubuntu.com. Else it is the name, or the release.",
                ),
            ),
        )


leads_to = prepares
