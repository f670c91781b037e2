"""A 32-bit program under QEMU cannot read a directory of a 64-bit file system.

Emulated on a 64-bit host, a 32-bit program without large-file support receives directory offsets that do not fit its
types: ``readdir`` fails with EOVERFLOW, "Value too large for defined data type". cargo fails this way when it reads the
registry's git index, and reports a spurious network error.

How to fix: use the sparse registry (the default since cargo 1.70), put ``CARGO_HOME`` on a tmpfs, or cross compile
instead of emulating.

References:
    https://github.com/rust-lang/cargo/issues/8719
    https://sourceware.org/bugzilla/show_bug.cgi?id=23960
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = is_later
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=(
        *patterns_for(
            "value-too-large",
            (
                "too large for defined data type",
                r"[Vv]alue too large for defined data type(?P<rust>; class=Os| \(os error 75\))?",
            ),
        ),
        *patterns_for(
            "narrow-platform",
            ("linux/arm/v", r"linux/arm/v[67]"),
            ("linux/386", r"linux/386"),
            ("arm32v", r"\barm32v[67]/"),
            ("armv7l", r"(?:many|musl)linux\w{0,30}_armv7l"),
            ("-linux-gnueabi", r"-linux-gnueabi(?:hf)?\b"),
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See EOVERFLOW in cargo, or in any program if the log shows a 32-bit platform (a huge file also causes it)."""
    hits = log.find("value-too-large")
    if any(hit.groups["rust"] for hit in hits) or (hits and log.find("narrow-platform")):
        yield finding_from_hits(
            log,
            hits,
            "a 32-bit program under emulation cannot read a directory of this 64-bit file system",
            "cargo cannot read its registry index, and reports a network error.",
            [
                Fix(
                    "use the sparse registry, with cargo 1.68 or later",
                    env=(("CARGO_REGISTRIES_CRATES_IO_PROTOCOL", "sparse"),),
                    notes="The default since 1.70.",
                ),
                Fix("put CARGO_HOME on a tmpfs", notes="docker run --tmpfs /root/.cargo:exec …"),
                Fix("cross compile, which needs no emulation"),
            ],
        )
