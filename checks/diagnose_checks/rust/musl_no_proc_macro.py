"""The compiler is itself a static musl program, and cannot load procedural macros.

A procedural macro is a shared library that rustc loads. On a musl host, a rustc before 1.44 (and any that is linked
statically, or is told ``+crt-static`` for the host) cannot make or load one. With glibc it is the same flag: in
``RUSTFLAGS`` it reaches the host's own programs, macros among them, where no ``--target`` is given.

How to fix: a newer Rust; on Alpine, the distribution's own (``apk add rust cargo``), which is linked dynamically. For
the flag: ``--target``, even natively.

References:
    https://github.com/rust-lang/rust/pull/69519
    https://github.com/rust-lang/rust/issues/40174
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, Phase, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.RUST)


def log(log: BuildLog) -> Iterator[Finding]:
    """See rustc refuse a procedural macro for the host."""
    hits = [hit for hit in log.find("no-cdylib") if hit.groups["type"] == "proc-macro"]
    if not hits:
        return
    crate, triple = hits[0].groups["crate"].partition(" ")[0] or "a crate", hits[0].groups["triple"]
    yield finding_from_hits(
        log,
        hits,
        f"this rustc for {triple} cannot make procedural macros, which {crate} is"
        if "musl" in triple
        else f"the flag +crt-static reaches procedural macros, which {crate} is, and which cannot be linked statically",
        "No crate that uses it can be built.",
        _OF_MUSL if "musl" in triple else [_with_target(triple)],
    )


_OF_MUSL = (
    Fix("update Rust to 1.44 or later", (Command("rustup update stable", Stage.TOOLCHAIN),)),
    Fix("use Alpine's own, which is linked dynamically", (Command("apk add rust cargo", Stage.PACKAGES),)),
    Fix("do not pass +crt-static to the host's own programs", notes="Build with --target, even natively."),
)


def _with_target(triple: str) -> Fix:
    return Fix(
        "name the target, so that flags reach it alone",
        (Command(f"cargo build --target {triple}", Stage.BUILD),),
        notes="Or take the flag out of RUSTFLAGS and .cargo/config.toml.",
    )
