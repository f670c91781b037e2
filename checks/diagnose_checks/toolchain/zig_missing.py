"""zig is selected as the compiler and linker, but is not installed.

``maturin build --zig`` and cargo-zigbuild compile C code and link with zig. They look for ``python -m ziglang``, from
the package of that name, and for a program ``zig`` on PATH. Neither is in the environment in which the tool runs. A
tool that pipx or uv installed has an environment of its own.

How to fix: install maturin with its extra ``zig`` into one environment, or install zig itself.

References:
    https://www.maturin.rs/distribution#use-zig
    https://github.com/ziglang/zig-pypi
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
        "no-zig",
        ("to find zig", r"Failed to find zig|unable to find zig|[Cc]ould not find zig"),
        ("o module named ziglang", r"No module named '?ziglang'?"),
        ("zig: ", r"(?:^|[\s:])zig: (?:command )?not found$"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See maturin or cargo-zigbuild not find zig."""
    hits = log.find("no-zig")
    if hits:
        yield finding_from_hits(
            log,
            hits,
            "maturin or cargo-zigbuild does not find zig",
            "Nothing is compiled.",
            (
                Fix(
                    "install zig into maturin's environment",
                    (Command("python3 -m pip install 'maturin[zig]'", FixStage.TOOLCHAIN),),
                    notes="For cargo-zigbuild: `python3 -m pip install ziglang`. For a maturin of pipx or uv: "
                    "`pipx inject maturin ziglang` or `uv tool install maturin --with ziglang`.",
                ),
            ),
        )
