"""apt has no package with this name.

The lists were fetched and do not contain the name. It may be another distribution's name (``openssl-devel`` is
``libssl-dev`` here) or another release's; its component may be disabled (``universe`` on Ubuntu, ``contrib`` and
``non-free`` on Debian); or it may not be built for the architecture. If other packages still refer to a removed
package, apt says that it "has no installation candidate".

How to fix: use the right name. ``apt-file search NAME.pc`` finds a library by its pkg-config name.

References:
    https://packages.debian.org/
    https://help.ubuntu.com/community/Repositories/Ubuntu
"""

from __future__ import annotations

from diagnose.authoring.command_words import misplaced
from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.install import APT_FILE
from diagnose.remedies.package_names import called_here
from diagnose.tables.x86_packages import is_of_x86
from diagnose_checks.apt._triage import AptReason, dead_release, is_unlisted, reason, unserved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.system.distro import Distro

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    log_kinds=("apt-unlocatable", "apt-unmet"),
    patterns=patterns_for(
        "apt-no-version",
        (
            "was not found",
            r"^(?:E|Error): Version '(?P<version>[^']{1,100})' for '(?P<package>[^']{1,100})' was not found",
        ),
    ),
)
leads_to = blocks_later_installs


def log(log: BuildLog) -> Iterator[Finding]:
    """See apt miss a package that nothing else in the log explains."""
    hits = [hit for hit in log.find("apt-unlocatable") if reason(log, hit) is AptReason.NAME]
    if hits:
        packages = list(dict.fromkeys((hit.groups["package"], hit.groups["arch"]) for hit in hits))
        names = [f"{name}:{arch}" if arch else name for name, arch in packages]
        if stray := misplaced(log, hits, names):
            yield stray
            return
        machine = _machine(log)
        if machine and (pcs := [name for name in names if is_of_x86(name)]):
            yield _of_x86(log, hits, pcs, machine)
            return
        yield finding_from_hits(
            log,
            hits,
            f"apt's package sources have no {', '.join(names)}",
            "apt installs none of the requested packages.",
            [*_names(packages), *_elsewhere(log.distro_at(hits[0].line), bool(log.find("apt-updated")))],
        )
        return
    if pinned := log.find("apt-no-version"):
        yield _of_version(log, pinned)
        return
    needed = [hit for hit in log.find("apt-unmet") if is_unlisted(hit)]
    if needed and not log.find("apt-unlocatable") and not unserved(log) and not dead_release(log):
        said = needed[0].groups
        arch = said["needs_arch"] or said["arch"]
        entry = f"the entry for {arch}" if arch else "the archive's entry"
        yield finding_from_hits(
            log,
            needed,
            f"apt's package sources have no {said['needs']}{f':{arch}' if arch else ''}, which {said['package']} needs"
            + (", or only a version that differs from the native one's" if _is_library(said["needs"], arch) else ""),
            "apt installs none of the requested packages.",
            [
                Fix(
                    f"name all components in {entry}",
                    notes="main universe for Ubuntu, for the release and its -updates; then apt-get update. A package "
                    "of another release or repository cannot be installed here.",
                ),
                *(_both_architectures(said["needs"], arch) if _is_library(said["needs"], arch) else ()),
                *_elsewhere(log.distro_at(needed[0].line), bool(log.find("apt-updated"))),
            ],
        )


def _is_library(package: str, arch: str) -> bool:
    """Whether it is a library of a named architecture: installed for two, it has one version (Multi-Arch: same)."""
    return bool(arch) and arch not in ("all", "any") and package.startswith("lib")


def _both_architectures(package: str, arch: str) -> Iterator[Fix]:
    yield Fix(
        "if the entry is complete: bring both architectures to one state",
        (Command("apt-get update", FixStage.UPDATE), Command("apt-get upgrade -y", FixStage.UPDATE)),
        notes=f"`apt-cache policy {package} {package}:{arch}` shows two versions while the servers of the two are out "
        "of step, or where a repository has one architecture only (a PPA, an image's own): one mirror for both, or "
        "again in an hour.",
    )


def _of_version(log: BuildLog, hits: list[Hit]) -> Finding:
    """Return that apt knows a package, but not in the version that is asked for."""
    said = hits[0].groups
    package, version = said["package"], said["version"]
    update = Fix("fetch the lists first, in the same step", (Command("apt-get update", FixStage.UPDATE),))
    return finding_from_hits(
        log,
        hits,
        f"apt's package sources have {package}, but not version {version}: archives drop it when a newer one comes",
        "apt installs none of the requested packages.",
        [
            *(() if log.find("apt-updated") else (update,)),
            Fix(
                "install the release's version",
                (Command(f"apt-get install -y --no-install-recommends {package}", FixStage.PACKAGES),),
                notes=f"`apt-cache madison {package}` lists what there is. A pin by a prefix lasts longer: "
                f"{package}={version.split('-')[0]}*.",
            ),
            Fix(
                "if it has to be this one: take the archive of a day on which it was there",
                notes="snapshot.debian.org and snapshot.ubuntu.com keep every state.",
            ),
        ],
    )


def _machine(log: BuildLog) -> str:
    """Return the architecture whose lists alone apt fetched, if it is not x86; else empty."""
    fetched = {hit.groups["arch"] for hit in log.find("apt-index")} - {"all"}
    return next(iter(fetched)) if len(fetched) == 1 and not fetched & {"amd64", "i386"} else ""


def _of_x86(log: BuildLog, hits: list[Hit], packages: list[str], machine: str) -> Finding:
    """Return that packages are asked for on *machine* that exist for x86 alone."""
    names = ", ".join(packages)
    return finding_from_hits(
        log,
        hits,
        f"{names} {'are' if len(packages) > 1 else 'is'} built for x86 alone, and this system is {machine}",
        "apt installs none of the requested packages.",
        [
            Fix(
                "build for amd64",
                (Command("docker build --platform linux/amd64 .", FixStage.BUILD),),
                notes="Or FROM --platform=linux/amd64 in the Dockerfile; on a machine of another processor it is "
                "emulated.",
            ),
            Fix(
                f"leave {names} out where the processor is another",
                notes='`[ "$(dpkg --print-architecture)" = amd64 ]` asks.',
            ),
        ],
    )


def _names(packages: list[tuple[str, str]]) -> Iterator[Fix]:
    for package, arch in packages:
        known = called_here(package, "debian")
        if known and known != package:
            name = f"{known}:{arch}" if arch else known
            install = Command(f"apt-get install -y --no-install-recommends {name}", FixStage.PACKAGES)
            yield Fix(
                f"{package} is called {known} here", (Command("apt-get update", FixStage.UPDATE), install), safe=True
            )


def _elsewhere(distro: Distro, updated: bool) -> Iterator[Fix]:
    if not updated:
        yield Fix(
            "if the name is right, run apt-get update first, in the same step",
            (Command("apt-get update", FixStage.UPDATE),),
        )
    off = {"ubuntu": "universe", "debian": "contrib or non-free"}.get(distro.id, "universe, contrib or non-free")
    yield Fix(
        "look the name up for this release",
        notes=f"`{APT_FILE} NAME.pc` finds a library by its pkg-config name. Its component may be disabled: {off}.",
    )
