"""A build script was linked on a newer system than the one that runs it now.

Cargo keeps the programs that it links for the build itself below ``target/``. If that folder is shared between two
systems (the host and a container, two images, a cache of the continuous integration), the older of the two finds
programs there that need the glibc of the newer, and takes them for up to date.

How to fix: a target folder for each system (``CARGO_TARGET_DIR``), or ``cargo clean`` before the change. If the folder
was empty before this very build, it is the image that is too old: it is linking with a newer C library than it runs
with.

References:
    https://github.com/cross-rs/cross/wiki/FAQ#glibc-version-error
    https://doc.rust-lang.org/cargo/guide/build-cache.html
"""

from __future__ import annotations

from diagnose.authoring.libc_demands import demander, highest
from diagnose.authoring.log import finding_from_hits, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, Phase, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.START)
leads_to = is_later


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader refuse a program below ``target/`` that belongs to the build."""
    hits = [hit for hit in log.find("glibc-wanted") if demander(hit) == "build script"]
    if hits:
        worst = highest(hits)
        yield finding_from_hits(
            log,
            [worst, *hits],
            f"a build script was linked against {worst.groups['version']}, which the system that runs it does not have",
            "The build script does not start, and its crate cannot be built.",
            [
                Fix(
                    "remove what the newer system left behind",
                    (Command("cargo clean", Stage.BUILD),),
                    notes="Do not restore target/ from a cache that another image or the host wrote.",
                ),
                Fix("give each system a target folder of its own", env=(("CARGO_TARGET_DIR", "target/container"),)),
                Fix(
                    "or, if the folder was empty before this build, take a newer image",
                    notes="Then the image links with a newer C library than the one that it runs its programs with.",
                ),
            ],
        )
