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
            r"^E: Unable to acquire the dpkg frontend lock .{0,80}, (?:are you (?P<root>root)|is another)",
        ),
        ("Could not get lock ", r"^E: Could not get lock \S+(?:\. It is held by process (?P<held>\d+)| - open)"),
        ("Unable to lock database", r"^ERROR: Unable to lock database: (?P<root>Permission denied)"),
        ("superuser privileges", r"This command has to be run with (?P<root>superuser privileges)"),
        ("Could not open lock file", r"^E: Could not open lock file \S+ - open \(13: (?P<root>Permission denied)\)"),
        (
            "List directory /var/lib/apt",
            r"^E: List directory /var/lib/apt/lists/partial is missing\. - Acquire \(13: (?P<root>Permission denied)\)",
        ),
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
            (*(_AS_ROOT if root else _WAIT),),
        )
