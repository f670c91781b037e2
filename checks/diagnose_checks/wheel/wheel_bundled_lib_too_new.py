"""A library that is to be copied into the wheel is newer than the tag allows.

The extension itself keeps what the tag promises. The shared library that would travel with it was built on a newer
system: downloaded ready-made, copied from elsewhere, or taken from the build machine, which is newer than the sysroot
that the extension was linked with (zig's, for one). A link that succeeds proves nothing here.

How to fix: build that library from source in the image, or with zig for the same glibc, and let the repair find this
copy (``LD_LIBRARY_PATH``); or say the tag that the library allows.

References:
    https://www.maturin.rs/distribution
    https://github.com/pypa/auditwheel
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, Phase, Stage
from diagnose.remedies.lowest_tag import lowest_tag
from diagnose_checks.wheel._triage import library, refusals, versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.AUDIT)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the tools refuse a library beside the extension, or an image that cannot be to blame."""
    for refusal in refusals(log):
        if refusal.cause != "wheel-bundled-lib-too-new":
            continue
        libraries = [library(entry) for entry in refusal.offenders if not entry.startswith(("libc.", "libm."))]
        newest = versions(refusal.offenders)
        what = ", ".join(libraries) or "a library that was not built in this image"
        fixes = [
            Fix(
                f"build {what} from source for the same glibc",
                notes="In the image, or with `zig cc`, and an LD_LIBRARY_PATH that makes the repair take it.",
            )
        ]
        if newest and newest[0].startswith("GLIBC_2"):
            target = log.target_at(refusal.hits[0].line)
            tag = lowest_tag(target.wheel if target else "x86_64", newest[0].removeprefix("GLIBC_"))
            fixes.append(
                Fix(
                    "say the tag that it allows",
                    (Command(f"maturin build --release --compatibility {tag}", Stage.BUILD),),
                )
            )
        yield finding_from_hits(
            log,
            refusal.hits,
            f"{what} needs {newest[0] if newest else 'newer symbols'}, more than {refusal.tag or 'the tag'} allows",
            "No wheel with this tag is made.",
            fixes,
        )
