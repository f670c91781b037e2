"""A program does not know the format of a git repository.

A repository names extensions in its configuration that a reader has to know: ``refstorage`` (reftable, the default of
git 3), ``objectformat`` (SHA-256), ``worktreeconfig``, ``partialclone``. libgit2, which is in cargo and in build
scripts that use the crate git2, and an older git, refuse the repository rather than read it wrongly.

How to fix: let cargo run the git program, with ``net.git-fetch-with-cli``; or bring the repository into the older
format.

References:
    https://git-scm.com/docs/repository-version
    https://git-scm.com/docs/git-refs
    https://doc.rust-lang.org/cargo/reference/config.html#netgit-fetch-with-cli
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
    phase=Phase.START,
    patterns=patterns_for(
        "git-format",
        ("unsupported extension name", r"unsupported extension name extensions\.(?P<name>\w{1,40}); class=Repository"),
        ("repository extension", r"^fatal: unknown repository extensions? found:\s+(?P<name>\w{1,40})", 2),
    ),
)
_OLDER = {
    "refstorage": "git refs migrate --ref-format=files",
    "worktreeconfig": "git config --unset extensions.worktreeConfig",
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See libgit2, or an older git, refuse a repository."""
    for hit in log.find("git-format")[:1]:
        name = hit.groups["name"].lower()
        libgit2 = "class=Repository" in hit.text
        command = _OLDER.get(name, "")
        fixes = [
            Fix(
                "bring the repository into the format that it knows",
                (Command(command, FixStage.BUILD),) if command else (),
                notes="In the repository itself; worktrees with settings of their own lose those."
                if name == "worktreeconfig"
                else "In the repository itself, with git 2.46 or later. `git config --global init.defaultRefFormat "
                "files` keeps it "
                "for new ones."
                if name == "refstorage"
                else "A new clone without that extension; a repository of SHA-256 stays one.",
            )
        ]
        if libgit2 and log.find("git-source"):
            fixes.insert(
                0,
                Fix(
                    "let cargo use the git program, which knows it",
                    env=(("CARGO_NET_GIT_FETCH_WITH_CLI", "true"),),
                    notes="Or [net] git-fetch-with-cli = true in .cargo/config.toml.",
                ),
            )
        elif not libgit2:
            fixes.insert(0, Fix("update git", notes="reftable: git 2.45; SHA-256: 2.29."))
        yield finding_from_hits(
            log,
            [hit],
            f"{'libgit2' if libgit2 else 'git'} does not know {name or 'the format'}, an extension of the "
            f"repository's format",
            "The repository is not read.",
            fixes,
        )
