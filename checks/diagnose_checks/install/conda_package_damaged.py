"""A package in conda's cache is damaged.

conda unpacks packages into a cache, and links environments from there. A download that was cut, a full disk, a program
that changed a file through its hard link, or a file system without the rights that conda needs leave a package that
does not hold what its list says.

How to fix: empty the cache, and let conda download the package again.

References:
    https://docs.conda.io/projects/conda/en/stable/commands/clean.html
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
        "conda-package-damaged",
        (
            "VerificationError: The package ",
            r"^CondaVerificationError: The package for (?P<package>\S{1,100}) located at (?P<path>\S{1,300})",
        ),
        (
            "InvalidArchiveError",
            r"InvalidArchiveError\([\"']Error with archive (?P<path>[^\"']{1,300}?)\.? +You probably",
        ),
        (
            "SafetyError: The package for",
            r"^SafetyError: The package for (?P<package>\S{1,100}) located at (?P<path>\S{1,300})",
        ),
        ("Package cache error", r"libmamba Package cache error(?: for '(?P<package>[^']{1,100})')?"),
        ("ChecksumMismatchError", r"^ChecksumMismatchError: Conda detected a mismatch between the expected content"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See conda refuse what it has unpacked or downloaded."""
    for hit in log.find("conda-package-damaged")[:1]:
        what = hit.groups["package"] or hit.groups["path"].rpartition("/")[2] or "a package"
        yield finding_from_hits(
            log,
            [hit],
            f"{what} in conda's cache is damaged",
            "The environment is not made.",
            (
                Fix(
                    "empty the cache, and download it again",
                    (Command("conda clean --packages --tarballs --yes", FixStage.PACKAGES),),
                    notes="If it happens again: look whether the disk is full, and whether the cache is on a file "
                    "system without links or rights of its own (a drive of Windows in WSL): CONDA_PKGS_DIRS names "
                    "another folder.",
                ),
            ),
        )
