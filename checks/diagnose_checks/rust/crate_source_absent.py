"""Cargo needs the source of a crate, and may not download it.

With ``net.offline`` or ``--offline`` cargo takes crates from its cache only, and where ``[source]`` replaces the
registry by a folder, from there only. A crate that was added or updated later is in neither.

How to fix: with a network, run ``cargo fetch`` before the build that is offline, or ``cargo vendor`` into the folder.

References:
    https://doc.rust-lang.org/cargo/commands/cargo-fetch.html
    https://doc.rust-lang.org/cargo/reference/source-replacement.html
"""

from __future__ import annotations

import os

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.RUST,
    patterns=patterns_for(
        "crate-offline",
        ("you're using offline mode", r"^As a reminder, you're using offline mode \(--offline\)"),
        ("but --offline was spec", r"attempting to make an HTTP request, but --offline was specified"),
        ("forgotten to be re-vend", r"perhaps a crate was updated and forgotten to be re-vendored\?"),
    )
    + patterns_for(
        "crate-wanted",
        ("no matching package named `", r"^error: no matching package named `(?P<crate>[^`]{1,100})` found"),
        ("failed to download `", r"failed to download `(?P<crate>[^` ]{1,100})"),
        ("select a version for the req", r"failed to select a version for the requirement `(?P<crate>[\w-]{1,100})"),
    ),
)


def env(env: Environment) -> Iterator[Finding]:
    """See that a crate that this build needs is neither in cargo's cache nor in the folder in its place."""
    lacking = env.lacking
    if lacking is None or not lacking.crates:
        return
    first = lacking.crates[0]
    more = f", and {len(lacking.crates) - 1} more" if len(lacking.crates) > 1 else ""
    why = f"is not in {lacking.folders[0]}" if lacking.replaced else "is not in cargo's cache, and cargo is offline"
    evidence = [
        Evidence(f"{crate.name} {crate.version}", f"{env.project.lock}:{crate.line}") for crate in lacking.crates[:8]
    ]
    yield Finding(
        message=f"the source of {first.name} {first.version} {why}{more}",
        severity=Severity.ERROR,
        evidence=(setting_evidence(lacking.setting), *evidence),
        consequence="cargo compiles nothing: "
        + (f"no matching package named `{first.name}` found." if lacking.replaced else "it downloads no crate."),
        fixes=(
            _vendor(os.path.relpath(lacking.folders[0], env.cwd)) if lacking.replaced else _fetch(env.target.triple),
        ),
    )


def _fetch(triple: str = "") -> Fix:
    target = f" --target {triple}" if triple else ""
    return Fix(
        "fetch the crates with a network first",
        (Command(f"CARGO_NET_OFFLINE=false cargo fetch --locked{target}", FixStage.BUILD),),
        notes="Or let cargo be online: remove net.offline, CARGO_NET_OFFLINE or --offline.",
    )


def _vendor(folder: str) -> Fix:
    return Fix(
        f"bring the crates of Cargo.lock into {folder}",
        (Command(f"cargo vendor --locked {quote(folder)}", FixStage.BUILD),),
        notes="It needs a network, and removes crates from the folder that Cargo.lock does not name.",
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See cargo say that it is offline, and what it lacks."""
    hits = log.find("crate-offline")
    if not hits:
        return
    wanted = [hit for hit in log.near(hits[0].line, "crate-wanted", before=8, after=2) if hit.groups["crate"]]
    name = wanted[0].groups["crate"] if wanted else "a crate"
    vendored = "re-vendored" in hits[0].text
    yield finding_from_hits(
        log,
        [*wanted[:1], hits[0]],
        f"the source of {name} is not in the folder that replaces the registry"
        if vendored
        else f"the source of {name} is not in cargo's cache, and cargo is offline",
        "cargo compiles nothing.",
        (_vendor("vendor") if vendored else _fetch(),),
    )
