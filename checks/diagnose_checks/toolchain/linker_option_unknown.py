"""The linker does not know an option: it is one of another linker, or of a newer version.

GNU ld, gold, lld and mold share most options. Apple's linker, wasm-ld and Visual C++'s have names of their own.
Options get there with flags of the system that Python was built on, with ``LDFLAGS`` or ``RUSTFLAGS`` of another
machine, or from a build that does not look for which system it links. ``-m`` names the output's format, and a linker
knows the formats that it was built for.

How to fix: take the option out for this linker, or use the linker that knows it.

References:
    https://sourceware.org/binutils/docs/ld/Options.html
    https://lld.llvm.org/WebAssembly.html
    https://keith.github.io/xcode-man-pages/ld.1.html
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_LD = r"(?<!\S)(?P<ld>(?:\S{0,300}/)?(?:[\w.]+-)*ld(?:\.bfd|\.gold)?)"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LINKER,
    log_kinds=("wrong-flavor", "wrong-driver", "link-trial"),
    patterns=patterns_for(
        "linker-option",
        ("unrecognized option", rf"{_LD}: unrecognized option '(?P<option>-[^']{{1,200}})'"),
        ("unable to disambiguate: ", rf"{_LD}: (?:Error: )?unable to disambiguate: (?P<option>-\S{{1,200}})"),
        ("unrecognised option: ", rf"{_LD}: (?:error: )?unrecognised option: (?P<option>-z \S{{1,100}})"),
        (": unknown option", rf"{_LD}: (?:fatal error: )?(?P<option>-\S{{1,200}}): unknown option"),  # gold
        ("unknown option", r"(?<!\S)(?P<ld>ld): unknown options?: (?P<option>-\S{1,200})"),  # Apple's
        (
            "unknown argument",
            r"(?<!\S)(?P<ld>(?:ld\.|ld64\.|rust-)?lld|wasm-ld): error: unknown argument:? '?(?P<option>-[^\s']{1,200})",
        ),
        (
            "unknown command line option",
            r"(?P<ld>mold): (?:fatal|error): unknown command line option: (?P<option>-\S{1,200})",
        ),
        ("unrecognized option(s): ", r"(?P<ld>wild): error: unrecognized option\(s\): `?(?P<option>-[^\s`]{1,200})"),
    )
    + patterns_for(
        "linker-emulation",
        ("emulation mode: ", rf"{_LD}: unrecogni[sz]ed emulation mode: (?P<mode>(?!64$)\S{{1,60}})"),
        ("unknown -m argument: ", r"(?P<ld>mold): (?:fatal: |error: )?unknown -m argument: (?P<mode>\S{1,60})"),
        ("unknown emulation: ", r"(?P<ld>ld\.lld): error: unknown emulation: (?P<mode>\S{1,60})"),
    ),
)
#: Options of GNU ld and those that follow it, which Apple's and WebAssembly's linkers do not have.
_GNU = (
    "--as-needed", "--no-as-needed", "--version-script", "--hash-style", "--eh-frame-hdr", "--sort-common", "-soname",
    "-h", "--exclude-libs", "--build-id", "--no-undefined", "-z", "--enable-new-dtags", "-Bsymbolic", "--start-group",
    "--end-group", "--dynamic-list", "-O1", "--push-state", "--pop-state", "-rpath-link", "-shared",
    "--allow-multiple-definition", "--disable-new-dtags",
)  # fmt: skip
#: Options of other linkers that GNU ld lacks, and the linkers that have them: the manual pages of each, November 2026.
_OF_OTHERS = {
    "--icf": "gold, lld and mold", "--threads": "gold, lld and mold", "--gdb-index": "gold, lld and mold",
    "--nxcompat": "linkers for Windows", "--dynamicbase": "linkers for Windows", "--subsystem": "linkers for Windows",
    "--thinlto-cache-dir": "lld", "--lto-O3": "lld", "--color-diagnostics": "lld", "-dead_strip": "Apple's linker",
    "-undefined": "Apple's linker", "-install_name": "Apple's linker", "-framework": "Apple's linker",
    "-bundle": "Apple's linker", "-dylib": "Apple's linker", "-headerpad_max_install_names": "Apple's linker",
    "--sort-section": "GNU ld", "--package-metadata": "GNU ld since 2.39, mold and lld",
}  # fmt: skip


def log(log: BuildLog) -> Iterator[Finding]:
    """See a linker refuse an option or an output's format, outside of the trials of configure."""
    rust = ("wrong-flavor", "wrong-driver") if builds_rust(log) else ("wrong-flavor",)
    known = {hit.line for hit in log.find(*rust)}  # linker-flavor-mismatch, target-linker-not-configured
    for hit in log.find("linker-emulation"):
        if hit.line not in known and not log.near(hit.line, "link-trial", before=3, after=1):
            yield _of_mode(log, hit)
            return
    for hit in log.find("linker-option"):
        if hit.line in known or log.near(hit.line, "link-trial", before=3, after=1):
            continue
        yield _of_option(log, hit)
        return


