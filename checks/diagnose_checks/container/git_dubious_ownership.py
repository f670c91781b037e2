"""git refuses a repository that belongs to another user.

Since 2.35.2 git reads no repository whose folder belongs to another user than the one that runs it. A container runs
as root, and the folder that it mounts belongs to the user outside. Builds that take their version from git then stop,
or get a wrong one.

How to fix: name the folder as safe inside the container, for the user that runs the build.

References:
    https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "git-dubious-ownership",
        ("dubious ownership in repo", r"fatal: detected dubious ownership in repository at '(?P<folder>[^']{1,300})'"),
        (
            "not owned by current user",
            r"repository path '(?P<folder>[^']{1,300}?)/?' is not owned by current user; class=Config",
        ),
        ("unsafe repository (", r"fatal: unsafe repository \('(?P<folder>[^']{1,300})' is owned by someone else\)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See git refuse a repository."""
    hits = log.find("git-dubious-ownership")
    if hits:
        folder = hits[0].groups["folder"]
        yield finding_from_hits(
            log,
            hits,
            f"git refuses {folder}, which belongs to another user",
            "What asks git, as for a version, fails.",
            (
                Fix(
                    "name the folder as safe, in the container",
                    (Command(f"git config --global --add safe.directory {quote(folder)}", FixStage.TOOLCHAIN),),
                    notes="Before the build, as the user that runs it: CIBW_BEFORE_ALL_LINUX, before-script-linux of "
                    "maturin-action.",
                ),
            ),
        )
