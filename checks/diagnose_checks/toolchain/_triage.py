"""Which program a build script could not start: the messages name it in their own line, before it, or not at all."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_PROGRAM = r"\"(?P<program>[\w./+-]+)\""
_FOLDER = r"(?:cd \"[^\"]{0,400}\" && )?"
_VARIABLES = r"(?:env )?(?:(?:-u )?\w+(?:=\"[^\"]{0,400}\")? ){0,12}"

#: A command that a build script announces (openssl-src, cmake, autotools), and a panic when it does not exist.
WORDINGS = (
    *patterns_for("script-runs", ("running", rf"^running:? {_FOLDER}{_VARIABLES}{_PROGRAM}")),
    *patterns_for(
        "script-unrun",
        ("code: 2, kind: NotFound", r"`Result::unwrap\(\)` on an `Err` value: Os \{ code: 2, kind: NotFound"),
        ("Failed to execute", r"^Failed to execute: (?:No such file|program not found)"),
        ("ailed to execute command", r"failed to execute command: (?:No such file|program not found)"),
    ),
)


_WARNED = "Compiler family detection failed"


def tools_missed(log: BuildLog) -> list[Hit]:
    """Return the messages about programs that are not there: where some stop a build, no others that count against it.

    The cc crate warns of a compiler that it cannot ask for its family. A build script that runs CMake goes on then, and
    may need no such compiler: a project in C needs none for C++.
    """
    hits = log.find("no-tool")
    stopped = {hit.groups["tool"] for hit in hits if _WARNED not in hit.text}
    return [hit for hit in hits if not stopped or hit.groups["tool"] in stopped or log.went_on(hit)]


def unstarted(log: BuildLog) -> Iterator[tuple[str, Hit]]:
    """Yield (program, hit) where a build script stops because the last command that it announced does not exist."""
    for hit in log.find("script-unrun"):
        crate = log.crate_at(hit.line)
        runs = [run for run in log.find("script-runs") if run.line < hit.line and log.crate_at(run.line) == crate]
        if crate[0] and runs:
            yield runs[-1].groups["program"].rpartition("/")[2], hit
