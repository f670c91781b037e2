"""Two of conda's packages contain the same file, and a setting forbids conda to let one replace the other.

Packages of different channels often bring the same library under different names (``zlib`` of defaults, ``libzlib`` of
conda-forge). By default conda warns and goes on; with ``path_conflict: prevent`` it stops.

How to fix: take all packages of an environment from one channel.

References:
    https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/settings.html
    https://conda-forge.org/docs/user/tipsandtricks/#multiple-channels
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
        "conda-clobber",
        (
            "ClobberError: ",
            r"^(?:- )?(?:\w{1,20})?ClobberError: (?:This transaction has incompatible packages due to a shared path|"
            r"The package '(?P<package>[^']{1,200})' cannot be installed due to a\s+path collision)",
            2,
        ),
    )
    + patterns_for("conda-clobber-of", ("packages: ", r"^packages: (?P<one>\S{3,200}), (?P<other>\S{3,200})")),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See conda stop because of a path in two packages."""
    hits = log.find("conda-clobber")
    if not hits:
        return
    notes = log.near(hits[0].line, "conda-clobber-of", after=3)
    both = f": {notes[0].groups['one']} and {notes[0].groups['other']}" if notes else ""
    yield finding_from_hits(
        log,
        [hits[0], *notes],
        f"two of conda's packages contain the same file{both}",
        "conda installs nothing.",
        (
            Fix(
                "take all packages from one channel",
                (Command("conda create -n NEW -c conda-forge --strict-channel-priority PACKAGES", FixStage.PACKAGES),),
                notes="Replace NEW and PACKAGES. In an environment that has both already: make it again.",
            ),
            Fix(
                "let the one that comes later replace the file",
                (Command("conda config --set path_conflict clobber", FixStage.PACKAGES),),
                notes="conda's default: it warns. The environment may then have files of both.",
            ),
            Fix(
                "if it names one package twice: empty the cache",
                (Command("conda clean --packages --tarballs --yes", FixStage.PACKAGES),),
            ),
        ),
    )
