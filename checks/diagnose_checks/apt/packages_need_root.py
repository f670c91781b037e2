"""The package manager may not change the system, or another one is changing it.

apt, apk and dnf write to files of root's. apt also takes a lock, which an update in the background, as Ubuntu starts
one after booting, holds for minutes.

How to fix: run the command as root: with ``sudo``, or in a Dockerfile after ``USER root``. Where another process
holds the lock, wait for it.

References:
    https://manpages.debian.org/apt.conf (``DPkg::Lock::Timeout``)
    https://docs.docker.com/reference/dockerfile/#user
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    patterns=patterns_for(
        "packages-need-root",
        (
            "acquire the dpkg frontend",
            r"^(?:E|Error): Unable to acquire the dpkg frontend lock .{0,80}, (?:are you (?P<root>root)|is another)",
        ),
        (
            "Could not get lock ",
            r"^(?:E|Error): Could not get lock \S+(?:\. It is held by process (?P<held>\d+)| - open)",
        ),
        ("Unable to lock database", r"^ERROR: Unable to lock database: (?P<root>Permission denied)"),
        ("Unable to lock database", r"^ERROR: Unable to lock database: Resource temporarily unavailable(?P<other>)"),
        ("uperuser privileges", r"This command has to be run with (?P<root>superuser privileges)"),
        ("uperuser privilege", r"^(?:dpkg: error: |The )?requested operation requires (?P<root>superuser privilege)"),
        ("be root to perform", r"^You need to be (?P<root>root) to perform this command\."),
        ("Root privileges are req", r"^(?P<root>Root) privileges are required (?:to run|for) "),  # zypper
        ("unless you are root", r"^error: you cannot perform this operation unless you are (?P<root>root)"),  # pacman
        (
            "Could not open lock file",
            r"^(?:E|Error): Could not open lock file \S+ - open \(13: (?P<root>Permission denied)\)",
        ),
        (
            "List directory /var/lib/apt",
            r"^(?:E|Error): List directory /var/lib/apt/lists/partial is missing\. - Acquire \(13: "
            r"(?P<root>Permission denied)\)",
        ),
        ("transaction lock on", r"^error: can't create transaction lock on \S{1,200} \((?P<root>Permission denied)\)"),
        # the same of others
        (
            "locked by another process",
            r"^dpkg: error: dpkg (?:frontend lock was|frontend is|status database is|database is) locked by another "
            r"process",
        ),
        ("is locked by the", r"^System management is locked by the application with pid (?P<held>\d+)(?P<other>)"),
        (
            "another copy is running as",
            r"^Existing lock \S{1,100}: another copy is running as pid (?P<held>\d+)(?P<other>)",
        ),
        ("could not lock database", r"^error: could not lock database: (?P<stale>File exists)"),  # pacman
    ),
)
_AS_ROOT = (
    Fix(
        "run the command as root",
        notes="Put sudo before it; in a Dockerfile, USER root before and the user's name after it. Images of "
        "devcontainers and "
        "CI often run as another user.",
    ),
)
_WAIT = (
    Fix(
        "let apt wait for the lock",
        (Command("apt-get -o DPkg::Lock::Timeout=300 update", FixStage.UPDATE),),
        notes="The same option for install. On Ubuntu it is often unattended-upgrades, just after booting.",
    ),
)

_STALE = (
    Fix(
        "if no other pacman runs: remove the lock that an interrupted one left",
        (Command("rm /var/lib/pacman/db.lck", FixStage.PACKAGES),),
        notes="`pgrep pacman` shows whether one runs.",
    ),
)
_LATER = (
    Fix("run the command again when the other one has ended", notes="`ps aux` shows what installs packages now."),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a package manager without the rights, or locked."""
    hits = log.find("packages-need-root")
    if hits:
        root = any(hit.groups["root"] for hit in hits)
        yield finding_from_hits(
            log,
            hits,
            "this user may not install packages" if root else "another process installs packages at the same time",
            "Nothing is installed.",
            _AS_ROOT
            if root
            else _STALE
            if any(hit.groups["stale"] for hit in hits)
            else _LATER
            if any("other" in hit.groups for hit in hits)
            else _WAIT,
        )