def _of_mode(log: BuildLog, hit: Hit) -> Finding:
    mode, ld = hit.groups["mode"], hit.groups["ld"].rpartition("/")[2]
    wasm = mode.startswith("wasm")
    fix = Fix(
        "link with the linker of that target's own toolchain",
        notes="gcc and clang for the target call it by themselves: "
        "CARGO_TARGET_<TRIPLE>_LINKER, or CC and LD, name the "
        "host's. -fuse-ld and a linker= in .cargo/config.toml apply to all targets unless they are below [target.…].",
    )
    if wasm:
        fix = Fix(
            "leave WebAssembly to wasm-ld",
            notes="linker and -fuse-ld= in .cargo/config.toml belong below the host's [target.…]; wasm32 targets bring "
            "rust-lld, and wasm32-unknown-emscripten wants emcc.",
        )
    return finding_from_hits(log, [hit], f"{ld} does not link for {mode}", "Nothing is linked.", (fix,))


def _of_option(log: BuildLog, hit: Hit) -> Finding:
    option, ld = hit.groups["option"], hit.groups["ld"].rpartition("/")[2]
    stem = re.split(r"[=,]", option)[0]
    apple = ld in ("ld64.lld",) or (ld == "ld" and "unknown option" in hit.text)
    wasm = ld == "wasm-ld"
    called = "Apple's linker" if apple else ld
    if option.startswith("-Wl,"):
        own = "it is for a compiler, which gives the linker what follows -Wl,"
        fix = Fix(
            "let the compiler call the linker",
            notes="LD and linker= name a linker: name gcc or clang there instead. rustflags below [build] in "
            ".cargo/config.toml, and RUSTFLAGS, apply to wasm32 and bare-metal targets as well, which link without a "
            "compiler: move them below [target.<triple>].",
        )
    elif stem.split(" ")[0] in _GNU and (apple or wasm):
        own = "it is one of GNU ld"
        fix = _of_gnu(apple)
    elif owner := _OF_OTHERS.get(stem, ""):
        own = f"it is one of {owner}"
        fix = Fix(f"take {option} out of the flags, or link with what knows it", notes=_WHERE)
    else:
        own = "it is one of another linker, or of a newer version"
        fix = Fix(f"take {option} out of the flags, or link with a linker that knows it", notes=_WHERE)
    return finding_from_hits(log, [hit], f"{called} does not know {option}: {own}", "Nothing is linked.", (fix,))


_WHERE = (
    "Look for it in LDFLAGS, RUSTFLAGS, .cargo/config.toml and the project's own files. `-fuse-ld=lld` chooses another."
)


def _of_gnu(apple: bool) -> Fix:
    if apple:
        return Fix(
            "take it out for macOS",
            notes="Instead of --version-script: "
            "-Wl,-exported_symbols_list,FILE; of -soname: -install_name; --as-needed: "
            "-dead_strip_dylibs; --start-group and -z have none. In CMake: if(NOT APPLE). If it is a cross build for "
            "Linux: the linker has to be the target's, such as aarch64-linux-gnu-gcc.",
        )
    return Fix(
        "take it out for WebAssembly",
        notes="It comes from LDFLAGS, or from flags that the system's Python "
        "was built with (`python3 -c 'import sysconfig; "
        'print(sysconfig.get_config_var("LDSHARED"))\'`). pyodide build in a newer release leaves such flags out; with '
        "others: LDFLAGS= in the environment of the build.",
    )
