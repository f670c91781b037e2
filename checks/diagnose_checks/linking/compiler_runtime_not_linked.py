"""A helper function of the compiler's own library is not linked.

Compilers call small functions where a processor has no instruction: ``__multf3`` for 128-bit floats on AArch64,
``__udivti3`` for 128-bit integers, ``__aeabi_uldivmod`` on ARM. They are in GCC's libgcc and in LLVM's compiler-rt.
A link with ``-nodefaultlibs`` or ``-nostdlib``, which rustc uses for musl, leaves them out unless something names the
library; some compiler-rt builds lack the 128-bit ones.

How to fix: link libgcc, behind everything that needs it.

References:
    https://gcc.gnu.org/onlinedocs/gccint/Libgcc.html
    https://github.com/rust-lang/compiler-builtins
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LINK, log_kinds=("ld-undefined",))

_MODES = "[sdtx]f|[sdt]i"
# libgcc's manual, chapters on integer and soft float routines; ARM's run-time ABI.
_HELPER = re.compile(
    rf"__(?:(?:add|sub|mul|div|neg|eq|ne|ge|lt|le|gt|unord|cmp|pow[ids]*)(?:tf|xf|df|sf)\d?"
    rf"|(?:fix(?:uns)?|float(?:un)?|floatun|extend|trunc)(?:{_MODES})(?:{_MODES})\d?"
    r"|u?(?:div|mod|cmp|divmod)[dt]i[2-4]?|mul[dt]i3|mulv?o?[sdt]i[34]|(?:ash[lr]|lshr)[dt]i3|(?:clz"
    r"|ctz|popcount|ffs|parity)[sdt]i2"
    r"|bswap[sd]i2|aeabi_(?:u?(?:idiv|ldivmod|idivmod|ldiv)|l(?:mul|lsl|lsr|asr)|[df](?:add|sub|mul"
    r"|div|cmp\w+|2\w+)|u?[il]2[df]"
    r"|unwind_cpp_pr[012]))$"
)

#: Checked multiplication, which gcc compiles without a call: compiler-rt's muloti4.c, mulodi4.c, mulosi4.c.
_OF_LLVM = re.compile(r"__mulo[sdt]i4$")


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker report the compiler's helpers as undefined."""
    for link in log.links:
        hits = [hit for hit in link.of("ld-undefined") if _HELPER.match(hit.groups["symbol"].rstrip("'`\""))]
        if not hits:
            continue
        symbol = hits[0].groups["symbol"].rstrip("'`\"")
        target = link.target or log.target_at(link.line)
        name = f"CARGO_TARGET_{target.cargo_env_name}_RUSTFLAGS" if target else "RUSTFLAGS"
        rust = builds_rust(log)
        if _OF_LLVM.match(symbol):
            yield finding_from_hits(
                log,
                hits,
                f"{symbol} is a helper of clang's compiler-rt, which libgcc does not have",
                f"Linking fails: undefined symbol {symbol}.",
                (
                    Fix(
                        "link clang's own library of helpers",
                        env=(("LDFLAGS", "--rtlib=compiler-rt"),),
                        notes="For a link by clang; Debian has it in libclang-rt-dev, Enterprise Linux and Alpine in "
                        "compiler-rt.",
                    ),
                    Fix("compile that code with gcc", notes="Or without -ftrapv and -fsanitize=undefined."),
                ),
            )
            return
        yield finding_from_hits(
            log,
            hits,
            f"{symbol} is a helper of the compiler (libgcc), and no file that is linked has it",
            f"Linking fails: undefined symbol {symbol}.",
            (
                Fix(
                    "link libgcc",
                    env=((name, "-C link-arg=-lgcc"),) if rust else (("LDLIBS", "-lgcc"),),
                    notes='To keep it: println!("cargo:rustc-link-arg=-lgcc"); in build.rs.'
                    if rust
                    else "Behind everything else on the linker's command line; clang: --rtlib=libgcc. CMake: "
                    "target_link_libraries(NAME PRIVATE gcc).",
                ),
                Fix(
                    "link with the compiler, and not with ld or -nostdlib",
                    notes="gcc and clang add their library by themselves. A newer zig or compiler-rt has more of the "
                    "helpers than an old one.",
                ),
            ),
        )
        return
