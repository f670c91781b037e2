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
            "Invalid distribution metadata: ",
            r"Invalid distribution metadata: (?:.{0,100} )?(?P<field>\S{1,60})\s+introduced in "
            r"metadata version (?P<since>\d\.\d), not (?P<told>\d\.\d)",
            2,
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
        if hit.groups["since"]:
            field, since, told = hit.groups["field"], hit.groups["since"], hit.groups["told"]
            yield finding_from_hits(
                log,
                [hit],
                f"the file says that its metadata is of version {told}, but has {field}, which is new in {since}",
                "The file is not uploaded.",
                [
                    Fix(
                        "update the build backend, and build the files again",
                        (Command("python3 -m pip install --upgrade build", FixStage.TOOLCHAIN),),
                        notes="The backend wrote both: in [build-system] of pyproject.toml require a newer one "
                        "(hatchling>=1.27, setuptools>=77.0.3, flit-core>=3.12, poetry-core>=2.2).",
                    ),
                    Fix("until then, write the license as text", notes='license = {text = "MIT"} in pyproject.toml.'),
                ],
            )
            return
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
