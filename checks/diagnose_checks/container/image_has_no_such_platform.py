"""The container image does not exist for the requested platform.

An image name refers to a list of images, one per platform. Docker selects the one for its own machine, or for
``--platform``. Many tool images, the x86-64 pypa/manylinux images and old tags exist for one platform only.

How to fix: request a platform that the image has (``--platform linux/amd64``; on another processor it runs under
emulation), or use an image that exists for the machine's platform.

References:
    https://docs.docker.com/build/building/multi-platform/
    https://github.com/opencontainers/image-spec/blob/main/image-index.md
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = is_later
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "no-platform",
        ("no matching manifest for", r"no matching manifest for (?P<platform>linux/[\w/]+|unknown)"),
        (
            "does not match the specified platform",
            r"does not match the specified platform: wanted (?P<platform>linux/[\w/]+)",
        ),
        ("does not provide the specified platform", r"provide the specified platform \(?(?P<platform>linux/[\w/]+)"),
        ("no match for platform in manifest", r"no match for platform in manifest(?P<platform>)"),
        (
            "no image found in",
            r"no image found in (?:image index|manifest list) for architecture \"?(?P<platform>[\w/]+)",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Docker report that no image exists for the platform."""
    for hit in log.find("no-platform")[:1]:
        platform = hit.groups["platform"] or "this machine's platform"
        yield finding_from_hits(
            log,
            [hit],
            f"the container image does not exist for {platform}",
            "The container does not start.",
            [
                Fix(
                    "request a platform that the image has",
                    (Command("docker pull --platform linux/amd64 IMAGE", FixStage.BUILD),),
                    notes="`docker manifest inspect IMAGE` lists them. On another processor the image needs QEMU.",
                ),
                Fix("use an image that exists for this machine's processor"),
            ],
        )
