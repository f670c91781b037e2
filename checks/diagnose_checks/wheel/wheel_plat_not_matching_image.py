"""The tag that is asked for promises an older glibc than the image has.

What is linked in an image needs that image's glibc at most, and often just that. An image for ``manylinux_2_28`` cannot
make wheels for ``manylinux2014``, except by luck. auditwheel before 6.4 even asks for the oldest policy of all if it is
called without ``--plat``.

How to fix: ask for the image's own policy (``--plat auto``, ``AUDITWHEEL_PLAT``), or use the image of the policy that
is wanted.

References:
    https://github.com/pypa/manylinux#docker-images
    https://github.com/pypa/auditwheel/releases/tag/6.4.0
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, Phase, Stage
from diagnose_checks.wheel._triage import promise, refusals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.AUDIT)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a refusal in an image that is newer than what is asked for."""
    for refusal in refusals(log):
        if refusal.cause != "wheel-plat-not-matching-image":
            continue
        container = log.container_at(refusal.hits[0].line)
        oldest = promise(refusal.tag) == (2, 5)
        yield finding_from_hits(
            log,
            refusal.hits,
            f"{refusal.tag} is asked for, but the image is made for {container.policy}",
            "What is linked there needs the image's own glibc; no wheel with the older tag is made.",
            [
                Fix(
                    "ask for the image's own policy",
                    (Command("auditwheel repair --plat auto WHEEL", Stage.BUILD),),
                    notes="auditwheel before 6.4 takes the oldest policy if none is named." if oldest else "",
                ),
                Fix(f"build in the image for {refusal.tag}"),
            ],
        )
