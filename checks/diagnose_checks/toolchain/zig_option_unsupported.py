"""zig's linker does not know an option that is passed to it, or its assembler its own C library.

zig understands most options of gcc and GNU ld, but not all, and the set differs between releases. No release knows
``--exclude-libs`` and some of ``-z``; ``-l:NAME`` works since 0.17; ``armv7`` is an unknown architecture. Crates,
RUSTFLAGS and newer Rust releases pass such options. zig before 0.14 cannot assemble the start file of glibc for RISC-V.

How to fix: remove the option where it is set, use a newer zig, or build in a manylinux container with GNU's linker.

References:
    https://github.com/ziglang/zig/blob/master/src/main.zig (``unsupported linker arg``)
    https://github.com/rust-cross/cargo-zigbuild/issues
    https://github.com/ziglang/zig/pull/20909
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
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
    )
    + patterns_for(
        "zig-riscv-start",
        ("glibc/sysdeps/riscv/start", r"/glibc/sysdeps/riscv/start[\w.-]{0,12}\.S:\d+:\d+: error: unknown directive"),
    ),
)


#: Options that rustc passes by itself, and that cargo-zigbuild leaves out for zig.
_OF_RUSTC = {
    "-znoexecstack",
    "-zrelro",
    "-znow",
    "--no-undefined-version",
    "-Wl,--no-undefined-version",
    "--eh-frame-hdr",
}
_NEWER = Fix(
    "take a newer cargo-zigbuild, which leaves out what rustc passes and zig does not know",
    (Command("python3 -m pip install --upgrade cargo-zigbuild ziglang", FixStage.TOOLCHAIN),),
    notes="Or `cargo install cargo-zigbuild`; maturin --zig has a copy of it: update maturin. rustc adds the option "
    "itself, so your settings need not have it. Until then: an older zig (0.10).",
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See zig reject an option, or its own start file."""
    for hit in log.find("zig-riscv-start")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            "this zig cannot assemble its own glibc for RISC-V: zig before 0.14 has no `.cfi_label`",
            "Linking fails, whatever is linked.",
            (
                Fix(
                    "use zig 0.14 or later",
                    (Command("python3 -m pip install --upgrade 'ziglang>=0.14' cargo-zigbuild", FixStage.TOOLCHAIN),),
                    notes="Where several are installed, CARGO_ZIGBUILD_ZIG_PATH names the one to use.",
                ),
                Fix(
                    "link with GNU's cross compiler, without zig",
                    env=(("CARGO_TARGET_RISCV64GC_UNKNOWN_LINUX_GNU_LINKER", "riscv64-linux-gnu-gcc"),),
                    notes="Debian and Ubuntu: apt-get install gcc-riscv64-linux-gnu.",
                ),
            ),
        )
        return
    for hit in log.find("zig-option")[:1]:
        option = hit.groups["option"].strip()
        yield finding_from_hits(
            log,
            [hit],
            f"zig's linker does not know {option}",
            "Linking fails.",
            (
                *((_NEWER,) if re.sub(r"\s", "", option) in _OF_RUSTC else ()),
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
