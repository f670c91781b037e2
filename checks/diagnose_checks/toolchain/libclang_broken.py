"""libclang is installed, but cannot be loaded.

bindgen loads libclang at run time. The loader found the file and could not open it. Either one of its own dependencies
(another LLVM library, libtinfo, libstdc++) is missing or too old, or the file is for another architecture than the
build script, which is a program of the host. A build script that is itself linked statically for musl, as rustup's
toolchain does on Alpine, cannot load any library: "Dynamic loading not supported".

How to fix: reinstall libclang completely from this system's packages. Check the file with ldd.

References:
    https://rust-lang.github.io/rust-bindgen/requirements.html
    https://github.com/KyleMayes/clang-sys#environment-variables
"""

from __future__ import annotations

from diagnose.authoring.log import advise, finding_from_hits, other_system
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "libclang-unopened",
        (
            "could not be opened",
            r"the `?libclang`? shared library at (?P<file>\S+) could not be opened: (?P<why>[^\"]*)",
        ),
        (
            "invalid: [(",
            r"couldn't find any valid shared libraries matching: .{0,1000}?"
            r"invalid: \[\((?P<file>[^:]{1,300}): (?P<why>[^)]{0,300})\)",
        ),
    )
    + patterns_for(
        "libllvm-of-rustup", ("rustup/toolchains", r"Expected in: \S{0,200}rustup/toolchains/\S{0,100}libLLVM")
    ),
)
_STOPS = "bindgen fails, and so does every crate that generates its bindings in the build."
_DYNAMIC = (
    Fix(
        "link build scripts dynamically",
        env=(("RUSTFLAGS", "-C target-feature=-crt-static"),),
        notes="Build without --target: with it, RUSTFLAGS does not apply to build scripts.",
    ),
    Fix("use Alpine's own Rust, which links dynamically", (Command("apk add rust cargo", FixStage.PACKAGES),)),
)


_OTHER_LLVM = (
    Fix(
        "use a libclang that is complete in itself: that of Apple's tools",
        env=(("LIBCLANG_PATH", "/Library/Developer/CommandLineTools/usr/lib"),),
        notes="With Xcode: /Applications/Xcode.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain/usr/lib.",
    ),
    Fix(
        "do not let the loader search rustup's folder first",
        unset=("DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"),
        notes="cargo sets the latter for build scripts: a newer Homebrew LLVM, whose libraries have a version in "
        "their names, is not affected.",
    ),
)


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is the loader's message about the symbol that libclang lacks."""
    here, there = log.position(finding.evidence[0]), log.position(other.evidence[0])
    return other.check == "runtime-undefined-lib-symbol" and abs(here - there) <= 4


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader reject libclang."""
    for hit in log.find("libclang-unopened")[:1]:
        if "Dynamic loading not supported" in hit.groups["why"]:  # musl's dlopen in a static program
            yield finding_from_hits(
                log,
                [hit],
                f"{hit.groups['file']} is installed, but a build script that is a static musl program cannot load it",
                _STOPS,
                _DYNAMIC,
            )
            continue
        if other := re.search(r"incompatible architecture \(have '([\w,]+)', need '(\w+)'\)", hit.groups["why"]):
            yield finding_from_hits(
                log,
                [hit],
                f"{hit.groups['file']} is for {other[1]}, and the build script that loads it for {other[2]}",
                _STOPS,
                (
                    Fix(
                        "use Rust for the processor that LLVM is for",
                        notes="On a Mac with Apple's processor: `rustup default stable-aarch64-apple-darwin`, in a "
                        "terminal that does not run in Rosetta.",
                    ),
                    Fix("name a libclang for the build script's processor", env=(("LIBCLANG_PATH", "FOLDER"),)),
                ),
            )
            continue
        if "rustup/toolchains" in hit.groups["why"] or log.near(hit.line, "libllvm-of-rustup", after=3):
            yield finding_from_hits(
                log,
                [hit],
                f"{hit.groups['file']} is loaded with the libLLVM of rustup's toolchain, which does not fit it",
                _STOPS,
                _OTHER_LLVM,
            )
            continue
        folder = hit.groups["file"].rpartition("/")[0]
        needs = re.findall(r"([\w.+-]+\.so[\w.]*): cannot open shared object", hit.groups["why"])
        beside = [
            Fix(f"let the loader search {folder} too, where {lib} may be beside it", env=(("LD_LIBRARY_PATH", folder),))
            for lib in needs
            if folder
        ]
        macos = other_system(log) == "macOS" or ".dylib" in hit.text
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['file']} is installed, but cannot be loaded: {hit.groups['why']}",
            _STOPS,
            [
                *beside,
                *advise(log, hit.line, _install),
                Fix(
                    "list its missing dependencies",
                    notes=f"`{'otool -L' if macos else 'ldd'} {hit.groups['file']}`. The library must be for the build "
                    "machine.",
                ),
            ],
        )


def _install(env: Environment) -> list[Fix]:
    from diagnose.remedies.install import install, system, tool

    here = system(env)
    names = tool(here, "libclang")
    return [Fix(f"install {' '.join(names)}", install(here, names), safe=True)] if names else []
