"""Two packages contain the same file, so rpm refuses the transaction.

dnf and yum have chosen the packages and downloaded them; the test of the transaction then fails. The packages are
rivals (Docker's and the distribution's), one has been renamed, or they are one package in two versions for two
architectures.

How to fix: remove the package that is installed, or bring both to one version.

References:
    https://rpm-software-management.github.io/rpm/man/rpm.8
    https://dnf.readthedocs.io/en/latest/command_ref.html#swap-command
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose_checks.rpm._triage import manager, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = blocks_later_installs
_FILE = r"(?<!\S)file (?P<file>/\S{1,300})"
CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    patterns=patterns_for(
        "rpm-file-twice",
        (  # zypper
            "File /",
            r"^File (?P<file>/\S{1,300})\s+from install of\s+(?P<package>\S{1,200})(?: \([^)]{1,100}\))?\s+conflicts "
            r"with file from "
            r"(?:package|install of)\s+(?P<owner>\S{1,200})",
            5,
        ),
        (
            "conflicts with file from",
            rf"{_FILE} from install of (?P<package>\S{{1,200}}) conflicts with file from package "
            r"(?P<owner>\S{1,200})",
        ),
        (
            "conflicts between attempted",
            rf"{_FILE} conflicts between attempted installs of (?P<package>\S{{1,200}}) and (?P<owner>\S{{1,200}})",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See rpm's test of a transaction find a file in two packages."""
    hits = log.find("rpm-file-twice")
    if not hits:
        return
    said, tool = hits[0].groups, manager(log, hits[0].line)
    package, owner = name_of(said["package"]), name_of(said["owner"])
    installed = "from package" in hits[0].text
    yield finding_from_hits(
        log,
        hits,
        f"{said['package']} and {said['owner']}{', which is installed,' if installed else ''} both have {said['file']}",
        "Nothing of the transaction is installed.",
        [
            Fix(
                f"bring {owner} to one version, for all its architectures",
                (Command(f"{tool} upgrade -y {owner}", FixStage.PACKAGES),),
                notes=f"Then install {package} again.",
            )
        ]
        if package == owner
        else [
            Fix(
                f"put {package} in the place of {owner}",
                (Command(f"{tool} swap -y {owner} {package}", FixStage.PACKAGES),),
                notes=f"What needs {owner} goes too, unless {package} provides it. Of rival sources, one alone "
                "should be enabled.",
            )
        ]
        if installed
        else [Fix(f"install only one of the two: {package} or {owner}", notes="They cannot be installed together.")],
    )
