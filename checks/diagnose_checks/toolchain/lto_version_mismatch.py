"""The linker gets object files with intermediate code of another compiler, or of another version of it.

GCC's link-time optimisation keeps its intermediate code in object files and static libraries (``-flto``). Its format
changes with every major version of GCC, and sometimes with a minor one. Files that another GCC compiled cannot be
linked: those left in a build folder after an update, or a ready-made ``.a`` of a distribution or of Python.

Clang and rustc write LLVM's code (``-flto``, ``-C linker-plugin-lto``), which GCC's plugin does not read at all.

How to fix: delete the build folder and compile everything with the same GCC. If the file is a ready-made library, use
the GCC that made it, or one without intermediate code, or the shared library.

References:
    https://gcc.gnu.org/onlinedocs/gcc/Optimize-Options.html (``-flto``)
    https://gcc.gnu.org/wiki/LinkTimeOptimization
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    patterns=patterns_for(
        "lto-version",
        (
            "generated with LTO version",
            r"bytecode stream(?: in file ['\"]?(?P<file>[^'\"]{1,300}?)['\"]?)? generated with LTO version"
            r" (?P<made>[\d.]+) instead of the expected (?P<expected>[\d.]+)",
        ),
    )
    + patterns_for(
        "lto-unclaimed",
        ("not claimed by the LTO", r"(?:fatal|error): (?P<file>[^:]{1,400}): not claimed by the LTO plugin"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See lto1, or mold with the compiler's plugin, refuse the intermediate code of another compiler."""
    if unclaimed := log.find("lto-unclaimed"):
        yield _unclaimed(log, unclaimed)
        return
    hits = log.find("lto-version")
    if hits:
        said = next((hit for hit in hits if hit.groups["file"]), hits[0]).groups
        name = said["file"].rpartition("/")[2] or "an object file or library"
        yield finding_from_hits(
            log,
            hits,
            f"{name} has LTO code of version {said['made']}, and this GCC reads {said['expected']}",
            "Linking fails.",
            _fixes(log, hits[0]),
        )


def _unclaimed(log: BuildLog, hits: list[Hit]) -> Finding:
    """Return the finding for objects that the plugin of the linking compiler does not read."""
    name = hits[0].groups["file"].rpartition("/")[2]
    rust = ".rcgu.o" in name
    llvm = Fix(
        "link with clang and lld, or without -C linker-plugin-lto",
        env=(("RUSTFLAGS", "-C linker=clang -C link-arg=-fuse-ld=lld"),),
        notes="With that option rustc writes LLVM's code, which GCC's plugin does not read. `lto = true` in the "
        "profile needs no plugin.",
    )
    one = Fix(
        "compile and link everything with one compiler of one version",
        notes="A ready-made library (an .a of the distribution) can hold such code: link the shared one, or with the "
        "compiler that made it. GCC writes none without -flto.",
    )
    return finding_from_hits(
        log,
        hits,
        f"{name} has LTO code of another compiler than the one that links",
        "Linking fails.",
        (llvm, one) if rust else (one,),
    )


def _fixes(log: BuildLog, hit: Hit) -> tuple[Fix, ...]:
    cargo = bool(log.find("link-failed", "crate-failed", "crate-done"))
    own = Fix(
        "delete the build folder, and build again with one GCC",
        notes="`cargo clean`." if cargo else "`make clean`, or a new build folder; CC and CXX must be of one version.",
    )
    ready = Fix(
        "for a ready-made library: use the GCC that made it",
        notes="Or its shared library, or one that is compiled with -ffat-lto-objects and linked with -fno-lto.",
    )
    return (ready, own) if hit.groups["file"].endswith(".a") or cargo else (own, ready)
