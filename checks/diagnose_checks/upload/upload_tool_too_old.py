"""twine does not know the version of the metadata.

Build back ends write new versions of the metadata (2.4 brought ``License-Expression`` and ``License-File``). twine
reads files with the packages pkginfo (before 6) or packaging, and refuses, or misreads, a version that they do not
know.

How to fix: update twine and these two, where it runs. As a stopgap, let the back end write an older version.

References:
    https://packaging.python.org/en/latest/specifications/core-metadata/
    https://twine.readthedocs.io/en/stable/changelog.html
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
    phase=Phase.LATER,
    patterns=patterns_for(
        "metadata-unknown",
        (
            "Metadata is missing required",
            r"InvalidDistribution: Metadata is missing required fields: (?P<fields>Name[\w, -]{0,60})",
        ),
        (
            "unrecognized or malformed",
            r"Invalid distribution metadata: .{0,200}?unrecognized or malformed field '(?P<field>[\w-]{1,60})'",
        ),
        (
            "is not a valid metadata",
            r"Invalid distribution metadata: .{0,60}'?(?P<version>\d\.\d)'? is not a valid metadata version",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See twine stumble over metadata that is newer than itself."""
    for hit in log.find("metadata-unknown")[:1]:
        what = hit.groups["field"] or hit.groups["version"] or ""
        yield finding_from_hits(
            log,
            [hit],
            f"twine does not know {what}, which newer metadata has"
            if what
            else "twine cannot read the file's metadata",
            "The file is not uploaded.",
            (
                Fix(
                    "update twine and its readers of metadata",
                    (Command("python3 -m pip install --upgrade twine pkginfo packaging", FixStage.TOOLCHAIN),),
                    notes="pypa/gh-action-pypi-publish has its own twine: use its newest release (release/v1).",
                ),
                Fix(
                    "let the build back end write older metadata",
                    notes='[build-system] requires: "setuptools<77", "hatchling<1.27"; remove license-files and an '
                    "SPDX "
                    "license from [project].",
                ),
            ),
        )
