"""The package has no wheel that fits, and no source distribution either.

``(from versions: none)`` means that the index lists nothing that this pip could use: wheels for other platforms or
Pythons only, and no source. It is also what pip says if the index could not be reached, or if the name is misspelt.

How to fix: a Python or platform that has a wheel; an older or newer version of the package; ask for a source
distribution.

References:
    https://pip.pypa.io/en/stable/topics/dependency-resolution/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, Phase, Stage
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "no-versions",
        ("from versions:", r"requirement (?P<package>[\w.\[\]-]+).*\(from versions: (?:none)?\)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See pip find nothing under a name, without a failing network."""
    for hit in log.find("no-versions")[:1]:
        if log.near(hit.line, "outage", before=60):
            continue
        package = hit.groups["package"]
        yield finding_from_hits(
            log,
            [hit],
            f"the index has nothing for {package} that this Python on this machine could use",
            "It is not installed.",
            [
                Fix(
                    "see what this pip accepts, and what there is",
                    (
                        Command("python3 -m pip debug --verbose", Stage.TOOLCHAIN),
                        Command(f"python3 -m pip index versions {package.partition('[')[0]}", Stage.TOOLCHAIN),
                    ),
                    notes="Wheels for other platforms or Pythons only, and no source; or the name is another one.",
                )
            ],
        )
