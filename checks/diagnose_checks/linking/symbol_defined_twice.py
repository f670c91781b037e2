"""Two files that are linked into one define the same function.

Two crates, or two static libraries, each bring their own copy of a C library: zstd, libssh2, SQLite, zlib. Each works
alone; a static link of both finds each function twice. Two static libraries of Rust bring Rust's standard library
twice. A function whose code is in a header, without ``inline`` or ``static``, is in every object that includes it; an
object that is named twice defines everything twice. Start files are linked twice where a compiler adds the C
library's own to those that Rust brings for musl.

How to fix: let one of the two use the other's copy, or a shared library.

References:
    https://doc.rust-lang.org/cargo/reference/build-scripts.html#the-links-manifest-key
    https://sourceware.org/binutils/docs/ld/Options.html (``--allow-multiple-definition``)
    https://doc.rust-lang.org/rustc/codegen-options/index.html#link-self-contained
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_FILE = r"[^\s;]{1,400}?"
_ENDED = r"(?:\.(?:rlib|a|lib|o|lo|obj)\b|\.cgu\.o)"
#: lld: the end of a name, and the source of debug information, in a line of its own before the object.
_AT = r"(?<!\s)\s{1,40}(?:>>> )?defined (?:at|in) (?:[^>]{1,400}(?<=\s)>>>\s{1,40})?"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    patterns=patterns_for(
        "defined-twice",
        # GNU ld since 2.34, and before
        (
            "multiple definition of",
            rf"(?:(?<!\S)(?P<here>{_FILE}{_ENDED}[^\s:]{{0,200}}):\S{{0,300}} )?multiple definition of "
            rf"[`'](?P<symbol>[^']{{1,300}})'; "
            rf"(?P<there>{_FILE}{_ENDED}[^\s:]{{0,200}}):.{{0,300}}: first defined here",
        ),
        (
            "multiple definition of",
            rf"(?:(?<!\S)(?P<here>{_FILE}{_ENDED}[^\s:]{{0,200}}):\S{{0,300}} )?multiple definition of "
            rf"[`'](?P<symbol>[^']{{1,300}})'\s+(?:note: "
            rf")?(?P<there>{_FILE}{_ENDED}[^\s:]{{0,200}}):.{{0,300}}: first defined",
            2,
        ),
        # gold
        (
            "multiple definition of",
            rf"error: (?P<here>{_FILE}{_ENDED}[^\s:]{{0,200}}): multiple definition of '(?P<symbol>[^']{{1,300}})'\s+"
            r"\S{1,300}: (?P<there>[^\s:]{1,400}): previous definition here",
            2,
        ),
        # lld, with the archive behind or around the object, and of debug information the source before
        (
            "duplicate symbol: ",
            # The symbol ends where it first can: (?=…) is not tried again.
            rf"duplicate symbol: (?=(?P<symbol>\S[^>]{{0,300}}?){_AT})(?P=symbol){_AT}(?P<here>[^\s>][^>]{{0,500}}?)"
            rf"{_AT}(?P<there>\S[^>]{{0,400}})",
            5,
        ),
        (
            "duplicate symbol: ",
            r"mold: error: duplicate symbol: (?P<here>\S{1,400}): (?P<there>\S{1,400}): (?P<symbol>\S{1,300})",
        ),
        (
            "Duplicate symbols detected",
            r"Duplicate symbols detected: (?P<symbol>\S{1,300}), defined in (?P<here>\S{1,400})",
        ),
        # Apple's
        (
            "duplicate symbol '",
            r"duplicate symbol '_?(?P<symbol>[^']{1,300})' in:\s+(?P<here>\S{1,400})\s+(?P<there>\S{1,400})",
            3,
        ),
        # Visual C++'s; the C library's own functions are msvc-objects-mixed
        (
            "error LNK2005: ",
            rf"(?<!\S)(?P<here>{_FILE}{_ENDED}\S{{0,200}}) : error LNK2005: "
            rf"(?P<symbol>\S.{{0,300}}?) already defined in "
            r"(?P<there>\S{1,400})",
        ),
    )
    # GNU ld names the file of a function in the line before
    + patterns_for(
        "defined-in",
        ("n function ", r"(?<!\S)(?P<file>\S{1,400}(?:\.(?:rlib|a)\([^)]{1,200}\)|\.o)): [Ii]n function "),
    ),
)
#: Functions that every program has once: of the start files, and of Rust's standard library.
_START = re.compile(r"_start(?:_c)?$|_init$|_fini$|__dso_handle$|data_start$|__data_start$|_IO_stdin_used$")
_OF_RUST = re.compile(r"rust_(?:eh_personality|begin_unwind|panic|oom)|__r(?:ust|dl|g)_|_ZN3std\d|_RNv")
_RUNTIME = re.compile(r"(?i)(?:msvc[pr]|ucrt|vcruntime|libcmt|libcpmt|libucrt|libvcruntime)\w*\.lib")
_VARIABLE = re.compile(r"\(\.(?:bss|data)\b")


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker find one function in two files."""
    common = {hit.line for hit in log.find("c-defined-twice")} if not log.find("link-failed", "crate-done") else set()
    for hit in log.find("defined-twice"):
        if hit.line in common and (_VARIABLE.search(hit.text) or ".h:" in hit.text):
            return  # c-code-too-old-for-compiler
        if _RUNTIME.search(hit.text):
            return  # msvc-objects-mixed
        above = log.near(hit.line, "defined-in", before=1)
        here = _owner(hit.groups["here"] or (above[-1].groups["file"] if above else ""))
        symbol, there = hit.groups["symbol"], _owner(hit.groups["there"])
        yield finding_from_hits(
            log,
            [hit],
            _message(symbol, here, there),
            "Linking fails: multiple definition.",
            _fixes(symbol, here, there, builds_rust(log)),
        )
        return


