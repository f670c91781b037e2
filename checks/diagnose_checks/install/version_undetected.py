"""The build finds no version of the project.

setuptools-scm, hatch-vcs and versioningit take the version from git: from the last tag. A shallow clone has no tags,
a copy into a container may lack ``.git`` or the program git, and archives of GitHub have neither.

How to fix: fetch the whole history with its tags, bring ``.git`` and git into the build, or give the version by a
variable.

References:
    https://setuptools-scm.readthedocs.io/en/latest/usage/
    https://github.com/actions/checkout#fetch-all-history-for-all-tags-and-branches
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "version-undetected",
        ("unable to detect version for", r"setuptools-scm was unable to detect version for "),
        ("etting the version from source", r"Error getting the version from source `vcs`"),
        ("versioningit", r"versioningit\.errors\.\w+: "),
        ("requires either an sdist tarb", r"Versioning for this project requires either an sdist tarball"),
        ("detect version control system", r"^RuntimeError: Unable to detect version control system"),
        ("appear to be a Git project", r"^RuntimeError: This does not appear to be a (?:Git|Mercurial) project"),
        ("Getting the version from source", r"^ValueError: Getting the version from source `vcs` failed"),
        (
            "etting the version from source",
            r"Error getting the version from source `(?:regex|code|path)`: (?:file does not exist: "
            r"(?P<absent>\S{1,300})"
            r"|unable to parse the version from the file: (?P<file>\S{1,300}))",
        ),
    )
    + patterns_for(
        "git-absent",
        ("' was not found", r"UserWarning: 'git' was not found$"),
        ("command git not found", r"\bcommand git not found\b"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a build back end not find the version."""
    hits = log.find("version-undetected")
    if log.find("git-dubious-ownership"):
        return  # git-dubious-ownership
    for hit in [hit for hit in hits if hit.groups["absent"] or hit.groups["file"]][:1]:
        gone = hit.groups["absent"]
        yield finding_from_hits(
            log,
            [hit],
            f"hatchling is to read the version in {gone}, which does not exist"
            if gone
            else f"hatchling finds no version in {hit.groups['file']}",
            "No wheel is built.",
            (
                Fix(
                    "bring the file into the build, or correct [tool.hatch.version] path"
                    if gone
                    else "write it as hatchling looks for it",
                    notes='A line __version__ = "1.0" or VERSION = "1.0"; another one: pattern in '
                    "[tool.hatch.version]. Where a "
                    "build hook writes the file, it has to run before: [tool.hatch.build.hooks.vcs].",
                ),
            ),
        )
        return
    absent = log.find("git-absent") if hits else []
    if absent:
        yield finding_from_hits(
            log,
            [absent[0], *hits],
            "git is not installed, and the project's version comes from it",
            "No wheel is built.",
            (*install_by_family(log, absent[0].line, "install git", _GIT), _GIVE),
        )
    elif hits:
        yield finding_from_hits(
            log,
            hits,
            "the project's version comes from git, and is not found there",
            "No wheel is built.",
            (
                Fix(
                    "fetch the history with its tags",
                    (Command("git fetch --tags --unshallow", FixStage.BUILD),),
                    notes="actions/checkout: fetch-depth: 0. In a Dockerfile: install git, and COPY .git as well.",
                ),
                *_given(hits),
            ),
        )


def _given(hits: list[Hit]) -> tuple[Fix, ...]:
    """Return how the tool of *hits* is given the version."""
    if any("sdist tarball" in hit.text for hit in hits):
        return (_GIVE._replace(env=(("PBR_VERSION", "1.0.0"),), notes="1.0.0 stands for the version."),)
    if any(re.search("^RuntimeError: (?:Unable to detect|This does)", hit.text) for hit in hits):
        return (
            _GIVE._replace(env=(("POETRY_DYNAMIC_VERSIONING_BYPASS", "1.0.0"),), notes="1.0.0 stands for the version."),
        )
    return (_GIVE,)


_GIVE = Fix(
    "give the version",
    env=(("SETUPTOOLS_SCM_PRETEND_VERSION", "1.0.0"),),
    notes="1.0.0 stands for the version. For one project of several: SETUPTOOLS_SCM_PRETEND_VERSION_FOR_NAME.",
)
_GIT = dict.fromkeys(("debian", "rhel", "alpine", "arch", "suse"), ("git",))
