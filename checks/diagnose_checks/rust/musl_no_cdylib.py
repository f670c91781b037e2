"""A Python extension cannot be built for musl, because Rust links statically there by default.

A Python extension is a shared library (``cdylib``). Rust's musl targets link the C library statically by default, and a
static C library cannot be part of a shared library: rustc stops or, if the crate has another type as well, drops the
``cdylib`` with a warning, and the build produces no extension.

How to fix: set ``-C target-feature=-crt-static``. maturin and setuptools-rust set it; a plain ``cargo build`` does not.

References:
    https://doc.rust-lang.org/reference/linkage.html#static-and-dynamic-c-runtimes
    https://github.com/rust-lang/rust/issues/59302
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINKER,
    patterns=(
        *patterns_for(
            "no-cdylib",
            (
                "does not support these crate types",
                r"cannot produce (?P<type>[\w-]+) for (?:`(?P<crate>[^`]+)`|\S+) as the target `(?P<triple>[^`]+)`",
            ),
        ),
        *patterns_for(
            "dropped-note",
            (
                "dropping unsupported crate type",
                r"dropping unsupported crate type `(?P<type>[\w-]+)` for target `(?P<triple>[^`]+)`",
            ),
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See rustc reject or drop a shared library for musl."""
    hits = [
        hit
        for hit in log.find("no-cdylib", "dropped-note")
        if hit.groups["type"] in ("cdylib", "dylib") and "musl" in hit.groups["triple"]
    ]
    if not hits:
        return
    refused = [hit for hit in hits if hit.kind == "no-cdylib"]
    triple = hits[0].groups["triple"]
    row = targets.resolve(triple)
    name = f"CARGO_TARGET_{row.cargo_env_name if row else triple.upper().replace('-', '_')}_RUSTFLAGS"
    yield finding_from_hits(
        log,
        refused or hits,
        f"Rust links {triple} statically, so it builds no shared library",
        "The wheel would contain no extension module.",
        [Fix("link the C library dynamically", env=((name, "-C target-feature=-crt-static"),))],
        Severity.ERROR if refused else Severity.WARNING,
    )
