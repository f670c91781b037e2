"""A build tool needs a newer glibc than the image has.

A program of the build itself (cargo, cross, node, a Python of the tool cache, a downloaded helper) was made for a newer
system than the container's. The loader names two files: the C library that it found, and in brackets the one that asks
for more. Here that is a tool; the wheel is not built yet and not to blame.

How to fix: a newer image for the build (the tag of the wheel follows from what it links, so an old policy can still be
had with ``--zig`` or a cross image), or a build of the tool for this one.

References:
    https://github.com/rust-lang/rust/blob/master/src/doc/rustc/src/platform-support.md
    https://github.com/actions/runner/issues/2906
"""

from __future__ import annotations

from diagnose.authoring.libc_demands import demander, highest
from diagnose.authoring.log import finding_from_hits, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(since="0.1.0", phase=Phase.START)
leads_to = is_later


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader refuse a tool of the build."""
    wanted = [hit for hit in log.find("glibc-wanted", "glibcxx-wanted") if demander(hit) == "tool"]
    hits = [hit for hit in wanted if not log.near(hit.line, "tool-shadowed", before=0, after=0)]
    # the loader names whom it starts, then who asks: that program, or a library that it brings
    for started in dict.fromkeys(_started(hit) for hit in hits):
        own = [hit for hit in hits if _started(hit) == started]
        worst = highest(own)
        program = worst.groups["by"]
        yield finding_from_hits(
            log,
            [worst, *own],
            f"{program} needs {worst.groups['version']}, which this image's {worst.groups['libc']} does not have",
            "The tool does not start; nothing after this line can be trusted.",
            [
                Fix("build in an image that is new enough for the tool", notes=_images(log, worst.line)),
                Fix("use a build of the tool that was made for this image's C library, or a static (musl) one"),
            ],
        )


def _started(hit: Hit) -> str:
    return hit.text.partition(": ")[0]


def _images(log: BuildLog, line: int) -> str:
    container = log.container_at(line)
    if container.policy:
        return f"The image is made for {container.policy}; manylinux_2_28 and later run today's tools."
    return ""
