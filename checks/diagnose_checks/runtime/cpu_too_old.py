"""The processor lacks instructions that a program was compiled for.

``-C target-cpu=native``, ``-march=x86-64-v3`` and some distributions' builds use instructions that older processors,
and emulators, do not have. The program then dies of an illegal instruction, or glibc refuses to start: RHEL 9 needs
x86-64-v2, RHEL 10 x86-64-v3.

How to fix: build for the baseline of the architecture, use a system for this processor, or let the emulator offer a
newer one.

References:
    https://gitlab.com/x86-psABIs/x86-64-ABI
    https://developers.redhat.com/articles/2024/01/02/exploring-x86-64-v3-red-hat-enterprise-linux-10
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "cpu-refused",
        ("CPU does not support", r"Fatal glibc error: CPU does not support (?P<level>x86-64-v\d)"),
        ("llegal instruction", r"[Ii]llegal instruction"),
        ("llegal hardware instruction", r"illegal hardware instruction"),  # zsh
        ("SIGILL", r"\bSIGILL\b"),
        # Windows: STATUS_ILLEGAL_INSTRUCTION, which Python and the shells print as a number with or without a sign
        *(
            (number, rf"(?<![\w.]){number}(?!\w)")
            for number in ("0xC000001D", "0xc000001d", "-1073741795", "3221225501")
        ),
        ("CPU lacks ", r"Fatal glibc error: CPU lacks (?P<lacks>[\w. ]{1,40}) support \((?P<level>\S{1,20}) or later"),
        ("CPU ISA level is", r"(?<!\S)(?P<file>\S{1,300}): (?P<isa>CPU ISA level is lower than required)"),
        (
            "was compiled to use",
            r"The (?P<program>\w+) library was compiled to use (?P<lacks>[\w. ]{1,40}) instructions, but",
        ),
        (
            "the processor support Intel",
            r"^Please verify that both the operating system and the processor support Intel",
        ),
        (
            " 132",
            r"(?:returned a non-zero code|complete successfully: exit code|rocess completed with exit code): 132\b",
        ),
        ("baseline optimizations", r"built with baseline optimizations:? ?(?P<level>[^.]{0,60})"),
    )
    + patterns_for(
        "import-note",
        (
            "import ",
            r"^(?:>>> |\S{0,40}[$#] )?(?:python3? -c ['\"])?(?:import|from) "
            r"(?P<module>[A-Za-z_][\w.]{1,60})\b",
        ),
    )
    + patterns_for(
        "aborts-note",
        ("while processing panic", r"panicked while processing panic"),
        ("while panicking", r"thread panicked while panicking\. aborting"),
        ("cannot unwind", r"panic in a function that cannot unwind|thread caused non-unwinding panic\. aborting"),
        ("fatal runtime error", r"fatal runtime error: "),
        ("memory allocation of", r"memory allocation of \d{1,20} bytes failed"),
    )
    + patterns_for(
        "target-cpu-note",
        ("target-cpu=", r"target-cpu=(?P<cpu>[\w.-]+)"),
        ("-march=", r"-march=(?P<cpu>native|x86-64-v\d|haswell|skylake\S*)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See glibc or the kernel refuse."""
    # Rust's abort, and a panic that is compiled as one, are an illegal instruction on purpose.
    hits = [hit for hit in log.find("cpu-refused") if not log.near(hit.line, "aborts-note", before=_ABOVE)]
    if not hits:
        return
    level = next((hit.groups["level"] for hit in hits if hit.groups["level"]), "")
    flags = log.find("target-cpu-note")
    emulated = any("qemu" in hit.text for hit in hits)
    fixes = []
    if flags:
        fixes.append(
            Fix(
                f"build without {flags[-1].text[flags[-1].text.find('-march') :][:40].split()[0]}"
                if "-march" in flags[-1].text
                else f"build without target-cpu={flags[-1].groups['cpu']}",
                notes="Look in RUSTFLAGS, CFLAGS and .cargo/config.toml.",
            )
        )
    if level and "glibc" in hits[0].text:
        fixes.append(
            Fix("use an image for this processor", notes="Enterprise Linux 8 and Debian run on the x86-64 baseline.")
        )
    modules = [hit.groups["module"] for hit in log.find("import-note")]
    if modules and not emulated and not level:
        name = modules[-1].partition(".")[0]
        fixes.append(
            Fix(
                f"compile {name} here, for this processor",
                (
                    Command(
                        f"python3 -m pip install --force-reinstall --no-cache-dir --no-binary {name} {name}",
                        FixStage.BUILD,
                    ),
                ),
                notes="The package may have another name than its module. Or install an older release of it.",
            )
        )
    fixes.append(
        Fix(
            "let QEMU offer a newer processor" if emulated else "see what the processor has, and build for that",
            env=(("QEMU_CPU", "max"),) if emulated else (),
            notes="" if emulated else _LOOK,
        )
    )
    lacks = next((hit.groups["lacks"] for hit in hits if hit.groups["lacks"]), "")
    isa = next((hit.groups["file"] for hit in hits if hit.groups["isa"]), "")
    what = (
        f"{isa.rpartition('/')[2]} was linked for a newer level of the architecture than this processor has"
        if isa
        else f"this system needs a processor of {level}"
        if level
        else f"a program uses instructions that this processor lacks: {lacks}"
        if lacks
        else "a program uses instructions that this processor lacks"
    )
    yield finding_from_hits(log, [*flags[-1:], *hits], what, "It ends at once.", fixes)


_LOOK = (
    "On x86-64, `/lib64/ld-linux-x86-64.so.2 --help` lists the levels that are supported here; on others, "
    "/proc/cpuinfo has the features. A package from an index may have a build for older processors (polars-lts-cpu)."
)
_ABOVE = 8  # lines, of which a backtrace may be some
