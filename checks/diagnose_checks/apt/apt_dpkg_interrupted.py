"""dpkg was interrupted, or has not finished installing packages.

A container that was stopped during an installation, a job that reached its time limit or a full disk leaves dpkg's
journal behind. apt then refuses every installation: "dpkg was interrupted". Packages that are unpacked but not
configured are another matter: apt configures them in its next run, which fails if their scripts fail.

How to fix: run ``dpkg --configure -a``, then ``apt-get install --fix-broken`` for a package that was being unpacked; or
begin again from the image.

References:
    https://manpages.debian.org/trixie/dpkg/dpkg.1.en.html
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    patterns=patterns_for(
        "dpkg-interrupted", ("dpkg was interrupted", r"^(?:E|Error): dpkg was interrupted, you must manually")
    ),
    env_facts=("dpkg_journal", "dpkg_unfinished"),
)
_STATUS = "/var/lib/dpkg/status"


def env(env: Environment) -> Iterator[Finding]:
    """See dpkg's journal, or packages that are not configured."""
    unfinished = env.dpkg_unfinished
    if not env.dpkg_journal and not unfinished:
        return
    more = f" and {len(unfinished) - 3} more" if len(unfinished) > 3 else ""
    named = Evidence(", ".join(unfinished[:3]) + more, _STATUS)
    if env.dpkg_journal:
        lacking = any(library.outcome != "found" for library in env.libraries)
        journal = Evidence("the journal that dpkg removes at the end", env.dpkg_journal)
        yield Finding(
            message="dpkg was interrupted: apt installs nothing until it is finished",
            severity=Severity.ERROR if lacking else Severity.WARNING,
            evidence=(journal, named) if unfinished else (journal,),
            consequence="apt-get install fails: \"dpkg was interrupted, you must manually run 'dpkg --configure -a'\".",
            fixes=(_FINISH,),
        )
        return
    count = "a package is" if len(unfinished) == 1 else f"{len(unfinished)} packages are"
    yield Finding(
        message=f"{count} not configured: dpkg has not finished the installation",
        severity=Severity.NOTE,
        evidence=(named,),
        consequence="apt configures them in its next run, and fails if their scripts fail.",
        fixes=(_FINISH,),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See apt refuse to install anything."""
    for hit in log.find("dpkg-interrupted")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            "dpkg was interrupted in an earlier run: apt installs nothing until it is finished",
            "Nothing is installed.",
            (_FINISH, Fix("begin again from the image", notes="A run before was stopped while it installed packages.")),
        )


leads_to = blocks_later_installs
# dpkg configures what is unpacked. It fails at what depends on a package that was being unpacked when it was stopped;
# which one that is, only the journal tells. apt installs that one again, but not while there is a journal.
_FINISH = Fix(
    "finish the installation",
    (Command("dpkg --configure -a || true; apt-get install -y --fix-broken", FixStage.SOURCES),),
    safe=True,
)
