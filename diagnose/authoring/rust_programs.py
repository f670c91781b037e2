"""Tells a loader's message about a program that cargo built and ran from one about an extension."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit

_PROGRAM = r"target/(?:[\w.-]{1,60}/)?(?:debug|release)/(?:deps/|examples/)?[\w-]{1,100}"
#: cargo's report of a test or a program that did not end well: what a check that asks :func:`is_of_program` declares.
PROGRAM_FAILED = patterns_for(
    "rust-program-failed",
    ("exit successfully: `", rf"process didn't exit successfully: `(?:[^`\s]{{0,400}}/)?{_PROGRAM}[ `]"),
)
_REPORT = 8  # lines from the loader's message to cargo's


def is_of_program(log: BuildLog, hit: Hit) -> bool:
    """Whether a loader wrote *hit* about a program below cargo's target folder, which has no extension in its name."""
    file = hit.groups["file"]
    if file:
        return re.search(rf"(?:^|/){_PROGRAM}$", file) is not None
    return bool(log.near(hit.line, "rust-program-failed", after=_REPORT))
