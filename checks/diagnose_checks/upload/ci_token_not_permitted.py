"""The job's token may not do what a step asks of the service.

GitHub gives each job a token. What it may do is set in the workflow (``permissions``), the repository and the
organisation; for pull requests from forks it may only read.

How to fix: give the job the one permission that it lacks.

References:
    https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#permissions
    https://docs.github.com/actions/concepts/security/github_token
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "token-refused",
        ("Resource not accessible by", r"Resource not accessible by (?:integration|personal access token)(?P<api>)"),
        ("denied to ", r"^(?:remote: )?Permission to (?P<repository>\S{1,200}) denied to (?P<who>\S{1,100}?)\.$"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", r"(?P<oidc>ACTIONS_ID_TOKEN_REQUEST_URL)"),
        ("write_package", r"denied: permission_denied: (?P<package>write_package)"),
        ("not allowed to Create", r"denied: installation not allowed to (?P<package>Create organization package)"),
    ),
)
_ELSEWHERE = (
    "Or for all: Settings, Actions, General, Workflow permissions. In a pull request from a fork the token stays "
    "read-only: run the step on push or workflow_run."
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See GitHub refuse a request of a job."""
    for hit in log.find("token-refused")[:1]:
        said = hit.groups
        what, needs = (
            ("ask for an identity token (OIDC)", "id-token: write")
            if said["oidc"]
            else ("push this package", "packages: write")
            if said["package"]
            else (f"push to {said['repository']}", "contents: write")
            if said["repository"]
            else ("do this", "contents: write")
        )
        who = said["who"] if said["who"] not in ("", "github-actions[bot]") else "the job's token"
        yield finding_from_hits(
            log,
            [hit],
            f"{who} is not permitted to {what}",
            "The build may be done; what was to be published is not.",
            [
                Fix(
                    f"give the job the permission: {needs}",
                    notes=("permissions: in the job. " if who == "the job's token" else f"Or a token that {who} has. ")
                    + ("Releases and tags: contents; comments: pull-requests or issues. " if not said["oidc"] else "")
                    + _ELSEWHERE,
                )
            ],
        )
