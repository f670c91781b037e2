"""The compiler cache in front of the compiler fails.

``RUSTC_WRAPPER=sccache`` puts sccache before every compiler: cargo, and then maturin, cannot even ask rustc for its
version where sccache does not start. Its server reads its storage first: GitHub ended the service that releases before
0.10 use. A server of another release that still runs, or one that was ended meanwhile, answers no client.

How to fix: use one current release of sccache, or build without it.

References:
    https://github.com/mozilla/sccache/blob/main/docs/GHA.md
    https://github.blog/changelog/2025-03-20-notification-of-upcoming-breaking-changes-in-github-actions/
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
    phase=Phase.START,
    log_kinds=("outage",),
    patterns=patterns_for(
        "cache-failed",
        (
            "sccache: error: ",
            r"sccache: error: (?:Server startup failed: )?(?:cache storage failed to \w{1,10}: )?.{0,300}?"
            r"(?P<ended>legacy service is shutting down|ArtifactCacheServiceDecommissioned)",
        ),
        (
            "Mismatch of client/server",
            r"sccache: (?:error|caused by): .{0,200}(?P<mixed>Mismatch of client/server versions)",
        ),
        (
            "sccache: error: ",
            r"sccache: error: (?P<why>Server startup failed: .{1,200}|Timed out waiting for server startup.{0,100}"
            r"|(?:couldn't|failed to) connect to server.{0,100}|cache storage failed to .{1,200})",
        ),
        ("sccache: error: ", r"sccache: error: failed to get stats from server(?P<stats>)"),
    ),
)
_REASON = 16  # lines from what failed to why
_WITHOUT = Fix(
    "build without it",
    unset=("RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"),
    notes="Of maturin-action: sccache: false. In .cargo/config.toml: remove build.rustc-wrapper. CC and CXX, too, if "
    "they begin with sccache.",
)


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is sccache's reason: its storage was not reached."""
    here, there = (log.position(one.evidence[-1]) for one in (finding, other))
    return other.check == "network-or-mirror-outage" and 0 <= there - here <= _REASON


def log(log: BuildLog) -> Iterator[Finding]:
    """See sccache not start, or not answer."""
    hits = log.find("cache-failed")
    if not hits:
        return
    ended = [hit for hit in hits if hit.groups["ended"]]
    mixed = [hit for hit in hits if hit.groups["mixed"]]
    unreached = [hit for hit in hits if "temporary" in hit.text or log.near(hit.line, "outage", after=_REASON)]
    if ended:
        what = "sccache uses GitHub's former cache service, which was ended in April 2025"
        first = Fix(
            "use sccache 0.10 or newer",
            notes="A current mozilla-actions/sccache-action, or maturin-action, brings one.",
        )
    elif mixed:
        what = "the server of sccache that runs is another release's than the client, or was ended"
        first = Fix(
            "end the server; the next call starts its own",
            (Command("sccache --stop-server", FixStage.BUILD),),
            notes="If it comes again: `which -a sccache` shows whether there are two.",
        )
    elif unreached:
        what = "sccache does not reach the storage with its cache, and starts no compiler without it"
        first = Fix(
            "run the build again",
            notes="If it fails again: the SCCACHE_* variables name the storage. `sccache --start-server` tries it "
            "alone.",
        )
    else:
        said = next((hit.groups["why"] for hit in hits if hit.groups["why"]), "")
        what = f"sccache does not work{f': {said[:120]}' if said else ''}"
        first = Fix(
            "see its own log",
            (Command("SCCACHE_NO_DAEMON=1 SCCACHE_START_SERVER=1 SCCACHE_LOG=debug sccache", FixStage.BUILD),),
            notes="Mostly the storage that SCCACHE_* variables name: without access, or not reached.",
        )
    yield finding_from_hits(
        log, (ended or mixed or unreached or hits)[-2:], what, "No compiler is started.", (first, _WITHOUT)
    )
