"""C or C++ code uses atomic operations that libatomic contains, and it is not linked.

Where the processor has no instruction for an atomic operation of a size, compilers call a function instead:
``__atomic_fetch_add_8`` for 64 bits on 32-bit ARM, MIPS and old x86, ``__atomic_load_16`` for 128 bits on x86-64. These
functions are in GCC's libatomic. Rust's own atomics do not need it, so that rustc does not link it.

How to fix: link libatomic.

References:
    https://gcc.gnu.org/wiki/Atomic/GCCMM/LIbrary
    https://gcc.gnu.org/onlinedocs/gcc/_005f_005fatomic-Builtins.html
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    log_kinds=("ld-undefined",),
    patterns=(
        *patterns_for("linked-atomic", ('"-latomic"', '"-latomic"')),
        *patterns_for("no-libatomic", ("require libatomic", r"ompiler appears to require libatomic.{0,40}, but can")),
    ),
)
_PACKAGES = {
    "debian": ("gcc", "g++"),
    "rhel": ("libatomic",),
    "alpine": ("libatomic",),
    "arch": ("gcc-libs",),
    "suse": ("gcc", "gcc-c++"),
}
_ATOMIC = (
    r"__atomic_(?:load|store|exchange|compare_exchange|(?:fetch_)?(?:add|sub|and|or|xor"
    r"|nand)(?:_fetch)?|test_and_set|is_lock_free"
    r"|fetch_\w+)(?:_(?:1|2|4|8|16))?(?:@+LIBATOMIC_[\d.]+)?$"
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker report functions of libatomic as undefined."""
    if absent := log.find("no-libatomic"):  # of LLVM's CheckAtomic.cmake, which many projects have
        yield finding_from_hits(
            log,
            absent,
            "the compiler needs libatomic for this processor, and does not find it",
            "CMake stops.",
            install_by_family(log, absent[0].line, "install libatomic", _PACKAGES),
        )
        return
    for link in log.links:
        named = log.near(link.line, "linked-atomic", before=1, after=12)
        undefined = [] if named else link.of("ld-undefined")
        hits = [hit for hit in undefined if re.match(_ATOMIC, hit.groups["symbol"].rstrip("'`\""))]
        if not hits or "atomic" in link.missing:
            continue
        symbol = hits[0].groups["symbol"].rstrip("'`\"")
        yield finding_from_hits(
            log,
            hits,
            f"{symbol} is a function of libatomic, which is not linked",
            f"Linking fails: undefined symbol {symbol}.",
            (
                Fix(
                    "link libatomic",
                    env=(("RUSTFLAGS", "-C link-arg=-latomic"),) if builds_rust(log) else (("LDFLAGS", "-latomic"),),
                    notes='To keep it: println!("cargo:rustc-link-lib=atomic"); in build.rs. With make or CMake: '
                    "LDFLAGS=-latomic. Enterprise Linux, Fedora and Alpine have it in a package of its own, libatomic.",
                ),
            ),
        )
        return
