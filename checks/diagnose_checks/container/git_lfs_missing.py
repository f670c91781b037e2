"""Files of a repository are in Git LFS, and git does not get them.

The repository holds pointers, and the program ``git-lfs`` fetches the files from a server of their own. Without the
program a checkout fails, or leaves the pointers in the place of the files; the server may also refuse, as where the
quota of its owner is used up.

How to fix: install git-lfs; or, if the build does not need the files, leave them out with ``GIT_LFS_SKIP_SMUDGE=1``.

References:
    https://git-lfs.com
    https://docs.github.com/billing/concepts/product-billing/git-lfs
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "lfs-missing",
        ("over its data quota", r"This repository (?:is over its data quota|exceeded its LFS budget)(?P<quota>)"),
        ("LFS budget", r"This repository exceeded its LFS budget"),
        ("git-lfs", r"git-lfs filter-process: (?:\d+: |line \d+: )?git-lfs: (?:command )?not found"),
        ("git-lfs", r"^(?:(?:ba|da)?sh: (?:line \d+: |\d+: )?)?git-lfs: (?:command )?not found$"),
        ("'lfs' is not a git command", r"git: 'lfs' is not a git command"),
        ("Git LFS extension not found", r"Git LFS extension not found"),  # uv
        ("missing Git LFS artifacts", r"is missing Git LFS artifacts"),
        (
            "was not found on your path",
            r"This repository is configured for Git LFS but 'git-lfs' was not found on your path",
        ),
    )
    + patterns_for(
        "lfs-smudge", ("smudge filter lfs failed", r"^fatal: (?P<file>\S{1,300}): smudge filter lfs failed")
    ),
)
_PACKAGES = dict.fromkeys(("debian", "rhel", "alpine", "arch", "suse"), ("git-lfs",))


def log(log: BuildLog) -> Iterator[Finding]:
    """See git not get files of LFS."""
    hits, files = log.find("lfs-missing"), log.find("lfs-smudge")
    if not hits and not files:
        return
    skip = Fix(
        "if the build does not need the files: leave the pointers in their place",
        env=(("GIT_LFS_SKIP_SMUDGE", "1"),),
        notes="actions/checkout: lfs: false.",
    )
    told = [*hits[:2], *files[:1]]
    quota = any("quota" in hit.text or "budget" in hit.text for hit in hits)
    if quota or not hits:
        fixes: tuple[Fix, ...] = (
            skip,
            Fix(
                "ask the repository's owner for more, or fetch the files elsewhere"
                if quota
                else "look why the server refuses: the lines above, or git lfs logs last",
                notes="CI that caches .git/lfs needs less."
                if quota
                else "A private repository needs a login for LFS, too.",
            ),
        )
        message = (
            "the quota of Git LFS of the repository's owner is used up"
            if quota
            else f"git does not get {files[0].groups['file']} from the repository's LFS server"
        )
    else:
        message = "git-lfs is not installed, and the repository keeps files in Git LFS"
        install = install_by_family(log, hits[0].line, "install git-lfs", _PACKAGES)
        after = Fix("then let git know it", (Command("git lfs install", FixStage.TOOLCHAIN),))
        fixes = (*install, after, skip)
    yield finding_from_hits(log, told, message, "The sources are not checked out, or not complete.", fixes)
