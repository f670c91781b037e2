"""A build script was linked on a newer system than the one that runs it.

Cargo keeps build scripts in ``target/``. If two systems share that folder (host and container, two images, a CI cache),
the older system finds programs that need the newer system's glibc, and considers them up to date.

How to fix: use one target folder per system (``CARGO_TARGET_DIR``), or run ``cargo clean`` when the system changes. If
the folder was empty before this build, the image itself links with a newer C library than it runs with: use a newer
image.

References:
    https://github.com/cross-rs/cross/wiki/FAQ#glibc-version-error
    https://doc.rust-lang.org/cargo/guide/build-cache.html
"""

from __future__ import annotations

from diagnose.authoring.libc_demands import demander, highest
from diagnose.authoring.log import finding_from_hits, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.START, log_kinds=("glibc-wanted",))
leads_to = is_later


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader reject a build script in ``target/``."""
    hits = [hit for hit in log.find("glibc-wanted") if demander(hit) == "build script"]
    if hits:
        worst = highest(hits)
        yield finding_from_hits(
            log,
            [worst, *hits],
            f"a build script was linked against {worst.groups['version']}, which the running system lacks",
            "The build script does not start, so its crate cannot be built.",
            [
                Fix(
                    "remove the files of the newer system",
                    (Command("cargo clean", FixStage.BUILD),),
                    notes="Do not restore target/ from a cache that another image or the host wrote.",
                ),
                Fix("use a separate target folder per system", env=(("CARGO_TARGET_DIR", "target/container"),)),
                Fix(
                    "if the folder was empty before this build, use a newer image",
                    notes="Then the image links with a newer C library than it runs with.",
                ),
            ],
        )
