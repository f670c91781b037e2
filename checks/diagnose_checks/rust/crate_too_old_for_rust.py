"""A dependency does not compile with this newer Rust.

New releases of Rust rarely break code, but they do: since 1.80 type inference fails in ``time`` before 0.3.35, and
nightly toolchains drop unstable features, which crates use where they find a nightly: ``proc-macro2`` and ``ahash``.
The error is in the dependency's own source, below ``.cargo/registry``.

How to fix: update the crate in the lock file. Where the lock file is another project's, use the Rust of its time.

References:
    https://github.com/time-rs/time/issues/693
    https://github.com/dtolnay/proc-macro2/issues/356
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
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "crate-too-old-for-rust",
        (
            "type annotations needed",
            r"error\[E0282\]: type annotations needed for "
            r"`Box<_>`.{0,80}-->\s\S{1,200}/(?P<time>time)-0\.3\.\d{1,2}/src/",
            3,
        ),
        (
            "unknown feature `",
            r"error\[E0635\]: unknown feature "
            r"`(?P<feature>\w{1,60})`.{0,40}-->\s\S{1,200}/(?P<crate>[\w-]{1,60})-\d[\w.+-]{0,40}/(?:src|build)",
            3,
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See an error in a dependency's source that a newer Rust brought."""
    hits = log.find("crate-too-old-for-rust")
    if hits:
        feature = hits[0].groups["feature"]
        crate = hits[0].groups["time"] or hits[0].groups["crate"]
        yield finding_from_hits(
            log,
            hits,
            f"this Rust no longer compiles the locked {crate}",
            "Nothing that depends on it is compiled.",
            (
                Fix(
                    f"update {crate}",
                    (Command(f"cargo update -p {crate}", FixStage.BUILD),),
                    notes="cargo install: without --locked, or a newer release of the program.",
                ),
                Fix(
                    "compile with an older Rust" if not feature else "compile with a stable Rust",
                    (Command(f"rustup override set {'stable' if feature else '1.79'}", FixStage.TOOLCHAIN),),
                ),
            ),
        )
