"""A git dependency names a branch, a tag or a commit that its repository does not have.

Branches are merged and removed, history is rewritten, and a lock file still names the commit that was there. Cargo,
pip, uv and git itself stop where they look for it. A commit that no branch or tag holds may also be one that the server
does not hand out.

How to fix: name a branch, tag or commit that exists, and let the tool write its lock file again.

References:
    https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html#specifying-dependencies-from-git-repositories
    https://pip.pypa.io/en/stable/topics/vcs-support/#git
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits
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
    log_kinds=("git-denied",),
    patterns=patterns_for(
        "no-git-ref",
        ("revspec ", r"revspec '(?P<ref>[^']{1,100})' not found; class=Reference"),
        ("annot locate local branch ", r"cannot locate (?:local|remote-tracking) branch '(?P<ref>[^']{1,200})'"),
        (
            "reference ",
            r"reference '(?:refs/(?:remotes/origin/(?:tags/)?|tags/|heads/))?(?P<ref>[^']{1,200})' not found; "
            r"class=Reference",
        ),
        ("failed to find ", r"failed to find (?:branch|tag) `(?P<ref>[^`]{1,200})`"),
        ("revision ", r"^(?:Caused by: |cause: )?revision (?P<ref>[0-9a-f]{7,40}) not found$"),
        ("find remote ref ", r"^(?:fatal|error): couldn't find remote ref (?:refs/(?:tags|heads)/)?(?P<ref>\S{1,200})"),
        (
            "id not match any file(s) known",
            r"^error: pathspec '(?P<ref>[^']{1,200})' did not match any file\(s\) known to git",
        ),
        ("upload-pack: not our ref", r"upload-pack: not our ref (?P<ref>[0-9a-f]{7,40})"),
        ("reference is not a tree", r"^fatal: (?:remote error: )?reference is not a tree: (?P<ref>[0-9a-f]{7,40})"),
        ("Unable to checkout '", r"^(?:fatal: )?Unable to checkout '(?P<ref>[0-9a-f]{7,40})' in submodule path"),
        ("unadvertised object", r"Server does not allow request for unadvertised object (?P<ref>[0-9a-f]{7,40})"),
        ("not found in upstream origin", r"Remote branch (?P<ref>\S{1,200}) not found in upstream origin"),
    )
    + patterns_for("branch-or-tag", ("failed to fetch branch or tag", "failed to fetch branch or tag"))
    + patterns_for(
        "git-source",
        ("nable to update ", r"[Uu]nable to update (?P<url>https?://[^\s?#]{1,300}|ssh://[^\s?#]{1,300})"),
        ("pdating git repository", r"^Updating git (?:repository|submodule) `(?P<url>[^`]{1,300})`"),
        ("Updating ", r"^Updating (?P<url>\S{1,300}\.git) \("),
        ("git+", r"git\+(?P<url>(?:https|ssh|http|file)://[^\s@#'`\"]{1,300})"),
    ),
)
_ABOVE = 30  # lines from the repository's address to the error


def log(log: BuildLog) -> Iterator[Finding]:
    """See git, or what uses it, not find a branch, tag or commit."""
    if log.find("git-denied", "git-format"):
        return  # git-access-denied: where a repository is private, or gone
    for hit in log.find("no-git-ref")[:1]:
        if "refs/tags/" in hit.text and log.near(hit.line, "branch-or-tag", before=_ABOVE):
            return  # uv looks for a tag where it did not get the branch, and does not say why
        sources = log.near(hit.line, "git-source", before=_ABOVE)
        url = sources[-1].groups["url"] if sources else ""
        ref = hit.groups["ref"]
        rust = builds_rust(log) or "class=Reference" in hit.text
        yield finding_from_hits(
            log,
            [*sources[-1:], hit],
            f"{url or 'the repository'} has no branch, tag or commit {ref}",
            "The sources are missing.",
            (
                Fix(
                    "name a branch, tag or commit that the repository has",
                    (Command(f"git ls-remote {url}", FixStage.BUILD),) if url.startswith("http") else (),
                    notes="It lists branches and tags. "
                    + (
                        "In Cargo.toml: branch, tag or rev; then cargo update -p NAME."
                        if rust
                        else "pip: NAME @ git+URL@REF. uv: tag, branch or rev in [tool.uv.sources], then uv lock."
                    ),
                ),
                Fix(
                    "if it is a commit that was there: fetch the whole history, without what a cache kept",
                    notes="A shallow clone (depth 1, actions/checkout without fetch-depth: 0) lacks older commits and "
                    "tags; uv cache clean, or an empty ~/.cargo/git, starts again.",
                ),
            ),
        )
