"""An architecture has a name that Debian and Ubuntu do not use.

Their names are amd64, arm64, armhf, ppc64el and so on, not x86_64, aarch64 or armv7. apt silently ignores an unknown
name in ``[arch=...]`` or ``Architectures:`` and exits with 0; a later ``apt-get install`` then fails with "Unable to
locate package". dpkg accepts any name.

How to fix: use Debian's name (``diagnose targets NAME`` prints it).

References:
    https://wiki.debian.org/SupportedArchitectures
    https://manpages.debian.org/sources.list
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.environment import if_installing
from diagnose.authoring.log import distinct, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.remedies.apt_sources import ARCHITECTURES, meant, named, serving
from diagnose.remedies.fix import fix
from diagnose.remedies.install import add_architecture
from diagnose_checks.apt._triage import misnamed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment
    from diagnose.readers.system.apt import AptSource

CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    log_kinds=("apt-unfetched", "apt-unlocatable", "apt-arch", "apt-index", "apt-no-arch"),
    env_facts=("apt.foreign", "apt.sources.declared", "apt.sources.unknown"),
)


def env(env: Environment) -> Iterator[Finding]:
    """See architecture names that Debian does not have."""
    if env.apt is None:
        return
    wrong: dict[str, list[AptSource]] = {}
    for source in env.apt.sources:
        for name in named(source) if source.enabled else ():
            if name not in ARCHITECTURES:
                wrong.setdefault(name, []).append(source)
    for name, sources in wrong.items():
        right = meant(name)
        alone = any(not ARCHITECTURES.intersection(named(source)) for source in sources)
        yield Finding(
            message=f"a package source is limited to {name}, an architecture that does not exist" + _hint(right),
            severity=if_installing(env) if alone else Severity.WARNING,
            evidence=tuple(Evidence(f"{' '.join(s.uris)} for {', '.join(named(s))}", s.where) for s in sources),
            consequence=(
                "apt ignores the entry silently and cannot locate its packages."
                if alone
                else f"apt ignores {name} silently."
            ),
            fixes=(_respelt(env, right),) if right else (),
        )
    for name in env.apt.foreign:
        if name not in ARCHITECTURES:
            right = meant(name)
            yield Finding(
                message=f"dpkg has an architecture {name}, which does not exist" + _hint(right),
                severity=Severity.WARNING,
                evidence=(Evidence(f"has {', '.join(env.apt.foreign)}", env.apt.foreign_path),),
                consequence=f"No source has packages of {name}.",
                fixes=(
                    fix(
                        env,
                        f"use {right}",
                        commands=(
                            Command(f"dpkg --remove-architecture {name}", FixStage.ARCHITECTURE),
                            *add_architecture(right),
                        ),
                    ),
                )
                if right
                else (),
            )


def _respelt(env: Environment, right: str) -> Fix:
    update = (Command("apt-get update", FixStage.UPDATE),)
    return fix(env, f"use {right}", commands=update, files=serving(env))


def _hint(right: str) -> str:
    return f": did you mean {right}?" if right else ""


def log(log: BuildLog) -> Iterator[Finding]:
    """See a name that Debian does not have in the place of an architecture."""
    hits = [
        hit
        for hit in log.find("apt-unfetched", "apt-unlocatable", "apt-arch", "apt-index", "apt-no-arch")
        if misnamed(hit.groups["arch"])
    ]
    for hit in distinct(hits, "arch")[:1]:
        arch = hit.groups["arch"]
        right = meant(arch)
        yield finding_from_hits(
            log,
            [one for one in hits if one.groups["arch"] == arch],
            f"{arch} is not an architecture of Debian or Ubuntu" + _hint(right),
            "No server has packages under that name.",
            (Fix(f"use {right}", _again(hit, arch, right)),) if right else (),
        )


leads_to = blocks_later_installs


def _again(hit: Hit, arch: str, right: str) -> tuple[Command, ...]:
    if hit.kind == "apt-no-arch":  # it is in the options of a source entry
        sources = f"$(grep -rlw '{arch}' /etc/apt/sources.list*)"
        return (
            Command(f"sed -i 's/\\b{arch}\\b/{right}/g' {sources}", FixStage.SOURCES),
            Command("apt-get update", FixStage.UPDATE),
        )
    commands = (
        [Command(f"dpkg --remove-architecture {arch}", FixStage.ARCHITECTURE)] if hit.kind != "apt-unlocatable" else []
    )
    commands += add_architecture(right)
    if hit.groups["package"]:
        commands.append(
            Command(f"apt-get install -y --no-install-recommends {hit.groups['package']}:{right}", FixStage.PACKAGES)
        )
    return tuple(commands)
