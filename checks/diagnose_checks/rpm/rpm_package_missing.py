"""No configured repository has a package with this name.

dnf stops. yum continues with the other names and exits with success, so pkg-config or the linker notice the missing
library later. Usually the name is another distribution's (``libssl-dev`` is ``openssl-devel`` here), or the package is
in a repository that is disabled by default: PowerTools or CRB, EPEL.

How to fix: use the right name, or enable the repository. ``dnf install 'pkgconfig(NAME)'`` needs no package name.

References:
    https://docs.fedoraproject.org/en-US/epel/
    https://wiki.almalinux.org/repos/AlmaLinux
"""

from __future__ import annotations

from diagnose.authoring.command_words import misplaced
from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.package_names import install_as_called
from diagnose.tables.x86_packages import is_of_x86
from diagnose_checks.rpm._triage import unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.system.distro import Distro

leads_to = blocks_later_installs
_OTHERS = "aarch64|armv7hl|ppc64le|s390x|riscv64"
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=(
        *patterns_for("dnf5-note", ("resolve the transaction", "Failed to resolve the transaction")),
        *patterns_for(
            "rpm-unknown",
            ("No match for argument", r"No match for argument: (?P<package>\S+)"),
            ("Unable to find a match", r"Unable to find a match: (?P<package>\S.*)"),
            ("Unable to find a match", r"^Error: Unable to find a match$"),  # of Fedora 27 to 29
            ("No package ", r"No package (?P<package>\S+) available"),
            ("No package matches", r"No package matches '(?P<package>[^']+)'"),
            (  # conda's packages have no architecture in their names
                "nothing provides",
                r"nothing provides (?P<package>\S+)(?: [<>=]+ \S+)? needed by .{0,200}"
                r"\.(?:noarch|src|x86_64|i[3-6]86|aarch64|armv\dhn?l|ppc64le|s390x|riscv64"
                r"|core2_\d\d|corei7_64|cortex\w{1,20}|armv[5-8]\w{1,20}|mips\w{1,20}|oe_\w{1,20})\b",
            ),
            ("No provider of", r"No provider of '(?P<package>[^']+)' found"),
            ("' not found.", r"^(?P<zypper>Package) '(?P<package>[\w.+:-]+)' not found\.$"),
        ),
        # what tells Fedora, Amazon Linux and OpenMandriva, which have neither EPEL nor CRB, from Enterprise Linux
        *patterns_for(
            "rpm-family",
            ("Fedora ", r"^Fedora (?:Modular )?\d+ "),
            (".fc2", r"\.fc2\d\b"),
            (".fc3", r"\.fc3\d\b"),
            (".fc4", r"\.fc4\d\b"),
            ("Amazon Linux", r"Amazon Linux"),
            (".amzn", r"\.amzn\d"),
            ("OpenMandriva", r"OpenMandriva"),
            ("Mageia", r"Mageia"),
            ("Azure Linux", r"Azure Linux"),
            ("@fedora", r"^\[?\w{1,40}@fedora\b"),  # a prompt
        ),
        *patterns_for(
            "rpm-machine",
            ("Enterprise Linux ", rf"^Extra Packages for Enterprise Linux \d+ - (?P<arch>{_OTHERS})\b"),
            ("Fedora ", rf"^Fedora (?:Modular )?\d+ - (?P<arch>{_OTHERS})\b"),
            *(
                (f".{one}", rf"\.(?:el|fc|amzn)\d\w{{0,20}}\.(?P<arch>{one})\b")
                for one in ("aarch64", "ppc64le", "s390x")
            ),
            ("/repodata/", rf"/(?P<arch>{_OTHERS})/(?:[\w.-]{{1,40}}/){{0,3}}repodata/"),
            ("[linux/", r"\[linux/(?P<arch>arm64|arm/v7|ppc64le|s390x|riscv64)(?: [\w.-]{1,60})? +\d+/\d+\]"),
        ),
        # OpenEmbedded installs an image's packages from the feed of its own recipes
        *patterns_for("rpm-of-recipes", ("oe-repo", r"\boe-repo\b"), ("oe-rootfs-repo", "oe-rootfs-repo")),
        *patterns_for("rpm-unregistered", ("not registered with", "is not registered with an entitlement server")),
        *patterns_for(
            "rpm-extra",
            ("Extra Packages for Enterprise", r"^(?P<epel>Extra Packages for Enterprise Linux) \d"),
            (" - CRB", r"^\S.{1,40} - (?P<crb>CRB) "),
            (" - PowerTools", r"^\S.{1,40} - (?P<crb>PowerTools) "),
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See dnf, yum or zypper miss a package."""
    hits = log.find("rpm-unknown")
    if any(hit.groups["package"] for hit in hits):
        hits = [hit for hit in hits if hit.groups["package"]]
    if hits and not any(hit.line < hits[0].line for hit in unread(log)):  # rpm-repo-unreadable
        names = [name for hit in hits for name in hit.groups["package"].replace("'", "").replace('"', "").split()]
        packages = list(dict.fromkeys(names))
        if stray := misplaced(log, hits, packages):
            yield stray
            return
        if log.find("rpm-of-recipes") or log.elsewhere_at(hits[0].line) == "yocto":
            yield _of_recipes(log, hits, packages)
            return
        arch = _machine(log, hits[0].line)
        if arch and any(map(is_of_x86, packages)):
            yield _of_x86(log, hits, packages, arch)
            return
        if " needed by " in hits[0].text and _SOLVER.match(hits[0].text):
            yield _of_solver(log, hits[0], packages[0])
            return
        distro = log.distro_at(hits[0].line)
        yield finding_from_hits(
            log,
            hits,
            f"no enabled repository has {', '.join(packages) or 'one of the packages'}",
            "dnf stops. yum continues, and the build fails later.",
            [
                *(_REGISTER if log.find("rpm-unregistered") else ()),
                *_fixes(packages, distro, _manager(hits[0], distro), _has_extras(log, distro), _enabled(log)),
                *((_PERHAPS_X86._replace(title=_PERHAPS_X86.title.format(arch=arch)),) if arch else ()),
            ],
        )


_SOLVER = re.compile(r"(?:\d+\.\d+ )?Problem: ")


def _of_solver(log: BuildLog, hit: Hit, need: str) -> Finding:
    """Return that zypper finds a package, and not what that one needs."""
    wanted = re.search(r" needed by (?:the to be installed )?(\S+)", hit.text)
    return finding_from_hits(
        log,
        [hit],
        f"no enabled repository has {need}, which {wanted[1] if wanted else 'a package'} needs",
        "zypper installs nothing.",
        (
            Fix(
                "bring the installed packages to the state of the repositories first",
                (Command("zypper --non-interactive dup", FixStage.PACKAGES),),
                notes="The packages of an image and of its repositories can be of two different days: then only "
                "packages that build others fit both. Or take a current image.",
            ),
            Fix("do without it, or name another package that brings it", notes="`zypper search --provides NAME`."),
        ),
    )


def _of_recipes(log: BuildLog, hits: list[Hit], packages: list[str]) -> Finding:
    """Return that an image of OpenEmbedded names packages that no built recipe makes."""
    names = ", ".join(packages) or "one of the packages"
    return finding_from_hits(
        log,
        hits,
        f"no recipe that was built makes the package {names} for this image",
        "do_rootfs fails: no image is made.",
        (
            Fix(
                "correct the name: IMAGE_INSTALL and RDEPENDS name packages, not recipes",
                notes=f"`oe-pkgdata-util lookup-recipe {packages[0] if packages else 'NAME'}` says which recipe makes "
                "it, `oe-pkgdata-util list-pkgs -p RECIPE` what a recipe makes. A recipe whose files are all in other "
                'packages makes none with its own name, unless it has ALLOW_EMPTY:${PN} = "1".',
            ),
            Fix(
                "let a recipe make it",
                notes="Add the layer that has the recipe to bblayers.conf; a recipe for -native alone makes no package "
                "for the image. Then `bitbake RECIPE` before the image.",
            ),
        ),
    )


def _machine(log: BuildLog, line: int) -> str:
    """Return the processor of the system at *line* if the log shows another one than x86; else empty."""
    shown = [hit.groups["arch"] for hit in log.find("rpm-machine") if hit.line <= line]
    return shown[-1] if shown else ""


def _of_x86(log: BuildLog, hits: list[Hit], packages: list[str], arch: str) -> Finding:
    """Return that packages are asked for on *arch* that exist for x86 alone."""
    names = ", ".join(filter(is_of_x86, packages))
    several = "are" if "," in names else "is"
    return finding_from_hits(
        log,
        hits,
        f"{names} {several} built for x86 alone, and this system is {arch}",
        "dnf stops. yum continues, and the build fails later.",
        (
            Fix(
                "build for x86-64",
                (Command("docker build --platform linux/amd64 .", FixStage.BUILD),),
                notes="Or FROM --platform=linux/amd64 in the Dockerfile; on a machine of another processor it is "
                "emulated.",
            ),
            Fix(f"leave {names} out where the processor is another", notes='`[ "$(uname -m)" = x86_64 ]` asks.'),
        ),
    )


#: Where the processor is another than x86, and the table does not have the package.
_PERHAPS_X86 = Fix(
    "if the name is right: look whether it is built for {arch}",
    notes="Repositories of other processors lack some packages: what drives PCs or Intel's hardware is for x86 alone. "
    "Then build for x86-64: docker build --platform linux/amd64.",
)
_INSTALL = {"yum": "yum install -y", "dnf": "dnf install -y", "zypper": "zypper --non-interactive install"}


_REGISTER = (
    Fix(
        "use an image whose repositories are public, or register the system",
        notes="Without a subscription RHEL has only UBI's repositories, with few packages: build in almalinux, "
        "rockylinux or centos:stream, or mount the host's entitlement (podman on a registered host does).",
    ),
)


def _has_extras(log: BuildLog, distro: Distro) -> bool:
    """Whether EPEL and CRB are for this distribution, as far as the log tells: Fedora and others have neither."""
    other = distro.id in ("fedora", "amzn") or log.find("rpm-family")
    return not other and not log.find("dnf5-note")  # dnf 5 is Fedora's alone


def _manager(hit: Hit, distro: Distro) -> str:
    """Return the package manager that printed *hit*: each has its own wording."""
    if distro.manager in _INSTALL:
        return distro.manager
    if hit.groups["zypper"] or "No provider" in hit.text:
        return "zypper"
    return "yum" if hit.text.endswith("available.") else "dnf"


def _enabled(log: BuildLog) -> set[str]:
    """Return which of the repositories ``epel`` and ``crb`` dnf has read."""
    return {name for hit in log.find("rpm-extra") for name in ("epel", "crb") if hit.groups[name]}


#: A package's name with the version that it is pinned to: ``gcc-11.4.1-3.el9.x86_64``.
_PINNED = r"(?P<name>[A-Za-z][\w.+-]*?)-\d[\w.+~^:]*-\d[\w.+~^]*$"


#: Packages that no distribution has, and whose repository: their installation guides, November 2026.
_VENDORS = {
    r"docker-(?:ce(?:-\w+)*|buildx-plugin|compose-plugin|model-plugin)$|containerd\.io$": "Docker",
    r"(?:kubectl|kubeadm|kubelet)$": "Kubernetes",
    r"google-chrome-\w+$": "Google",
    r"(?:mssql-tools|msodbcsql)\d*$": "Microsoft",
    r"(?:cuda|libcudnn|libnccl)[\w.-]*$": "NVIDIA",
}


def _vendor(packages: list[str]) -> str:
    """Return whose repository has all *packages*; empty if they are not known to be one vendor's."""
    owners = {next((who for words, who in _VENDORS.items() if re.match(words, name)), "") for name in packages}
    return owners.pop() if len(owners) == 1 else ""


def _fixes(packages: list[str], distro: Distro, manager: str, extras: bool, enabled: set[str]) -> list[Fix]:
    """Return fixes: install by the right names, and where the others may be."""
    pinned = {name: match["name"] for name in packages if (match := re.match(_PINNED, name))}
    if vendor := _vendor(packages):
        return [
            Fix(
                f"add the repository of {vendor} first: no distribution has these packages",
                notes="Its installation guide names the file for /etc/yum.repos.d; there is one for each distribution.",
            )
        ]
    fixes, _ = install_as_called(packages, "suse" if manager == "zypper" else "rhel", _INSTALL[manager])
    if pinned:
        install = f"{_INSTALL[manager]} {' '.join(dict.fromkeys(pinned.values()))}"
        notes = "Repositories keep the newest versions only. A kernel's own modules need the running kernel's version."
        fixes.insert(0, Fix("install the present version", (Command(install, FixStage.PACKAGES),), notes=notes))
        if len(pinned) == len(packages):
            return fixes
    if manager == "yum":
        epel = (Command("yum install -y epel-release", FixStage.SOURCES),)
        fixes.append(
            Fix("enable EPEL", epel, notes="`yum provides '*/NAME.pc'` finds a library by its pkg-config name.")
        )
        return fixes
    if manager == "zypper":
        return fixes or [Fix("search for the name", notes="`zypper search --provides 'pkgconfig(NAME)'`.")]
    if not extras:
        return fixes or [Fix("search for the name", notes="`dnf install 'pkgconfig(NAME)'` needs no package name.")]
    if enabled == {"epel", "crb"}:
        notes = "EPEL and CRB are enabled. EPEL does not build all its packages for every architecture."
        fixes.append(Fix("search for the name", notes=f"`dnf repoquery --whatprovides 'pkgconfig(NAME)'`. {notes}"))
        return fixes
    also = "" if "epel" in enabled else "epel-release "
    crb = "powertools" if distro.version.startswith("8") else "crb"
    fixes.append(
        Fix(
            "enable the repositories that are disabled by default",
            (
                Command(f"dnf install -y {also}dnf-plugins-core", FixStage.SOURCES),
                Command(f"dnf config-manager --set-enabled {crb}", FixStage.SOURCES),
            ),
            notes="`dnf install 'pkgconfig(NAME)'` finds a library by its pkg-config name."
            + ("" if distro.version else " On release 8, crb is called powertools."),
        )
    )
    return fixes
