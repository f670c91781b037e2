"""A library must have the same version for both architectures, and no such version is available.

A library that is installed for two architectures must have one version (``Multi-Arch: same``). If the image is older
than its mirror, or the servers of the two architectures are out of step (Ubuntu's archive and ports are separate), the
target's package requires another version than the installed native one. apt fails with "held broken packages".

How to fix: upgrade the native packages first. If the servers are out of step, use mirrors of one family, or wait.

References:
    https://wiki.debian.org/Multiarch/Implementation
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits, host
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.remedies.fix import fix
from diagnose.remedies.install import module, system
from diagnose_checks.apt._triage import is_foreign_dependency, is_unlisted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment

leads_to = blocks_later_installs

#: Packages that every library depends on, whatever its architecture.

CHECK = Check(since="0.1.0", phase=Phase.PACKAGES, log_kinds=("apt-broken", "apt-unmet"), env_facts=("apt.skews",))
_BASE = ("libc6", "libgcc-s1", "libstdc++6")


def env(env: Environment) -> Iterator[Finding]:
    """See that a missing package has no version in common with the installed one."""
    if env.apt is None or not env.apt.skews:
        return
    wanted = [
        package.partition(":")[0].removesuffix("-dev")
        for library in env.libraries
        if library.outcome != "found" and (package := module(system(env), library.module, env.target))
    ]
    skews = [skew for skew in env.apt.skews if skew.name in _BASE or any(skew.name.startswith(stem) for stem in wanted)]
    if env.distro.id == "raspbian" and skews:
        yield Finding(
            message=_RASPBIAN[0],
            severity=Severity.ERROR,
            evidence=tuple(
                Evidence(f"{skew.name} {skew.installed} is installed, {' or '.join(skew.offered)} offered", skew.path)
                for skew in skews
            ),
            consequence="apt installs none of the requested packages.",
            fixes=tuple(_RASPBIAN[1]),
        )
        return
    for skew in skews:
        offered = " or ".join(skew.offered)
        yield Finding(
            message=f"{skew.name} is installed in version {skew.installed}, but {skew.architecture} has only {offered}",
            severity=Severity.ERROR,
            evidence=(Evidence(f"{skew.name} {offered}", skew.path),),
            consequence=(
                f'apt-get install of packages for {skew.architecture} fails: "held broken packages", '
                f'"{skew.name}:{skew.architecture} is not going to be installed".'
            ),
            fixes=(
                fix(
                    env,
                    "upgrade the native packages to the archive's versions",
                    commands=(
                        Command("apt-get update", FixStage.UPDATE),
                        Command("apt-get upgrade -y", FixStage.UPDATE),
                    ),
                    notes="If this changes nothing, the two servers are out of step: "
                    "use mirrors of one family for both, or try again later.",
                ),
            ),
        )


def log(log: BuildLog) -> Iterator[Finding]:
    """See apt report that a foreign package's dependency is not available in that version."""
    native = host(log).debian
    hits = [hit for hit in log.find("apt-unmet") if is_foreign_dependency(hit, native) and not is_unlisted(hit)]
    if not hits:
        return
    first = hits[0]
    if raspbian := [hit for hit in hits if re.search(r"\+rpi\d", hit.text)]:
        yield finding_from_hits(
            log, raspbian, _RASPBIAN[0], "apt installs none of the requested packages.", _RASPBIAN[1]
        )
        return
    package = first.groups["package"] + (f":{first.groups['arch']}" if first.groups["arch"] else "")
    wanted = f" in version {first.groups['version'].lstrip('=<> ')}" if first.groups["version"] else ""
    if first.groups["breaks"]:  # Multi-Arch: same is enforced like this: every other version is one that it breaks
        other = f"{first.groups['needs']}{':' + first.groups['needs_arch'] if first.groups['needs_arch'] else ''}"
        message = f"{package} and {other} must have the same version, and do not"
    else:
        message = f"{package} needs {first.groups['needs']}{wanted}, which conflicts with the installed packages"
    yield finding_from_hits(
        log,
        [*hits, *log.near(first.line, "apt-broken", after=40)],
        message,
        "apt installs none of the requested packages.",
        [
            *_left_behind(hits),
            Fix(
                "upgrade the native packages to the archive's versions first",
                (Command("apt-get update", FixStage.UPDATE), Command("apt-get upgrade -y", FixStage.UPDATE)),
            ),
            Fix("take both architectures from the same mirror, or try again in an hour"),
        ],
    )


#: Raspbian rebuilds every armhf package for Armv6 and adds +rpiN to the version of those that it changes.
_RASPBIAN = (
    "Raspbian's armhf packages (+rpi in their versions) do not go together with Debian's of another architecture",
    (
        Fix(
            "build for it in a system of Debian's own",
            notes="A container (`docker run debian:bookworm`) or the 64-bit Raspberry Pi OS, with Debian's packages. "
            "No upgrade brings the two archives to one version.",
        ),
        Fix("cross compile on a Debian or Ubuntu machine, and only run it on the Raspberry Pi"),
    ),
)


#: Architectures whose security updates end with the first three years of a release: Debian LTS (wiki.debian.org/LTS,
#: November 2026) does not have them.
_NO_LTS = ("armel", "mipsel", "mips64el", "s390x", "mips")


def _left_behind(hits: list[Hit]) -> tuple[Fix, ...]:
    """Return the fix for an architecture that a release's later updates leave out."""
    said = [hit.groups["needs_arch"] or hit.groups["arch"] for hit in hits]
    arch = next((one for one in said if one in _NO_LTS), "")
    if not arch:
        return ()
    return (
        Fix(
            f"take a newer release of Debian that has {arch}, or leave {arch} out",
            notes=f"After three years a release gets its security updates from Debian LTS, which has none for {arch}: "
            "the native packages go on, those stay behind, and no upgrade and no mirror brings them together. "
            "Debian 13 is the last release with armel; armhf is for Armv7.",
        ),
    )
