"""The requested tag promises an older glibc than the image has.

Code that is linked in an image can need that image's glibc, and often does. An image for ``manylinux_2_28`` cannot
reliably build wheels for ``manylinux2014``. auditwheel before 6.4 requests the oldest policy of all if ``--plat`` is
missing.

How to fix: request the image's policy (``--plat auto``, ``AUDITWHEEL_PLAT``), or build in the image of the policy that
you want.

References:
    https://github.com/pypa/manylinux#docker-images
    https://github.com/pypa/auditwheel/releases/tag/6.4.0
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose_checks.wheel._triage import promise, refusals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.AUDIT, log_kinds=("audit-too-recent", "audit-external-new", "audit-forbidden"))


def log(log: BuildLog) -> Iterator[Finding]:
    """See a rejection in an image that is newer than the requested policy."""
    for refusal in refusals(log):
        if refusal.cause != "wheel-plat-not-matching-image":
            continue
        container = log.container_at(refusal.hits[0].line)
        oldest = promise(refusal.tag) == (2, 5)
        yield finding_from_hits(
            log,
            refusal.hits,
            f"{refusal.tag} is requested, but the image is for {container.policy}",
            "Code linked there needs the image's glibc. No wheel with the older tag is written.",
            [
                Fix(
                    "request the image's policy",
                    (Command("auditwheel repair --plat auto WHEEL", FixStage.BUILD),),
                    notes="auditwheel before 6.4 defaults to the oldest policy." if oldest else "",
                ),
                Fix(f"build in the image for {refusal.tag}"),
            ],
        )
