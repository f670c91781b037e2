"""The compiler is a static musl program and cannot load procedural macros.

A procedural macro is a shared library that rustc loads. On a musl host, rustc before 1.44 (and any rustc that is linked
statically or gets ``+crt-static`` for the host) cannot build or load one. On glibc the flag has the same effect:
without ``--target``, ``RUSTFLAGS`` also apply to programs of the host, macros included.

How to fix: use a newer Rust; on Alpine, the distribution's own (``apk add rust cargo``), which is linked dynamically.
For the flag: pass ``--target``, even for a native build.

References:
    https://github.com/rust-lang/rust/pull/69519
    https://github.com/rust-lang/rust/issues/40174
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.RUST, log_kinds=("no-cdylib",))


def log(log: BuildLog) -> Iterator[Finding]:
    """See rustc reject a procedural macro for the host."""
    hits = [hit for hit in log.find("no-cdylib") if hit.groups["type"] == "proc-macro"]
    if not hits:
        return
    crate, triple = hits[0].groups["crate"].partition(" ")[0] or "a crate", hits[0].groups["triple"]
    yield finding_from_hits(
        log,
        hits,
        f"this rustc for {triple} cannot build the procedural macro {crate}"
        if "musl" in triple
        else f"the flag +crt-static also applies to the procedural macro {crate}, which cannot be linked statically",
        "Crates that use it cannot be built.",
        _OF_MUSL if "musl" in triple else [_with_target(triple)],
    )


_OF_MUSL = (
    Fix("update Rust to 1.44 or later", (Command("rustup update stable", FixStage.TOOLCHAIN),)),
    Fix("use Alpine's Rust, which is linked dynamically", (Command("apk add rust cargo", FixStage.PACKAGES),)),
    Fix("do not pass +crt-static to programs of the host", notes="Pass --target, even for a native build."),
)


def _with_target(triple: str) -> Fix:
    return Fix(
        "pass --target, so that the flags apply only to the target",
        (Command(f"cargo build --target {triple}", FixStage.BUILD),),
        notes="Or remove the flag from RUSTFLAGS and .cargo/config.toml.",
    )
