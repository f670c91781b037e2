"""zig's linker does not know an option that is passed to it.

zig understands most options of gcc and GNU ld, but not all, and the set differs between releases. No release knows
``--exclude-libs`` and some of ``-z``; ``-l:NAME`` works since 0.17; ``armv7`` is an unknown architecture. Crates,
RUSTFLAGS and newer Rust releases pass such options.

How to fix: remove the option where it is set, use a newer zig, or build in a manylinux container with GNU's linker.

References:
    https://github.com/ziglang/zig/blob/master/src/main.zig (``unsupported linker arg``)
    https://github.com/rust-cross/cargo-zigbuild/issues
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINKER,
    patterns=patterns_for(
        "zig-option",
        ("unsupported linker arg", r"unsupported linker (?:extension flag|arg)[^:]{0,40}: (?P<option>\S.*)"),
        ("unsupported linker extension", r"unsupported linker extension flag: (?P<option>-z \S+)"),
        ("nrecognized linker", r"unrecognized linker (?:argument|option): (?P<option>\S.*)"),
        ("unknown target CPU", r"error: unknown (?:target )?CPU(?: architecture)?: '(?P<option>[^']+)'"),
        ("nknown architecture", r"error: unknown architecture: '(?P<option>[^']+)'"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See zig reject an option."""
    for hit in log.find("zig-option")[:1]:
        option = hit.groups["option"].strip()
        yield finding_from_hits(
            log,
            [hit],
            f"zig's linker does not know {option}",
            "Linking fails.",
            (
                Fix(
                    f"remove {option}",
                    notes="Look in RUSTFLAGS, .cargo/config.toml, LDFLAGS, `cargo:rustc-link-arg` of build scripts.",
                ),
                Fix("use the newest zig", (Command("python3 -m pip install --upgrade ziglang", FixStage.TOOLCHAIN),)),
                Fix(
                    "build in a manylinux container, whose linker knows it",
                    notes="Run maturin build without --zig there.",
                ),
            ),
        )
