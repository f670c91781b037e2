"""What a package requires cannot be installed, so dnf or yum install nothing.

A required package conflicts with an installed one, exists only in another version than the one that is required, is
hidden by a module stream, or is not in this release at all: a package for Enterprise Linux 7 asks for the glibc and
systemd of that release.

How to fix: read which package prevents it. Update everything first, replace the rival package, or take the build
for this release.

References:
    https://dnf.readthedocs.io/en/latest/command_ref.html
    https://docs.fedoraproject.org/en-US/modularity/using-modules/
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose_checks.rpm._triage import manager, name_of, unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

leads_to = blocks_later_installs
_P = r"\S{1,200}"
#: A package of rpm with its processor: libsolv words the same of conda's, which have none.
_NEVRA = r"\S{1,200}\.(?:noarch|x86_64(?:_v\d)?|i[3-6]86|aarch64|armv\w{2,4}|ppc64le|s390x|riscv64|src)"
_NEEDS = r"(?P<needs>\S{1,200}(?: [<>=]{1,2} \S{1,80})?)"
CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    log_kinds=("rpm-unknown", "rpm-unread"),
    patterns=patterns_for(
        "rpm-refused",
        # yum
        (
            "Error: Package: ",
            rf"Error: Package: (?P<package>{_P})(?: \([^)]{{0,200}}\))?\s+Requires: {_NEEDS}"
            rf"\s+(?P<there>Installed|Removing|Updated By): (?P<by>{_P})",
            3,
        ),
        ("Error: Package: ", rf"Error: Package: (?P<package>{_P})(?: \([^)]{{0,200}}\))?\s+Requires: {_NEEDS}", 2),
        ("conflicts with", rf"Error: (?P<package>{_P}) (?P<rival>conflicts) with (?P<by>{_P})$"),
        # rpm -i
        (
            "rror: Failed dependencies:",
            rf"^error: Failed dependencies:\s+{_NEEDS} is needed by (?P<package>{_P})",
            2,
        ),
        # dnf
        (
            "provided by",
            rf"package (?P<package>{_NEVRA})(?: from \S{{1,80}})? (?P<rival>conflicts|obsoletes)(?: with)? \S{{1,200}}"
            rf"(?: [<>=]{{1,2}} \S{{1,80}})? provided by (?P<by>{_P})",
        ),
        ("cannot install both", rf"cannot install both (?P<package>{_NEVRA})(?: from \S{{1,80}})? and (?P<by>{_P})"),
        ("filtered out by", rf"package (?P<package>{_P}) is filtered out by (?P<filter>modular|exclude) filtering"),
        (
            "none of the providers",
            rf"package (?P<package>{_NEVRA})(?: from \S{{1,80}})? requires {_NEEDS}, but none of the providers can "
            rf"be installed",
        ),
    ),
)
_SYSTEM = re.compile(r"lib(?:c|stdc\+\+)\.so\.6\((?P<version>(?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)\)|rtld\(GNU_HASH\)")


def log(log: BuildLog) -> Iterator[Finding]:
    """See dnf or yum find no way to install a package's requirements."""
    hits = log.find("rpm-refused")
    if not hits or log.find("rpm-unknown") or unread(log):  # rpm-package-missing, rpm-repo-unreadable
        return
    hit = min(hits, key=_weight)
    tool = manager(log, hit.line)
    yield finding_from_hits(
        log, [hit, *hits], _message(hit), f"{tool} installs none of the requested packages.", _fixes(hit, tool)
    )


def _weight(hit: Hit) -> int:
    """Return how much *hit* tells: first the package that prevents it, then the one that cannot be installed."""
    said = hit.groups
    if said["rival"]:
        return 0
    if said["there"] or said["by"]:
        return 1
    return 2 if _SYSTEM.search(said["needs"]) else 3 if said["filter"] else 4


