"""A static library has no index that the linker reads, or is damaged.

Each system's ``ar`` writes an index of the functions in its own format, and only for objects that it knows. Apple's
ar writes no index for objects of Linux, GNU's ar none for Apple's linker, and a plain ar none for objects with the
intermediate code of LLVM or GCC. A build that was stopped, or a full disk, leaves half a file.

How to fix: make the library with the ar of the compiler's own toolchain; delete what is damaged.

References:
    https://sourceware.org/binutils/docs/binutils/ar.html
    https://docs.rs/cc/latest/cc/#external-configuration-via-environment-variables (``AR_<target>``)
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    patterns=patterns_for(
        "no-archive-index",
        (
            "rchive has no index",
            r"(?<![^\s:])(?P<file>[^\s:]{1,400}): (?:error adding symbols: "
            r"|could not read symbols: )?[Aa]rchive has no index",
        ),
        ("not a mach-o file in", r"archive member '/+[^']{0,40}' not a mach-o file in '(?P<file>[^']{1,400})'"),
        (
            "but attempting to link",
            r"ignoring file '?(?P<file>[^',]{1,400}\.a)'?, building for (?P<one>\S{1,60}) but attempting "
            r"to link with file built for (?P=one)$",
        ),
    )
    + patterns_for(
        "object-damaged",
        (
            "alformed archive",
            r"(?<![^\s:])(?P<file>[^\s:]{1,400}\.(?:a|o|lib|rlib)\b[^\s:]{0,100}): (?:.{0,120}\b)?malformed archive",
        ),
        ("file too short", r"(?:^|[/-])ld(?:\.bfd)?: (?:error: )?(?P<file>[^\s:]{1,400}): file too short$"),
        ("file truncated", r"(?:^|ld: |ld\.bfd: )(?P<file>[^\s:]{1,400}): file truncated$"),
        ("file is empty", r"^ld: (?:error: )?file is empty in '(?P<file>[^']{1,400})'"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a linker refuse an archive without an index, or half a file."""
    for hit in log.find("no-archive-index")[:1]:
        name = _name(hit)
        target = log.target_at(hit.line)
        gnu = f"{target.gnu}-" if target and log.cross_at(hit.line) is not False else ""
        variables = ((f"AR_{target.env_name}", f"{gnu}ar"),) if gnu and target and builds_rust(log) else ()
        apple = "mach-o" in hit.text or bool(hit.groups["one"])
        fix = Fix(
            "make it with Apple's own ar and ranlib",
            env=(("AR", "/usr/bin/ar"), ("RANLIB", "/usr/bin/ranlib")),
            notes="Homebrew's binutils and conda's ar come before them on PATH. Build in an empty folder.",
        )
        if not apple:
            fix = Fix(
                "make it with the ar of the compiler's own toolchain, in an empty build folder",
                env=variables or (("AR", f"{gnu}gcc-ar"), ("RANLIB", f"{gnu}gcc-ranlib")),
                notes="A plain ar writes no index of another system's objects, or of LTO code: that needs llvm-ar for "
                "clang and gcc-ar for gcc. On macOS the plain ar is Apple's.",
            )
        yield finding_from_hits(
            log,
            [hit],
            f"{name} has no index that the linker reads: ar was called without it, or does not know the objects",
            "Linking fails.",
            (
                *((_indexed(hit.groups["file"], gnu),) if not apple and hit.groups["file"].endswith(".a") else ()),
                fix,
                Fix(f"if {name} is empty: build it again", notes="A build that was stopped leaves such a file."),
            ),
        )
        return
    damaged = log.find("object-damaged")[:1]
    for hit in [hit for hit in damaged if not _START.search(hit.groups["file"])]:
        name = _name(hit)
        yield finding_from_hits(
            log,
            [hit],
            f"{name} is damaged: a part of the file is missing",
            "Linking fails.",
            (
                Fix(
                    "delete it, and build again in an empty folder",
                    notes="A build that was stopped, a full disk, or two builds in "
                    "one folder leave such a file. If it was "
                    "downloaded: fetch it again; a file of a few lines of text is a pointer of Git LFS (git lfs pull).",
                ),
            ),
        )


#: The system's own start files: system-file-damaged.
_START = re.compile(r"(?:^|/)(?:[SMgr]?crt1|crt[in]|crt(?:begin|end)[ST]?)\.o$")


def _indexed(file: str, gnu: str) -> Fix:
    """Return the fix for a library whose index was never written: the ranlib that goes with GCC knows LTO, too."""
    return Fix(
        "write the index",
        (Command(f"{gnu}gcc-ranlib {quote(file.partition('(')[0])}", FixStage.BUILD),),
        notes="If the same error is there again, the objects are of another system or compiler.",
    )


def _name(hit: Hit) -> str:
    return hit.groups["file"].rpartition("/")[2].partition("(")[0]
