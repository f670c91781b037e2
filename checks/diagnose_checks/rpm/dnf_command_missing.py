"""A command of dnf is in a plugin that is not installed.

``dnf builddep``, ``config-manager``, ``copr``, ``download`` and others are not part of dnf. Images contain dnf without
plugins, and microdnf and tdnf have none at all.

How to fix: install the plugin by the command's name.

References:
    https://dnf-plugins-core.readthedocs.io/
    https://dnf5.readthedocs.io/en/latest/
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = blocks_later_installs
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "dnf-command",
        ("No such command: ", r"No such command: (?P<name>[\w-]{1,60})\. Please use \S{0,60}(?:dnf|yum)"),
        ("It could be a", r"It could be a (?:DNF|YUM) plugin command, try: .{0,40}\((?P<name>[\w-]{1,60})\)"),
        ("Unknown argument ", r"Unknown argument \"(?P<name>builddep|config-manager|copr)\" for command \"dnf5?\""),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See dnf not know a command."""
    hits = log.find("dnf-command")
    if not hits:
        return
    name = hits[0].groups["name"]
    yum = any("/yum" in hit.text for hit in hits)
    package = "yum-utils" if yum else f"'dnf-command({name})'"
    yield finding_from_hits(
        log,
        hits,
        f"{'yum' if yum else 'dnf'} {name} is in a plugin that is not installed",
        "Nothing is done.",
        (
            Fix(
                f"install the plugin: {package}",
                (Command(f"{'yum' if yum else 'dnf'} install -y {package}", FixStage.SOURCES),),
                notes="Before the first use, in the same RUN."
                + (" yum's own name for it is then yum-config-manager, yum-builddep." if yum else ""),
            ),
        ),
    )