def _message(symbol: str, here: str, there: str) -> str:
    name = symbol.partition("(")[0][:60]
    if _START.match(symbol):
        return f"the start files are linked twice: {name} is defined in two of them"
    if here and there and here != there:
        return f"{there} and {here} both define {name}"
    return f"{name} is defined twice{f' in {here or there}' if here or there else ''}"


def _owner(file: str) -> str:
    """Return the crate or library of *file*: ``zstd-sys`` of ``…/libzstd_sys-1f2e.rlib(a.o)``, ``libz.a``, ``a.o``."""
    archive = re.search(r"([\w.+-]{1,120}\.(?:rlib|a|lib))\b(?!\))", file)
    if not archive:
        found = re.search(r"([\w.+-]{1,120}\.(?:o|lo|obj))\b", file)
        return found[1] if found and ".rcgu." not in found[1] else ""
    name = archive[1]
    crate = re.match(r"lib(\w+?)-[0-9a-f]+\.rlib$", name)
    return crate[1].replace("_", "-") if crate else name


def _fixes(symbol: str, here: str, there: str, rust: bool) -> tuple[Fix, ...]:
    if _START.match(symbol):
        return (
            Fix(
                "of Rust for musl: let only the compiler add start files",
                env=(("RUSTFLAGS", "-C link-self-contained=no"),),
                notes="Rust brings its own for musl; a compiler that makes code for musl by default adds them, too.",
            ),
            Fix("else leave them out of the command", notes="crt1.o, crti.o and crtn.o, or link with -nostartfiles."),
        )
    if _OF_RUST.match(symbol):
        return (
            Fix(
                "make one static library of both",
                notes='A third crate that depends on both, with crate-type = ["staticlib"], has the standard library '
                'once. Or make one of them a shared one: crate-type = ["cdylib"].',
            ),
            Fix(
                "let the linker take the first definition",
                env=(("LDFLAGS", "-Wl,--allow-multiple-definition"),),
                notes="Only if one Rust of one version compiled both.",
            ),
        )
    if _is_object(here) and _is_object(there):
        return (
            Fix(
                f"of code of your own: define {symbol.partition('(')[0][:60]} in one file only",
                notes="A function in a header is `inline` or `static`, a "
                "variable `extern`. If it is one object: name it "
                "once, and delete what an older build left.",
            ),
            Fix("else take another release of the package"),
        )
    first = "let the linker take the first definition"
    same = "Only if both are of one release."
    if not rust:
        return (
            Fix(
                "link one of them as a shared library, or let one use the other's copy",
                notes="Projects with a bundled copy have an option for the system's one: -DUSE_SYSTEM_ZLIB=ON, "
                "--with-system-zlib and the like.",
            ),
            Fix(first, env=(("LDFLAGS", "-Wl,--allow-multiple-definition"),), notes=same),
        )
    crates = [name for name in (there, here) if name and "." not in name]
    return (
        Fix(
            "let one of them use a shared library, or the other's copy",
            notes="-sys crates have features and variables for it: ZSTD_SYS_USE_PKG_CONFIG=1, "
            "LIBSSH2_SYS_USE_PKG_CONFIG=1, LIBSQLITE3_SYS_USE_PKG_CONFIG=1, "
            "LIBGIT2_NO_VENDOR=1, or without the feature "
            "bundled, vendored or static. `cargo tree -i "
            f"{crates[0] if crates else 'CRATE'}` shows what brings a crate.",
        ),
        Fix(first, env=(("RUSTFLAGS", "-C link-arg=-Wl,--allow-multiple-definition"),), notes=same),
    )


def _is_object(name: str) -> bool:
    return name.endswith((".o", ".lo", ".obj")) or not name
