"""Code was compiled with a stack protector, and nothing that is linked contains its functions.

Compilers of most distributions compile with ``-fstack-protector-strong`` unless an option says otherwise. The code then
reads ``__stack_chk_guard`` (or the thread's own copy) and calls ``__stack_chk_fail``. Both are in the C library, or in
GCC's libssp. A kernel, a boot loader or firmware has neither; a link by ``ld`` or with ``-nostdlib`` leaves them out;
the C library of another system may have none, or keep the guard elsewhere.

How to fix: compile code that runs without a C library with ``-fno-stack-protector``. Link everything else with the
compiler, and with the C library for which it was compiled.

References:
    https://gcc.gnu.org/onlinedocs/gcc/Instrumentation-Options.html (``-fstack-protector``)
    https://wiki.ubuntu.com/ToolChain/CompilerFlags
"""

from __future__ import annotations

from diagnose.authoring.link_step import in_archive
from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LINK, log_kinds=("ld-undefined",))

_PROTECTOR = r"__stack_chk_(?:guard|fail(?:_local)?)$"
_WITHOUT = Fix(
    "compile without the stack protector",
    env=(("CFLAGS", "-fno-stack-protector"), ("CXXFLAGS", "-fno-stack-protector")),
    notes="Right for kernels, boot loaders and firmware, which have no C library. Recompile everything; a Makefile may "
    "set its own CFLAGS.",
)
_DRIVER = Fix(
    "link with the compiler, and not with ld or -nostdlib",
    notes="The compiler adds the C library, which has these functions. A library compiled for another C library "
    "(uClibc, musl, glibc, Android's) has to be built for this one.",
)
_LAST = Fix(
    "link the C library behind the archive",
    env=(("RUSTFLAGS", "-C link-arg=-lc"),),
    notes="The linker reads from left to right. A package of a glibc system is for musl not usable: build the library "
    "with the target's compiler.",
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker report the functions of the stack protector as undefined."""
    for link in log.links:
        hits = [hit for hit in link.of("ld-undefined") if re.match(_PROTECTOR, hit.groups["symbol"].rstrip("'`\""))]
        target = log.target_at(link.line)
        musl = target is not None and target.libc == "musl"
        if not hits or link.wrong or (in_archive(log, hits[0]) and not musl):  # static-lib-symbols-unresolved
            continue
        symbol = hits[0].groups["symbol"].rstrip("'`\"")
        yield finding_from_hits(
            log,
            hits,
            f"code was compiled with a stack protector, and no file that is linked has {symbol}",
            f"Linking fails: undefined symbol {symbol}.",
            (_LAST, _WITHOUT) if builds_rust(log) else (_WITHOUT, _DRIVER),
        )
        return
