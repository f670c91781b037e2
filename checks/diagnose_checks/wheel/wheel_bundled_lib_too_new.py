"""A library that the repair would bundle is newer than the tag allows.

The extension itself meets the tag. The shared library that it is linked with was built on a newer system: downloaded as
a binary, copied from elsewhere, or taken from the build machine, which can be newer than the sysroot that the extension
was linked with (zig's, for example). A successful link does not show that the library meets the tag.

How to fix: build that library from source in the image, or with zig for the same glibc, and let the repair find that
copy (``LD_LIBRARY_PATH``). Or use the tag that the library allows.

References:
    https://www.maturin.rs/distribution
    https://github.com/pypa/auditwheel
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.remedies.lowest_tag import lowest_tag
from diagnose_checks.wheel._triage import library, refusals, versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.AUDIT, log_kinds=("audit-too-recent", "audit-external-new", "audit-forbidden"))

_UPDATE = Fix(
    "update maturin",
    (Command("python3 -m pip install --upgrade 'maturin>=1.12.3'", FixStage.TOOLCHAIN),),
    notes="Releases before judge a library of musl by versions of symbols, which musl's tags do not limit "
    "(PyO3/maturin#3019).",
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the tools reject a library next to the extension, or an extension from an image that meets the tag."""
    for refusal in refusals(log):
        if refusal.cause != "wheel-bundled-lib-too-new":
            continue
        libraries = [library(entry) for entry in refusal.offenders if not entry.startswith(("libc.", "libm."))]
        newest = versions(refusal.offenders)
        what = ", ".join(libraries) or "a library that was not built in this image"
        musl = (refusal.tag or "").startswith("musllinux")
        fixes = [
            Fix(
                f"build {what} from source for the same {'musl' if musl else 'glibc'}",
                notes="Build it in the image or with `zig cc`, and set LD_LIBRARY_PATH so that the repair finds it.",
            )
        ]
        if musl and refusal.hits[0].kind == "audit-external-new":
            fixes.insert(0, _UPDATE)
        if newest and newest[0].startswith("GLIBC_2"):
            target = log.target_at(refusal.hits[0].line)
            tag = lowest_tag(target.wheel if target else "x86_64", newest[0].removeprefix("GLIBC_"))
            fixes.append(
                Fix(
                    "use the tag that it allows",
                    (Command(f"maturin build --release --compatibility {tag}", FixStage.BUILD),),
                )
            )
        yield finding_from_hits(
            log,
            refusal.hits,
            f"{what} needs {newest[0] if newest else 'newer symbols'}, more than {refusal.tag or 'the tag'} allows",
            "No wheel with this tag is written.",
            fixes,
        )
