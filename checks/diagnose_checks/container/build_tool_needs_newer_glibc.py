"""A build tool needs a newer glibc than the image has.

A program of the build itself (cargo, cross, node, a cached Python, a downloaded helper) was built for a newer system
than the container's. The loader names two files: the C library that it found and, in brackets, the file that needs a
newer one. Here that file is a tool: the wheel has not been built yet.

How to fix: build in a newer image (the tag of the wheel follows from the libraries it links, so ``--zig`` or a cross
image still gives an old policy), or use a build of the tool for this image.

References:
    https://github.com/rust-lang/rust/blob/master/src/doc/rustc/src/platform-support.md
    https://github.com/actions/runner/issues/2906
"""

from __future__ import annotations

from diagnose.authoring.libc_demands import demander, highest
from diagnose.authoring.log import finding_from_hits, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.workflow import Workflow

CHECK = Check(since="0.1.0", phase=Phase.START, log_kinds=("glibc-wanted", "glibcxx-wanted"))
leads_to = is_later


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader reject a build tool."""
    wanted = [hit for hit in log.find("glibc-wanted", "glibcxx-wanted") if demander(hit) == "tool"]
    hits = [hit for hit in wanted if not log.near(hit.line, "tool-shadowed", before=0, after=0)]
    # the loader names the program that it starts, then the file that needs the version: that program or its library
    for started in dict.fromkeys(_started(hit) for hit in hits):
        own = [hit for hit in hits if _started(hit) == started]
        worst = highest(own)
        program = worst.groups["by"]
        yield finding_from_hits(
            log,
            [worst, *own],
            f"{program} needs {worst.groups['version']}, which this image's {worst.groups['libc']} lacks",
            "The tool does not start; do not trust the output after this line.",
            [
                Fix("use an image that is new enough for the tool", notes=_images(log, worst.line)),
                Fix("use a build of the tool for this image's C library, or a static musl build"),
            ],
        )


def _started(hit: Hit) -> str:
    return hit.text.partition(": ")[0]


def _images(log: BuildLog, line: int) -> str:
    container = log.container_at(line)
    if container.policy:
        return f"The image is for {container.policy}; manylinux_2_28 and later run current tools."
    return ""


_NODE = (2, 28)  # GitHub's Node 20 and 24 are built for it; github.com/actions/runner, docs/checks/nodejs.md
_JAVASCRIPT = (
    "actions/cache",
    "actions/checkout",
    "actions/download-artifact",
    "actions/setup-python",
    "actions/upload-artifact",
    "pyo3/maturin-action",
    "swatinem/rust-cache",
)


_PLUGINS = ("actions/checkout", "actions/download-artifact", "actions/upload-artifact")
"""Actions whose release 1 is a part of the runner, which does it outside the container. Source: their action.yml."""


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a job's container whose glibc is too old for the Node of GitHub's runner, which its actions need."""
    told = set()
    for container in workflow.containers:
        glibc = version_key(container.facts.glibc) if container.facts else ()
        action, spot = next((one for one in container.actions if _needs_node(one[0])), ("", None))
        if not glibc or glibc >= _NODE or spot is None:
            continue
        if (container.job, container.image) in told or container.facts is None:
            continue
        told.add((container.job, container.image))
        text = container.facts.glibc
        yield Finding(
            f"{action} cannot start: Node needs GLIBC_2.28, {container.facts.label} has {text}",
            Severity.ERROR,
            (
                Evidence(f"job {container.job} runs in {container.image}", str(container.spot)),
                Evidence(f"uses {action}", str(spot)),
            ),
            "/__e/node20/bin/node: /lib64/libc.so.6: version `GLIBC_2.28' not found",
            (
                Fix("run the job on the runner, only the build in the container", notes="`docker run`, or an action."),
                Fix("use an image with glibc 2.28 or later", notes="manylinux_2_28 and later."),
            ),
        )


def _needs_node(uses: str) -> bool:
    name, _, release = uses.lower().partition("@")
    return name in _JAVASCRIPT and not (name in _PLUGINS and release.removeprefix("v").partition(".")[0] == "1")
