"""apt cannot read one of its files of package sources.

A line is not in the form of an entry, a stanza lacks a field, or a script wrote something else there, such as the page
of an error that a server answered. apt then does nothing at all.

How to fix: correct or remove the file that the message names.

References:
    https://manpages.debian.org/stable/apt/sources.list.5.en.html
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
    phase=Phase.PACKAGES,
    patterns=patterns_for(
        "sources-malformed",
        (
            "Malformed ",
            r"^(?:E|Error): Malformed (?:entry|line|stanza) (?P<row>\d+) in (?:list|source list|sources?|file) "
            r"(?:file )?"
            r"(?P<file>/\S{1,300})(?: \((?P<why>[^)]{1,80})\))?",
        ),
        (
            "is not known on ",
            r"^(?:E|Error): Type '(?P<type>[^']{1,200})' is not known on (?:line|stanza) (?P<row>\d+) in "
            r"source(?:s)? list "
            r"(?P<file>/\S{1,300})",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See apt refuse an entry."""
    for hit in log.find("sources-malformed")[:1]:
        file, row = hit.groups["file"], hit.groups["row"]
        page = hit.groups["type"].lstrip().startswith(("<", "{"))
        yield finding_from_hits(
            log,
            [hit],
            f"{file} holds a web page instead of entries" if page else f"apt cannot read entry {row} of {file}",
            "apt does nothing.",
            (
                Fix(
                    "write the file again, from an address that exists",
                    (Command(f"rm {file}", FixStage.SOURCES),),
                    notes="curl needs -f: it writes the server's error into the file else. The release's name in the "
                    "address, as "
                    "of lsb_release -cs, may be one that the vendor does not have.",
                )
                if page
                else Fix(
                    "correct it",
                    notes="One line in a .list file: deb [signed-by=/etc/apt/keyrings/NAME.gpg] URL SUITE COMPONENT. A "
                    ".sources "
                    "file has fields: Types, URIs, Suites, Components. An empty variable leaves a word out: "
                    "$(lsb_release -cs) "
                    "where lsb-release is not installed, $VERSION_CODENAME without . /etc/os-release.",
                ),
            ),
        )
