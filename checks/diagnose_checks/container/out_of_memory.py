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
        ("compiler error: Killed", r"internal compiler error: Killed \(program (?P<program>\w+)\)"),
        ("terminated with signal 9", r"(?<![\w+.-])(?P<program>[\w+.-]{1,60}) terminated with signal 9 \[Killed\]"),
        ("execute command: Killed", r"unable to execute command: Killed"),
        ("Killed signal", r"Killed signal terminated program (?P<program>\w+)"),
        (
            "out of memory",
            r"(?:fatal error|LLVM ERROR): out of memory",
        ),
        ("emory exhausted", r"virtual memory exhausted: Cannot allocate memory"),
        ("emory exhausted", r"ld(?:\.\w+)?: final link failed: [Mm]emory exhausted"),
        ("Killed", r"^(?:\S+: line \d+:\s+\d+ )?Killed(?: {2,}.*|$)"),
        ("Killed", r"^(?:Solving environment|Collecting package metadata[^:]{0,40}): (?:.{0,2000}\s)?Killed$"),
        ("[WinError 1455]", r"\[WinError 1455\](?P<refused>)"),
        ("paging file is too small", r"[Pp]aging file is too small(?P<refused>)"),
        (" 137", r"exit(?:ed with)? (?:code|status):? 137\b|returned a non-zero code: 137"),
        ("Out of memory", r"failed to mmap\. Could not write data: Out of memory(?P<index>)"),
        ("annot allocate memory (os er", r"Cannot allocate memory \(os error 12\)(?P<refused>)"),
        ("MemoryError", r"^(?:E +)?MemoryError(?:: .{0,100})?$(?P<refused>)"),
        ("heap out of memory", r"JavaScript heap out of memory"),
        ("annot allocate memory", r"(?:\[Errno 12\]|complete successfully:) [Cc]annot allocate memory(?P<refused>)"),
        ("emory allocation of", r"^memory allocation of \d{1,20} bytes failed(?P<refused>)"),
        # of Visual C++'s compiler and linker, of GCC
        ("out of heap space", r"fatal error C10(?:60|02): compiler is out of heap space(?P<refused>)"),
        ("LNK1102", r"fatal error LNK1102: out of memory(?P<refused>)"),
        (
            "out of memory allocating",
            r"(?:^|: )(?P<program>[\w+.-]{1,60}): out of memory allocating \d{1,20} bytes(?P<refused>)",
        ),
        (
            "std::bad_alloc",
            r"(?:^|what\(\):\s{1,4}|terminate called after throwing an instance of ')std::bad_alloc(?P<refused>)",
        ),
        ("signal: 9 (SIGKILL)", r"exited with signal: 9 \(SIGKILL\)"),
        ("SIGKILL", r"died with <Signals\.SIGKILL: 9>"),
    )
    + patterns_for(
        "cancelled-note",
        ("operation was cancel", r"operation was cancell?ed"),
        ("exceeded the max", r"exceeded the maximum execution time"),
        ("sending signal KILL", r"timeout: sending signal KILL"),
        ("Cancelling", r"^(?:##\[\w+\])?Cancelling (?:since|nested)"),
    ),
)
_BESIDE = 6  # lines


def log(log: BuildLog) -> Iterator[Finding]:
    """See a program killed."""
    # Who ends a job kills its programs, too.
    around = {"before": _BESIDE, "after": _BESIDE}
    hits = [hit for hit in log.find("killed") if not log.near(hit.line, "cancelled-note", **around)]
    hits = [hit for hit in hits if not log.near(hit.line, "loader-no-lib", before=2)]  # OpenBSD's ld.so ends itself so
    if not hits:
        return
    if any("failed to mmap" in hit.text for hit in hits):
        yield finding_from_hits(
            log,
            hits,
            "cargo cannot map the index of its registry into the memory of a 32-bit program",
            "Nothing is downloaded.",
            (
                Fix(
                    "let cargo read only the part of the index that it needs",
                    env=(("CARGO_REGISTRIES_CRATES_IO_PROTOCOL", "sparse"),),
                    notes="cargo 1.68 and newer; from 1.70 on it is the default. Or build for this target on a 64-bit "
                    "system.",
                ),
            ),
        )
        return
    if not any(word in hit.text for hit in hits for word in ("ill", "137")):
        yield finding_from_hits(log, hits, "a program got no more memory from the system", "The step stops.", _LESS)
        return
    if _loads(log, hits[0].line):
        yield finding_from_hits(
            log,
            hits,
            "pip was ended by the system while it downloaded: it has most likely run out of memory",
            "`dmesg` (or the container's state) tells for certain: it names the process that was ended.",
            _OF_PIP,
        )
        return
    program = next((hit.groups["program"] for hit in hits if hit.groups["program"]), "a program")
    yield finding_from_hits(
        log,
        hits,
        f"{program} was ended by the system, which has most likely run out of memory",
        "`dmesg` (or the container's state) tells for certain: it names the process that was ended.",
        _LESS,
    )


def _loads(log: BuildLog, line: int) -> bool:
    """Whether pip was the last that began something before *line*, and builds nothing yet."""
    begun = [event for event in log.course.events if line - _BESIDE <= event.line < line]
    return bool(begun) and begun[-1].tool == "pip" and begun[-1].text.startswith("Collecting")


_OF_PIP = (
    Fix(
        "let pip not keep the download in its cache",
        env=(("PIP_NO_CACHE_DIR", "1"),),
        notes="An older pip reads a whole file into memory to keep it. A newer pip needs less.",
    ),
    Fix(
        "add swap, or give the machine or container more memory",
        notes="As root: fallocate -l 1G /swapfile, chmod 600 /swapfile, mkswap /swapfile, swapon /swapfile. "
        "On a small machine take the distribution's own package of it, too: a source distribution has to be compiled.",
    ),
)
_LESS = (
    Fix(
        "run fewer jobs at once",
        env=(("CARGO_BUILD_JOBS", "1"), ("MAKEFLAGS", "-j1"), ("CMAKE_BUILD_PARALLEL_LEVEL", "1")),
    ),
    Fix(
        "need less per job",
        env=(("CARGO_PROFILE_RELEASE_LTO", "off"), ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")),
    ),
    Fix("give the machine or container more memory or swap"),
)
