"""The registry answers no more pulls for now: the limit of this address or account is reached.

Docker Hub counts pulls by account, or by address without one. Runners share their addresses.

How to fix: log in, or take the image from another registry.

References:
    https://docs.docker.com/docker-hub/usage/pulls/
    https://docs.docker.com/docker-hub/image-library/mirror/
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
        "pull-limit",
        ("toomanyrequests: ", r"toomanyrequests: "),
        ("pull rate limit", r"reached your (?:unauthenticated )?pull rate limit"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a registry refuse a pull because there were too many."""
    hits = log.find("pull-limit")
    if not hits:
        return
    account = any("limit as '" in hit.text for hit in hits)
    yield finding_from_hits(
        log,
        hits,
        f"the registry's limit of pulls is reached{' for this account' if account else ''}",
        "The image is not fetched.",
        [
            Fix(
                "log in to the registry before the pull",
                (Command("docker login", FixStage.TOOLCHAIN),),
                notes="GitHub Actions: docker/login-action. An account has a higher limit than an address, which "
                "runners share.",
            ),
            Fix(
                "take the image from another registry, or keep a copy",
                notes="public.ecr.aws/docker/library/NAME and mirror.gcr.io/library/NAME have Docker's official "
                "images; quay.io/pypa has manylinux; GitLab has a dependency proxy.",
            ),
            Fix("wait: the limit is counted by the hour"),
        ],
    )
