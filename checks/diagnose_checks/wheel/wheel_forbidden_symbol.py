"""The wheel uses symbols that the policy forbids, from a library that it allows.

Some libraries are on every system, but export symbols that are not part of their interface: only some builds of zlib
export its internals (``inflate_fast``, ``deflate_copyright`` …). The manylinux and musllinux policies list such
symbols. A file that takes one of them from the system's library works where it was built and fails elsewhere.

Python 2 extensions built for narrow Unicode (``PyUnicodeUCS2_…``), and modules that use the old floating-point traps
(``PyFPE_jbuf``), are forbidden for the same reason: other builds of the same Python do not have these symbols.

How to fix: link that library statically, or bundle it: symbols of a bundled library are allowed.

References:
    https://peps.python.org/pep-0513/
    https://github.com/pypa/auditwheel/tree/main/src/auditwheel/policy
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import bounded, has_linux_code, load_error, promised, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose_checks.wheel._triage import SYMBOLS, young

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(
    since="0.1.0",
    needs="tags",
    applies=has_linux_code,
    patterns=SYMBOLS,
)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See symbols that the tagged policy forbids."""
    promise = promised(wheel)
    if promise is None:
        return
    tag, policy = promise
    found = [s for s in wheel.verdict.against(policy) if s.kind in ("forbidden-symbol", "ucs2", "pyfpe")]
    if not found:
        return
    files: dict[tuple[str, str], list[str]] = {}
    for shortfall in found:
        files.setdefault((shortfall.path, shortfall.library or "the interpreter"), []).extend(shortfall.symbols)
    libraries = sorted({library for _, library in files})
    first = next(elf for elf in wheel.elves if elf.path == found[0].path)
    lookup = f"symbol lookup error: {first.name}: " if first.is_executable else ""
    yield Finding(
        f"takes symbols from {some(libraries)} that {tag} forbids",
        Severity.ERROR,
        bounded(Evidence(f"{some(symbols)} of {library}", path) for (path, library), symbols in files.items()),
        f"where {libraries[0]} does not export them: "
        + load_error(wheel, first, f"{lookup}undefined symbol: {found[0].symbols[0]}"),
        (_fix([library for library in libraries if library != "the interpreter"]),),
        libraries=tuple(libraries),
        symbols=tuple(symbol for shortfall in found for symbol in shortfall.symbols),
    )


def _fix(libraries: list[str]) -> Fix:
    if not libraries:
        return Fix("build with a wide-Unicode interpreter (cp27mu) and a newer Cython")
    if all(library.startswith(("libc.so.", "libm.so.", "libpthread.so.")) for library in libraries):
        return Fix(
            "build with the glibc of the tag, or take the tag of a newer one",
            notes="The policies before manylinux_2_24 forbid functions that glibc 2.18 added. An image of the tag, or "
            "zig with its glibc, does not offer them to the build.",
        )
    return Fix(
        f"link {some(libraries)} statically",
        env=(("LIBZ_SYS_STATIC", "1"),) if "libz.so.1" in libraries else (),
        notes="The variable is for Rust's libz-sys. For C and C++, pass the .a file instead of -lz."
        if "libz.so.1" in libraries
        else "",
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See auditwheel or maturin reject a symbol of an allowed library."""
    for hit in log.find("audit-symbols")[:1]:
        if young(hit):
            return  # wheel-glibc-too-new
        yield finding_from_hits(
            log,
            [hit],
            "the wheel uses private functions of an allowed library"
            + (f": {hit.groups['symbols']}" if hit.groups["symbols"] else ""),
            "No wheel with this tag is written.",
            (Fix("link that library statically, or bundle it"),),
        )
