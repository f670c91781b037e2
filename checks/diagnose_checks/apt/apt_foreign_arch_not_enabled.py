"""apt has no packages for the target architecture: dpkg or the package sources do not include it.

Debian and Ubuntu can install packages of another architecture beside the system's own (``libasound2-dev:armhf``) after
``dpkg --add-architecture`` and an ``apt-get update`` that fetches its index. On Ubuntu, apt also needs a source entry
for the server of that architecture. Entries limited to one architecture (``[arch=amd64]``, ``Architectures: amd64``)
exclude all others silently. apt's only message is "Unable to locate package".

How to fix: run ``dpkg --add-architecture ARCH``, add a source entry that serves it, then run ``apt-get update``.

References:
    https://wiki.debian.org/Multiarch/HOWTO
    https://wiki.ubuntu.com/Ports
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import distinct, environments, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, FileEdit, Finding, Fix, FixStage, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.apt_sources import ARCHITECTURES, serving, unserved
from diagnose.remedies.fix import fix
from diagnose.remedies.install import add_architecture, system, unavailable_reason
from diagnose_checks.apt._triage import AptReason, reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

# dpkg prints this where a source entry names the architecture and dpkg --add-architecture was not run.
CHECK = Check(
    since="0.1.0",
    log_kinds=("apt-unlocatable",),
    patterns=patterns_for(
        "dpkg-no-arch",
        (
            "does not match system",
            r"package architecture \((?P<arch>[\w-]+)\) does not match system \((?P<native>[\w-]+)\)",
        ),
    ),
    env_facts=("cross",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See that dpkg does not know the target's architecture although packages for it are missing."""
    if env.apt is None or not env.cross or unavailable_reason(system(env), env.target) or not _needed(env):
        return
    arch = env.target.debian
    if arch in env.apt.architectures:
        yield from _left_out(env, arch)
        return
    if env.apt.foreign:
        evidence = Evidence(f"has {', '.join(env.apt.foreign)}", env.apt.foreign_path)
    else:
        evidence = Evidence("only the native architecture", where=f"dpkg's architectures ({env.apt.native})")
    listed = [
        source for source in env.apt.sources if source.enabled and source.declared and arch in source.architectures
    ]
    yield Finding(
        message=f"dpkg does not know the architecture {arch}, and {env.target.triple} needs its packages",
        severity=Severity.ERROR,
        evidence=(evidence, *(Evidence(f"requests {arch}", source.where) for source in listed)),
        consequence=(
            f'apt-get install of a package for {arch} fails: "Unable to locate package", or '
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
            message=f"no package source requests {arch}, and its packages are needed for {env.target.triple}",
            severity=Severity.ERROR,
            evidence=tuple(
                Evidence(f"{' '.join(source.uris)} for {', '.join(source.architectures)}", source.where)
                for source in own
            ),
            consequence='apt-get update passes; then apt-get install fails: "Unable to locate package".',
            fixes=(
                fix(
                    env,
                    f"request {arch} too",
                    commands=(Command("apt-get update", FixStage.UPDATE),),
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
    """See dpkg refuse an architecture, or apt miss a package of an architecture without any index in the log."""
    refused = list(log.find("dpkg-no-arch"))
    for hit in distinct(refused, "arch"):
        arch, native = hit.groups["arch"], hit.groups["native"]
        yield finding_from_hits(
            log,
            [one for one in refused if one.groups["arch"] == arch],
            f"the package is for {arch}, and this system is {native}: dpkg does not know the architecture {arch}",
            "Nothing is installed.",
            (
                Fix(
                    f"take the package for {native}, if its programs are to run here",
                    notes="In an image for several platforms the address must not name one: `dpkg "
                    "--print-architecture`, or Docker's ARG TARGETARCH.",
                ),
                fix(
                    environments(log, hit.line)[0],
                    f"for a cross build: add {arch}, then update, and install again",
                    commands=add_architecture(arch),
                ),
            ),
        )
    hits = [hit for hit in log.find("apt-unlocatable") if reason(log, hit) is AptReason.ARCHITECTURE]
    for hit in distinct(hits, "arch"):
        arch, package = hit.groups["arch"], hit.groups["package"]
        indexed = log.find("apt-index")  # those of other architectures show that this one's is not there
        yield finding_from_hits(
            log,
            [one for one in hits if one.groups["arch"] == arch],
            f"apt has no package index for {arch}, so it cannot locate {package}"
            if indexed
            else f"apt cannot locate {package}:{arch}: no index for {arch}, or no such package in this release",
            "Nothing is installed.",
            (
                fix(
                    environments(log, hit.line)[0],
                    f"add {arch}, then update",
                    commands=(
                        *add_architecture(arch),
                        Command(
                            f"apt-get install -y --no-install-recommends {hit.groups['package']}:{arch}",
                            FixStage.PACKAGES,
                        ),
                    ),
                    notes="On Ubuntu its packages are on ports.ubuntu.com. Otherwise check the name and the release.",
                ),
                *(() if indexed else (_look(package, arch),)),
            ),
        )


def _look(package: str, arch: str) -> Fix:
    return Fix(
        f"if {arch} was added, and `apt-get update` ran after that: check the name",
        notes=f"`apt-cache policy {package}` names the versions of all architectures; without any, the release has no "
        "package of that name.",
    )


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* follows from the failed installation; other packages that are missing do not."""
    return other.check != "apt-package-missing" and blocks_later_installs(finding, other, log)
