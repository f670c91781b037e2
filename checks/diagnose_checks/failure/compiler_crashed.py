"""A program of the build crashed: the compiler itself, or a build script.

An "internal compiler error", SIGSEGV or SIGABRT is a fault of that program, or of its surroundings: a toolchain that
is damaged or has a known bug, files of an interrupted build, a static musl program that loads shared libraries, an
emulator, bad memory.

How to fix: build again from the start; with another version of the compiler if it crashes at the same place.

References:
    https://github.com/rust-lang/rust/issues?q=label%3AI-ICE
    https://gcc.gnu.org/bugs/
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    fallback=True,
    patterns=patterns_for(
        "program-crashed",
        (
            "build-script",
            r"`(?P<script>\S{1,600}build-script-\S{1,60})` \(signal: (?P<number>6|7|8|11), (?P<signal>SIG\w+)",
        ),
        (
            "(signal: ",
            r"`(?P<program>(?:\S{0,300}/)?(?:rustc|rustdoc|cc|gcc|clang|ld|collect2)) .{0,3000}` "
            r"\(signal: (?:6|7|8|11), (?P<signal>SIG\w+)",
        ),
        ("internal compiler error", r"^(?P<program>error): internal compiler error: (?P<said>.{1,200})"),
        ("internal compiler error", r"(?:^|: )internal compiler error: (?P<said>(?!Killed|Aborted \(program).{1,200})"),
        ("thread 'rustc'", r"thread 'rustc' (?:\(\d+\) )?panicked at (?P<said>.{1,200})(?P<program>)"),
        (
            " *** [",
            # not of a rule that runs tests or programs
            r"make(?:\[\d+\])?: \*\*\* \[(?![^\]]{0,300}\b(?:\w*(?:test|check)s?|run|bench\w*|docs?|html|"
            r"install)\])[^\]]{1,400}\] "
            r"(?P<signal>Segmentation fault|Aborted|Bus error|Trace/breakpoint trap)",
        ),
        ("running link command: ", r"^Error running link command: (?P<signal>Segmentation fault|Aborted|Bus error)"),
        ("terminated with signal ", r"(?:ld|as|cc1\w*) terminated with signal (?:6|11) \[(?P<signal>[^\]]{1,60})\]"),
        (
            "internal error",
            r"ld(?:\.\w+)?: (?P<said>BFD .{1,80} internal error, aborting "
            r"at .{1,100}|internal error in \w.{1,100})",
        ),
        ("LLVM ERROR: ", r"^(?:rustc-)?LLVM ERROR: (?P<said>(?!out of memory).{1,200})"),
        ("PLEASE submit a bug report", r"^PLEASE submit a bug report to https://github\.com/llvm"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a compiler or a build script crash."""
    hits = log.find("program-crashed")
    if not hits:
        return
    hit = next((one for one in hits if one.groups["script"]), hits[0])
    script, said, signal = hit.groups["script"], hit.groups["said"], hit.groups["signal"]
    rust = builds_rust(log) or "rustc" in hit.text
    again = Fix(
        "build again from the start, without files of the last build",
        (Command("cargo clean", FixStage.BUILD),) if rust else (),
        notes="Where several programs crash at different places: check the machine's memory; under QEMU, build on a "
        "machine of that processor, or cross compile.",
    )
    if script:
        crate, version = log.crate_at(hit.line)
        message = f"the build script of {crate or 'a crate'} {version} crashes ({signal})".replace("  ", " ")
        fixes = (
            Fix(
                "on Alpine and for musl: link build scripts dynamically",
                env=(("RUSTFLAGS", "-C target-feature=-crt-static"),),
                notes="A static musl program crashes in shared libraries that it loads or links, as OpenSSL's. Build "
                "without --target: with it, RUSTFLAGS does not apply to build scripts.",
            ),
            again,
        )
    else:
        message = f"the compiler crashes: {said or signal or 'it asks for a bug report'}"
        fixes = (
            again,
            Fix(
                "use another version of the compiler",
                (Command("rustup update", FixStage.TOOLCHAIN),) if rust else (),
                notes="A search for the place that the message names finds whether a release repairs it.",
            ),
        )
    yield finding_from_hits(log, [hit], message, "Nothing after it is compiled.", fixes)
