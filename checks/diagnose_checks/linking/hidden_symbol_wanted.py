"""A shared library wants a function of the program that every file has to contain itself.

``atexit``, ``stat`` in older glibc, and helpers of the compiler's own library (``__cpu_model``, ``__udivti3``) are
linked into each program and library, hidden from others: from ``libc_nonshared.a``, ``libgcc.a`` and the start files.
A shared library that was linked without them, by ``ld`` itself, with ``-nostdlib`` or ``-nodefaultlibs``, or with
``libc.so.6`` instead of ``-lc``, wants them from whatever loads it, and gets none. ``__dso_handle`` is in the start
file crtbegin.o, which a link with ``-nostartfiles`` or a compiler without one, such as ``musl-gcc`` around a C++
library, lacks.

How to fix: link that shared library with gcc or g++, which add what is missing.

References:
    https://gcc.gnu.org/onlinedocs/gcc/Link-Options.html (``-nostdlib``, ``-nodefaultlibs``)
    https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/baselib---dso-handle.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
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
    patterns=patterns_for(
        "hidden-wanted",
        (
            "is referenced by DSO",
            r"(?:hidden|internal) symbol [`'](?P<symbol>[^']{1,200})' in (?P<file>\S{1,400}) is referenced by DSO",
        ),
        ("isn't defined", r"hidden symbol [`'](?P<symbol>[^']{1,200})' isn't defined(?P<file>)"),
        ("undefined hidden symbol: ", r"undefined hidden symbol: (?P<symbol>\S{1,200})(?P<file>)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a shared library refer to a hidden function, or a link without the start file that has __dso_handle."""
    handle = [hit for hit in log.find("ld-undefined") if hit.groups["symbol"].rstrip("'`\"") == "__dso_handle"]
    hits = log.find("hidden-wanted") or handle
    if not hits:
        return
    symbol, file = hits[0].groups["symbol"].rstrip("'`\""), hits[0].groups["file"]
    if symbol == "__dso_handle":
        musl = any("musl" in hit.text for hit in log.hits.between(hits[0].line - 40, hits[0].line + 5))
        whole = Fix(
            "use a whole C++ compiler for musl",
            notes="musl-gcc is for C only: it has no start files of its own for C++. Alpine's g++, a musl-cross "
            "toolchain or zig c++ have them; CXX_<target> and the linker name it.",
        )
        gxx = Fix(
            "link with g++ or gcc, without -nostartfiles and -nostdlib", notes="crtbegin.o, or crtbeginS.o, has it."
        )
        yield finding_from_hits(
            log,
            hits,
            "the start file with __dso_handle, which C++ needs, is not linked",
            "Linking fails.",
            (whole, gxx) if musl else (gxx, whole),
        )
        return
    if not file:
        own = Fix(
            f"link the file that defines {symbol}, or compile its users without -fvisibility=hidden",
            notes="It is declared hidden, and nothing that is linked defines it.",
        )
        yield finding_from_hits(log, hits, f"the hidden function {symbol} is not defined", "Linking fails.", (own,))
        return
    archive = file.rpartition("/")[2].partition("(")[0]
    yield finding_from_hits(
        log,
        hits,
        f"a shared library wants {symbol} of the program, which is hidden: each has to link {archive} itself",
        "Linking fails: hidden symbol is referenced by DSO.",
        (
            Fix(
                "link that shared library with gcc or g++ -shared",
                notes=f"Not with ld, -nostdlib or -nodefaultlibs, and with -lc instead of the path of libc.so.6: then "
                f"{archive} is linked into it. `nm -D --undefined-only FILE.so | grep {symbol}` finds it among those "
                "that are linked.",
            ),
            Fix(
                f"link {archive} once more, behind the shared libraries",
                notes="Where an option moved it: -Wl,--push-state,--whole-archive and --exclude-libs apply to all that "
                "follow.",
            ),
        ),
    )