def _message(hit: Hit) -> str:
    said = hit.groups
    if said["rival"] or (said["by"] and not said["needs"]):
        if name_of(said["package"]) == name_of(said["by"]):
            return f"two versions are asked for at once: {said['package']} and {said['by']}"
        return f"{said['package']} and {said['by']} cannot be installed together"
    if said["filter"]:
        return f"{said['package']} is hidden by {'a module stream' if said['filter'] == 'modular' else 'an exclude'}"
    if said["by"]:
        return f"{said['package']} requires {said['needs']}, and {said['by']} is installed"
    if _SYSTEM.search(said["needs"]):
        return f"{said['package']} is for a newer release: it requires {said['needs']}, which no repository has"
    if "none of the providers" in hit.text:
        return f"{said['package']} requires {said['needs']}, which cannot be installed here"
    return f"{said['package']} requires {said['needs']}, which no enabled repository has"


#: Oracle Linux's repository with packages for building alone, where it has another name.
_ORACLE = {"6": "ol6_addons", "7": "ol7_optional_latest"}


def _fixes(hit: Hit, tool: str) -> list[Fix]:
    said = hit.groups
    package, by = name_of(said["package"]), name_of(said["by"])
    update = Fix(
        "bring everything to the repositories' newest versions first",
        (Command(f"{tool} clean all", FixStage.UPDATE), Command(f"{tool} upgrade -y", FixStage.UPDATE)),
        notes="In a container: or take a newer image. A mirror that is being updated: run it again later, or add "
        "--nobest (dnf).",
    )
    if said["rival"] or (said["by"] and not said["needs"]):
        if package == by:
            return [update]
        return [
            Fix(
                f"replace {by} by {package}",
                (Command(f"{tool} swap -y {by} {package}", FixStage.PACKAGES),),
                notes="Or dnf install --allowerasing. What needs the removed package goes too, unless the other "
                "provides it.",
            )
        ]
    if said["filter"] == "modular":
        return [
            Fix(
                "reset the module that hides it",
                (Command(f"{tool} module list --enabled", FixStage.PACKAGES),),
                notes=f"Then {tool} module reset NAME, and {tool} module enable NAME:STREAM with the stream that has "
                f"{package}; {tool} module disable NAME for a package from another repository.",
            )
        ]
    if said["filter"]:
        return [
            Fix(
                "take the exclude away",
                notes=f"exclude= or excludepkgs= in /etc/{tool}.conf, /etc/dnf/dnf.conf or /etc/yum.repos.d; "
                "--disableexcludes=all for one command.",
            )
        ]
    if said["by"]:
        return [update]
    release = Fix(
        "take the package's build for this release, or a newer system",
        notes="The repository's address names the release: el7, el8, el9, fc42. A library's version is of its "
        "distribution: it cannot be installed beside it.",
    )
    if _SYSTEM.search(said["needs"]):
        return [release]
    oracle = re.search(r"\(ol(\d{1,2})_", hit.text)
    enable = Fix(
        "enable the repository that has it",
        (Command(f"{tool} provides '{said['needs']}'", FixStage.PACKAGES),),
        notes="EPEL and CRB (PowerTools) on Enterprise Linux; extras on CentOS 7.",
    )
    if oracle:
        repo = _ORACLE.get(oracle[1], f"ol{oracle[1]}_codeready_builder")
        enable = Fix(
            f"enable Oracle Linux's {repo}, which has what the others need",
            (
                Command(f"{tool} install -y {'yum-utils' if tool == 'yum' else 'dnf-plugins-core'}", FixStage.SOURCES),
                Command(
                    f"yum-config-manager --enable {repo}"
                    if tool == "yum"
                    else f"dnf config-manager --set-enabled {repo}",
                    FixStage.SOURCES,
                ),
            ),
            notes=f"`{tool} --enablerepo='*' provides {said['needs']}` asks all of them.",
        )
    if oracle or re.fullmatch(r"[\w+-]{1,80}-devel", said["needs"]):
        return [enable, update, release]  # of a package's plain name no version is missing
    return [update, enable, release]
