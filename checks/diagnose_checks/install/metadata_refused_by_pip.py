"""pip refuses the metadata of an old release.

Since 24.1 pip accepts only versions and requirements as PEP 440 and PEP 508 define them: no ``>=2.0.*``, no
``1.0-beta-x``. setuptools does since 66, in a setup.py and of every package that is installed. Old releases of packages
have such metadata, and distributions write versions such as ``0.23ubuntu1``.

How to fix: ask for a newer release. Where the old one is needed, use pip below 24.1.

References:
    https://pip.pypa.io/en/stable/news/#v24-1
    https://peps.python.org/pep-0440/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.build_constraint import build_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "metadata-refused-by-pip",
        ("has invalid metadata: ", r"Requested (?P<package>[\w.\[\]-]{1,100}).{0,300} has invalid metadata: "),
        ("use pip<24.1", r"Please use pip<24\.1 if you need to use this version"),
        ("error in ", r"^error in (?P<setup>[\w.-]{1,100}) setup command: '\w{1,20}_requires?' must be"),
        (
            "Invalid distribution name or ve",
            r"^error: Invalid distribution name or version syntax: (?P<setup>\S{1,100})",
        ),
        (
            "(package: ",
            r"InvalidVersion: Invalid version: '(?P<version>[^']{1,60})' \(package: (?P<installed>[\w.-]{1,100})\)",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See pip refuse metadata."""
    hits = log.find("metadata-refused-by-pip")
    if installed := next((hit for hit in hits if hit.groups["installed"]), None):
        yield _of_installed(log, installed)
    elif setup := next((hit for hit in hits if hit.groups["setup"]), None):
        yield _of_setup(log, setup)
    elif hits:
        package = next((hit.groups["package"] for hit in hits if hit.groups["package"]), "").partition("[")[0]
        yield finding_from_hits(
            log,
            hits,
            f"the metadata of {package or 'a package'} is not valid for this pip, or setuptools",
            "This release cannot be installed.",
            (
                Fix(
                    "use a newer release of the package",
                    (Command(f"python3 -m pip install --upgrade {package or 'PACKAGE'}", FixStage.BUILD),),
                    notes="Another package, or a lock file, may ask for the old one.",
                ),
                Fix("use an older pip", (Command("python3 -m pip install 'pip<24.1'", FixStage.TOOLCHAIN),)),
            ),
        )


def _of_setup(log: BuildLog, hit: Hit) -> Finding:
    """Return the finding for a setup.py whose name, version or requirements setuptools refuses."""
    name = hit.groups["setup"]
    return finding_from_hits(
        log,
        [hit],
        f"setuptools refuses the name, version or requirements in the setup.py of {name}",
        "This release cannot be built.",
        (
            Fix(
                "use a newer release of the package", notes="In a project of your own: correct what the message names."
            ),
            Fix("build it with a setuptools of its time", build_with("setuptools<66", "PACKAGE")),
        ),
    )


def _of_installed(log: BuildLog, hit: Hit) -> Finding:
    """Return the finding for an installed package whose version setuptools cannot read."""
    package, version = hit.groups["installed"], hit.groups["version"]
    return finding_from_hits(
        log,
        [hit],
        f"{package} is installed here in version {version}, which is not one of Python's (PEP 440)",
        "setuptools and pkg_resources stop when they list what is installed.",
        (
            Fix(
                "install into a virtual environment, which does not see the system's packages",
                (
                    Command("python3 -m venv .venv", FixStage.TOOLCHAIN),
                    Command(". .venv/bin/activate", FixStage.TOOLCHAIN),
                ),
            ),
            Fix(
                "update that package, or remove it",
                notes="Newer releases of Ubuntu have distro-info and python-debian with valid versions.",
            ),
        ),
    )
