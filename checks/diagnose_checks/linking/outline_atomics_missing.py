"""Code for AArch64 calls GCC's helpers for atomic operations, which the linked libgcc lacks.

GCC 10 and later, and LLVM, compile atomic operations for AArch64 to calls such as ``__aarch64_ldadd8_acq_rel``: the
helper chooses the processor's own instruction where there is one. The helpers are in libgcc from GCC 9.4 and 10 on, and
in LLVM's compiler-rt. An older cross compiler, or a link without libgcc, does not have them. Objects that a newer
compiler made, such as a prebuilt static library, then cannot be linked.

Rust has the helpers in its own library, compiler_builtins; they ask libc's ``getauxval`` for the processor's features.
Until Rust 1.57 the linker met libc before them for musl's static targets, and did not find it.

How to fix: compile without these calls, or link with a compiler that has the helpers.

References:
    https://gcc.gnu.org/onlinedocs/gcc/AArch64-Options.html (``-moutline-atomics``)
    https://gcc.gnu.org/gcc-10/changes.html
    https://github.com/rust-lang/rust/issues/89626
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(since="0.1.0", phase=Phase.LINK, log_kinds=("ld-undefined",))

_HELPER = r"__aarch64_(?:cas|swp|ldadd|ldclr|ldeor|ldset)(?:1|2|4|8|16)_(?:relax|acq|rel|acq_rel|sync)$"

_ASKS = re.compile(r"compiler_builtins-.{1,200}undefined reference to [`']getauxval'")
_FOR_RUST = (
    Fix(
        "build with a newer Rust",
        (Command("rustup update", FixStage.TOOLCHAIN),),
        notes="rust-toolchain.toml may name an old release.",
    ),
    Fix(
        "let the linker search libc once more, at the end",
        env=(("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUSTFLAGS", "-C link-arg=-lc"),),
    ),
)
_SHOWN = 20  # lines


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker report the helpers as undefined, or what Rust's need."""
    for link in log.links:
        asks = [hit for hit in link.of("ld-undefined") if _ASKS.search(hit.text)]
        if asks and len(asks) == len(link.of("ld-undefined")):
            yield finding_from_hits(
                log,
                asks,
                "Rust's helpers for atomics (compiler_builtins) ask libc's getauxval, which the linker has passed by",
                "Linking fails: undefined symbol getauxval.",
                _FOR_RUST,
            )
            return
        hits = [hit for hit in link.of("ld-undefined") if re.match(_HELPER, hit.groups["symbol"].rstrip("'`\""))]
        if not hits:
            continue
        symbol = hits[0].groups["symbol"].rstrip("'`\"")
        yield finding_from_hits(
            log,
            hits,
            f"{symbol} is a helper of libgcc, which the linked one lacks",
            f"Linking fails: undefined symbol {symbol}.",
            (
                Fix(
                    "compile without the helpers",
                    env=_settings(log, hits),
                    notes="Then `cargo clean`, to recompile. It does not change prebuilt libraries.",
                ),
                Fix(
                    "link with GCC 9.4, 10 or later",
                    notes="An image with a newer cross compiler, or zig: `maturin build --zig`, `cargo zigbuild`. "
                    "`-nodefaultlibs` in the link arguments leaves libgcc out: add -lgcc.",
                ),
            ),
        )
        return


def _settings(log: BuildLog, hits: list[Hit]) -> tuple[tuple[str, str], ...]:
    """Return the variables that switch the helpers off: the target's own, or all code's in a build for this machine."""
    text = " ".join(hit.text for hit in hits[:_SHOWN])
    folder = re.search(r"/(aarch64-[a-z]\w*-linux-\w+)/(?:release|debug)/", text)
    target = log.target_at(hits[0].line)
    triple = folder[1] if folder else target.triple if target else ""
    own = log.cross_at(hits[0].line) is False or re.search(r"(?<!-)/(?:release|debug)/deps/", text)
    if not folder and (own or (not triple and "-linux-musl" in text)):
        flags = "-mno-outline-atomics"
        return (("CFLAGS", flags), ("CXXFLAGS", flags), ("RUSTFLAGS", "-C target-feature=-outline-atomics"))
    triple = triple or "aarch64-unknown-linux-gnu"
    name = triple.replace("-", "_")
    return (
        (f"CFLAGS_{name}", "-mno-outline-atomics"),
        (f"CXXFLAGS_{name}", "-mno-outline-atomics"),
        (f"CARGO_TARGET_{name.upper()}_RUSTFLAGS", "-C target-feature=-outline-atomics"),
    )
