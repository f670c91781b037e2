"""No package of this name is in the configured repositories.

dnf stops. yum goes on with the other names of the same call and exits with success, so that the missing library is
noticed only later, by pkg-config or the linker. Usually the name is another distribution's (``libssl-dev`` is
``openssl-devel`` here), or the package is in a repository that is off by default: PowerTools or CRB, EPEL.

Mend it: the right name, or the repository. ``dnf install 'pkgconfig(NAME)'`` needs no package name at all.

References:
    https://docs.fedoraproject.org/en-US/epel/
    https://wiki.almalinux.org/repos/AlmaLinux
"""

from __future__ import annotations

from checks._log import distinct, found
from checks._names import called_here
from checks._order import prepares
from diagnose.finding import Command, Finding, Fix, Phase, Stage
from diagnose.named import TYPE_CHECKING
from diagnose.phrase import wordings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

PHASE = Phase.START
leads_to = prepares
PHRASES = wordings(
    "rpm-unknown",
    ("No match for argument", r"No match for argument: (?P<package>\S+)"),
    ("Unable to find a match", r"Unable to find a match: (?P<package>\S+)"),
    ("No package ", r"No package (?P<package>\S+) available"),
    ("No package matches", r"No package matches '(?P<package>[^']+)'"),
    ("No provider of", r"No provider of '(?P<package>[^']+)' found"),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See dnf, yum or zypper not know a name."""
    for hit in distinct(log.find("rpm-unknown"), "package"):
        package = hit.said["package"].strip("'\"")
        yield found(
            log,
            [hit],
            f"no repository that is switched on has a package {package}",
            "yum goes on without it, and what needs it fails later; dnf stops.",
            _fixes(package, log.distro_at(hit.line).version),
        )


def _fixes(package: str, version: str) -> list[Fix]:
    fixes = []
    known = called_here(package, "rhel")
    if known and known != package:
        fixes.append(Fix(f"its name here is {known}", (Command(f"dnf install -y {known}", Stage.PACKAGES),)))
    crb = "powertools" if version.startswith("8") else "crb"
    fixes.append(
        Fix(
            "switch on the repositories that are off by default",
            (
                Command("dnf install -y epel-release dnf-plugins-core", Stage.SOURCES),
                Command(f"dnf config-manager --set-enabled {crb}", Stage.SOURCES),
            ),
            notes="`dnf install 'pkgconfig(NAME)'` finds a library by its pkg-config name.",
        )
    )
    return fixes
