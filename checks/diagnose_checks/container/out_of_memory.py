"""The system ended a program because memory ran out.

Linux ends a process when no memory is left (signal 9, SIGKILL). It leaves no message of its own: a compiler is
"Killed", a container ends with 137. Many compilers at once, link-time optimisation, and emulation of another
processor take most.

How to fix: let fewer jobs run at once, take memory-hungry options away, or give the machine or container more memory
or swap.

References:
    https://docs.kernel.org/admin-guide/mm/concepts.html#oom-killer
    https://doc.rust-lang.org/cargo/reference/config.html#buildjobs
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
    phase=Phase.LATER,
    patterns=patterns_for(
        "killed",
        ("SIGKILL", r"\(signal: 9, SIGKILL: kill\)"),
        ("Killed signal", r"Killed signal terminated program (?P<program>\w+)"),
        (
            "out of memory",
            r"(?:fatal error|LLVM ERROR): out of memory",
        ),
        ("emory exhausted", r"virtual memory exhausted: Cannot allocate memory"),
        ("Killed", r"^(?:\S+: line \d+:\s+\d+ )?Killed(?: {2,}.*|$)"),
        (" 137", r"exit(?:ed with)? (?:code|status):? 137\b|returned a non-zero code: 137"),
        ("heap out of memory", r"JavaScript heap out of memory"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a program killed."""
    hits = log.find("killed")
    if not hits:
        return
    program = next((hit.groups["program"] for hit in hits if hit.groups["program"]), "a program")
    yield finding_from_hits(
        log,
        hits,
        f"{program} was ended by the system, which has most likely run out of memory",
        "`dmesg` (or the container's state) tells for certain: it names the process that was ended.",
        (
            Fix(
                "run fewer jobs at once",
                env=(("CARGO_BUILD_JOBS", "1"), ("MAKEFLAGS", "-j1"), ("CMAKE_BUILD_PARALLEL_LEVEL", "1")),
            ),
            Fix(
                "need less per job",
                env=(("CARGO_PROFILE_RELEASE_LTO", "off"), ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")),
            ),
            Fix("give the machine or container more memory or swap"),
        ),
    )
