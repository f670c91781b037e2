"""The linker gets object files with intermediate code of another compiler, or of another version of it.

GCC's link-time optimisation keeps its intermediate code in object files and static libraries (``-flto``). Its format
changes with every major version of GCC, and sometimes with a minor one. Files that another GCC compiled cannot be
linked: those left in a build folder after an update, or a ready-made ``.a`` of a distribution or of Python.

Clang and rustc write LLVM's code (``-flto``, ``-C linker-plugin-lto``), which GCC's plugin does not read at all. An
LLVM reads the code of older ones, and not of newer: the linker, or Xcode, has to be of the LLVM that compiled, or a
later one.

How to fix: delete the build folder and compile everything with the same GCC. If the file is a ready-made library, use
the GCC that made it, or one without intermediate code, or the shared library. Of LLVM's code: link with a newer LLVM.

References:
    https://gcc.gnu.org/onlinedocs/gcc/Optimize-Options.html (``-flto``)
    https://gcc.gnu.org/wiki/LinkTimeOptimization
    https://llvm.org/docs/DeveloperPolicy.html#ir-backwards-compatibility
    https://doc.rust-lang.org/rustc/linker-plugin-lto.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
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
    )
    + patterns_for(
        "lto-bitcode",
        # LLVM's own words, whichever linker reads: https://llvm.org, lib/Bitcode/Reader/BitcodeReader.cpp
        (
            "(Producer: 'LLVM",
            r"(?:error: (?P<file>[^\s:]{1,400}): )?(?P<why>\w[^:'\"]{2,80}?) \(Producer: '(?P<made>LLVM[^']{1,80})' "
            r"Reader: '(?P<reader>LLVM[^']{1,80})'\)",
        ),
        # LLVM before 6, or without the identification block
        (
            ", using libLTO version",
            r"could not parse (?:bitcode )?object file (?P<file>\S{1,400}): "
            r"'(?P<why>[^']{1,100})', using libLTO version "
            r"'(?P<reader>[^']{1,80})'(?P<made>)",
        ),
        (
            ": Invalid record",
            r"ld\.lld: error: (?P<file>[^\s:]{1,400}): (?P<why>Invalid record)(?P<made>)(?P<reader>)$",
        ),
    ),
)


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is that an archive of such objects has no index."""
    return other.check == "archive-unreadable" and is_later(finding, other, log)


def log(log: BuildLog) -> Iterator[Finding]:
    """See lto1, or mold with the compiler's plugin, refuse the intermediate code of another compiler."""
    if unclaimed := log.find("lto-unclaimed"):
        yield _unclaimed(log, unclaimed)
        return
    if bitcode := log.find("lto-bitcode"):
        yield _bitcode(log, bitcode)
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


def _bitcode(log: BuildLog, hits: list[Hit]) -> Finding:
    """Return the finding for LLVM's code that an LLVM does not read: an older one than the one that wrote it."""
    made, reader = _llvm(hits[0].groups["made"]), _llvm(hits[0].groups["reader"])
    rust = "-rust-" in hits[0].groups["made"] or ".rcgu.o" in hits[0].text
    apple = "APPLE" in hits[0].groups["reader"] or "libLTO" in hits[0].text
    major = made.partition(".")[0]
    fixes = []
    if rust:
        fixes.append(
            Fix(
                "do not leave LLVM's code to the linker",
                notes="Take -C linker-plugin-lto out of RUSTFLAGS and .cargo/config.toml, and -flto out of CFLAGS: "
                "`lto = true` in the profile needs no linker for it.",
            )
        )
    if apple:
        notes = "Or compile with Apple's clang instead of another one, or without -flto; then delete the build folder."
        fixes.append(Fix("use a newer Xcode, whose linker reads it", notes=notes))
    else:
        flags = (("RUSTFLAGS", f"-C linker=clang-{major} -C link-arg=-fuse-ld=lld-{major}"),) if rust and major else ()
        title = f"link with clang and lld of LLVM {major or 'of that version'} or later"
        notes = (
            "CC, CXX, AR and the linker have to be of one LLVM. `rustc -vV` "
            "prints Rust's. Then delete the build folder."
        )
        fixes.append(Fix(title, env=flags, notes=notes))
    name = hits[0].groups["file"].rpartition("/")[2].partition("(")[0] or "an object file"
    return finding_from_hits(
        log,
        hits,
        f"{name} has the code of LLVM {made}, and the linker reads that of {reader}"
        if made and reader
        else f"{name} has LLVM's code, which the linker's LLVM does not read",
        "Linking fails.",
        fixes,
    )


def _llvm(name: str) -> str:
    """Return the version in LLVM's *name*, such as ``LLVM22.1.2-rust-1.96.0-stable`` or ``LLVM APPLE_1_1700.0.13``."""
    if "APPLE" in name:
        return "Apple's older LLVM"
    version = re.search(r"\d+(?:\.\d+){0,2}", name)
    return version[0] if version else ""


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
