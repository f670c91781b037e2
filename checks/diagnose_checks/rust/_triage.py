"""Determines for which target a log reports a missing standard library."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.pattern import ANY_TRIPLE, patterns_for

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit

WORDINGS = (
    *patterns_for(
        "no-std",
        (
            "find crate for",
            r"(?:can't|cannot) find crate for `?(?P<crate>core|std|alloc|compiler_builtins|test|proc_macro)`?(?![\w-])",
        ),
    ),
    *patterns_for(
        "no-std-target",
        ("target may not", rf"the `?(?P<triple>{ANY_TRIPLE})`? target may not"),
        ("target may not", r"target may not (?:be|support)"),
    ),
    # the tools around cargo that look before they call it: tauri, wasm-pack
    *patterns_for(
        "no-std-said",
        ("is not installed (installed", rf"\bTarget (?P<triple>{ANY_TRIPLE}) is not installed \(installed targets: "),
        ("target not found in sysroot", rf"(?<![\w.-])(?P<triple>{ANY_TRIPLE}) target not found in sysroot: "),
    ),
)


def missing(log: BuildLog) -> dict[str, list[Hit]]:
    """Return the targets without a standard library, each with its lines."""
    found: dict[str, list[Hit]] = {}
    for hit in log.find("no-std-said"):
        found.setdefault(hit.groups["triple"], []).append(hit)
    for hit in log.find("no-std"):
        notes = log.near(hit.line, "no-std-target", after=8)
        if notes:
            row = log.target_at(hit.line)
            triple = notes[0].groups["triple"] or (row.triple if row else "")
            found.setdefault(triple, []).extend((hit, notes[0]))
    return found
