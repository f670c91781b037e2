"""zig links for an older glibc than the headers or libraries of the build need.

zig contains every version of glibc. Code that was compiled with newer headers, or a C++ library that was built against
a newer glibc, needs symbols that the selected version does not have: ``fcntl64`` (2.28), ``__libc_single_threaded``
(2.32), ``__isoc23_strtol`` (2.38).

How to fix: use a newer zig, whose headers hide the functions that the version does not have. Or select a higher version
in the target (``.2.28``), which raises the wheel's tag.

References:
    https://github.com/rust-cross/cargo-zigbuild
    https://github.com/ziglang/zig/issues/9485
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.model.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    log_kinds=("ld-undefined",),
    patterns=patterns_for(
        "zig-note",
        ("zigbuild", "zigbuild"),
        ("ziglang", "ziglang"),
        ("zigcc", "zigcc"),
        ("--zig", "--zig"),
        ("zig cc", "zig cc"),
        ("/zig/o/", r"/zig/o/[0-9a-f]{32}/"),  # the C library that zig made for this link
    ),
)
#: The glibc version that introduced a symbol that newer headers, or libraries built with them, introduce.
SINCE = {
    "fcntl64": "2.28", "__libc_single_threaded": "2.32", "stat64": "2.33", "fstat64": "2.33", "lstat64": "2.33",
    "__isoc23_strtol": "2.38", "__isoc23_strtoul": "2.38", "__isoc23_strtoll": "2.38", "__isoc23_strtoull": "2.38",
    "__isoc23_sscanf": "2.38", "__isoc23_fscanf": "2.38", "arc4random": "2.36", "arc4random_buf": "2.36",
    "_dl_find_object": "2.35", "pthread_cond_clockwait": "2.30", "gettid": "2.30", "getrandom": "2.25",
}  # fmt: skip


def log(log: BuildLog) -> Iterator[Finding]:
    """See zig's linker lack a symbol that a newer glibc introduced."""
    for link in log.links:
        symbols = [symbol for symbol, _ in link.undefined if symbol.partition("@")[0] in SINCE]
        zig = "zig" in link.program or log.find("zig-note") or any("--no-allow-shlib" in hit.text for hit in link.hits)
        if not symbols or not zig or any("@GLIBC" in symbol for symbol in symbols):
            continue
        target = link.target or log.target_at(link.line)
        if "musl" in link.program or (target is not None and target.libc == "musl"):
            continue  # musl-lfs64-removed
        since = max((SINCE[symbol] for symbol in symbols), key=version_key)
        triple = target.triple if target else "TARGET"
        yield finding_from_hits(
            log,
            [
                hit
                for hit in link.of("ld-undefined")
                if any(re.search(rf"\b{re.escape(s)}\b", hit.text) for s in symbols)
            ],
            f"{symbols[0]} is not in the glibc version that zig links for (since {since})",
            "Linking fails.",
            [
                Fix(
                    "use a newer zig",
                    (Command("python3 -m pip install --upgrade ziglang cargo-zigbuild", FixStage.TOOLCHAIN),),
                ),
                Fix(
                    f"link for glibc {since}",
                    (Command(f"cargo zigbuild --release --target {triple}.{since}", FixStage.BUILD),),
                    notes=f"With maturin: --zig --compatibility manylinux_{since.replace('.', '_')}.",
                ),
            ],
        )
        return
