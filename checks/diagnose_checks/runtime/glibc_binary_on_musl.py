"""A program or module for glibc is run on a musl system.

Alpine's C library is musl. A file linked with glibc needs glibc's loader (``ld-linux-x86-64.so.2``), which is missing
there: the shell reports "not found" for a file that exists, as it does for one that does not. With a compatibility
layer it starts, and misses functions that only glibc has.

How to fix: use a ``musllinux`` wheel, or a program for the ``-musl`` target; or use an image with glibc (``-slim``
instead of ``-alpine``).

References:
    https://peps.python.org/pep-0656/
    https://wiki.alpinelinux.org/wiki/Running_glibc_programs
"""

from __future__ import annotations

from diagnose.authoring.libc_demands import glibc_only_symbols
from diagnose.authoring.loader_words import LOADER
from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    log_kinds=("musl-relocating", "musl-no-lib"),
    patterns=patterns_for(
        "path-not-found",
        (": not found", r"(?:^|: )(?P<file>\.{0,2}/[^\s:]+): not found$"),
        ("required file not found", r"(?:^|: )(?P<file>\.{0,2}/[^\s:]+): cannot execute: required file not found$"),
    )
    + patterns_for("copied-note", ("COPY ", r"\bCOPY \S.{0,300}\s(?P<place>/\S{1,200})$")),
)
#: Files that a shell or interpreter runs: the program of their first line is missing, or they are.
_SCRIPT = re.compile(
    r"\.(?:sh|bash|py|pl|rb|js|mjs|php|lua|tcl)$|^(?:configure|autogen|bootstrap|gradlew|mvnw|activate|pip\d?)$"
    r"|entry-?point$"
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See musl's loader miss glibc's loader or functions."""
    loaders = [
        hit
        for hit in log.find("musl-no-lib")
        if LOADER.match(hit.groups["lib"].rpartition("/")[2]) and "musl" not in hit.groups["lib"]
    ]
    # A shell reports this for an existing file whose loader does not exist.
    unstarted = [
        hit
        for hit in log.find("path-not-found")
        if log.distro_at(hit.line).libc == "musl" and not _SCRIPT.search(hit.groups["file"].rpartition("/")[2])
    ]
    hits = [*loaders, *unstarted, *(hit for hit in glibc_only_symbols(log) if "musl" not in hit.groups["file"])]
    if not hits:
        return
    rebuilt = (
        (Command("maturin build --release --target x86_64-unknown-linux-musl", FixStage.BUILD),)
        if builds_rust(log)
        else ()
    )
    file = (hits[0].groups["by"] or hits[0].groups["file"]).rpartition("/")[2] or "the program"
    absent = len(unstarted) == len(hits) and not _copied(log, hits[0])
    look = Fix("if it does not exist: build it or copy it first", notes=f"`ls -l {hits[0].groups['file']}` shows it.")
    yield finding_from_hits(
        log,
        hits,
        f"{file} is for glibc and this system has musl, or it does not exist: the shell says the same"
        if absent
        else f"{file} is for glibc, and this system has musl",
        "It is not started." if absent else "It cannot be loaded.",
        [
            *([look] if absent else []),
            Fix(
                "build it for musl",
                rebuilt,
                notes="Use the machine's processor in the target. The wheel then gets a musllinux tag."
                if rebuilt
                else "In pypa's musllinux images, as by cibuildwheel, the wheel gets a musllinux tag.",
            ),
            Fix("run it in an image with glibc", notes="For example Debian's -slim images."),
        ],
    )


def _copied(log: BuildLog, hit: Hit) -> bool:
    """Whether the log shows that the file of *hit* was put where the shell looks for it."""
    file = hit.groups["file"]
    places = [note.groups["place"] for note in log.find("copied-note") if note.line < hit.line]
    return any(file == place or file.rpartition("/")[0] == place.rstrip("/") for place in places)
