"""A repository has a submodule that its file .gitmodules does not name.

git keeps the commit of a submodule in the tree, and its address in ``.gitmodules``. Where somebody added a folder that
was itself a clone (``git add vendor/lib``), or removed the entry alone, git has a commit and no address: every clone
with ``--recursive``, and actions/checkout with submodules, stops there.

How to fix: add the submodule with its address, or remove it from the index.

References:
    https://git-scm.com/docs/gitmodules
    https://git-scm.com/docs/git-submodule
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import Pattern, patterns_for
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=(
        # raw: the service's own word that it goes on
        Pattern("git-warned", "##[warning]The process", r"##\[warning\]The process '\S{1,100}git'", raw=True),
        *patterns_for(
            "submodule-unlisted",
            (
                "for submodule path '",
                r"^fatal: [Nn]o (?:url|submodule mapping) found (?:in \.gitmodules )?for (?:submodule )?path "
                r"'(?P<path>[^']{1,300})'",
            ),
            (
                "mapping found in .gitmodules",
                r"^fatal: [Nn]o submodule mapping found in \.gitmodules for path '(?P<path>[^']{1,300})'",
            ),
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See git find no address of a submodule."""
    stopped = {event.line for event in log.course.standing}  # actions/checkout looks for settings when a job is over
    for hit in [one for one in log.find("submodule-unlisted") if one.line in stopped][:1]:
        if log.near(hit.line, "git-warned", before=0, after=2):
            continue
        path = hit.groups["path"]
        yield finding_from_hits(
            log,
            [hit],
            f"{path} is a submodule, and .gitmodules has no address of it",
            "The submodules are not fetched.",
            (
                Fix(
                    "if it is not to be one: take it out of the index, and commit that",
                    (Command(f"git rm --cached {quote(path)}", FixStage.BUILD),),
                    notes="Its files stay. Then git add them, without their own .git, if they belong to this "
                    "repository.",
                ),
                Fix(
                    "if it is: name its address, and commit .gitmodules",
                    notes=f"git rm --cached {path}, then git submodule add URL {path}. In another project's "
                    f"repository: check "
                    "it out without submodules.",
                ),
            ),
        )
