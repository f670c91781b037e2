"""A dependency does not compile with this newer Rust.

New releases of Rust rarely break code, but they do: since 1.80 type inference fails in ``time`` before 0.3.35, and
nightly toolchains drop unstable features, which crates use where they find a nightly: ``proc-macro2`` and ``ahash``.
The error is in the dependency's own source, below ``.cargo/registry``. A table has the first version of each crate that
compiles again.

How to fix: update the crate in the lock file. Where the lock file is another project's, use the Rust of its time.

References:
    https://github.com/time-rs/time/issues/693
    https://github.com/dtolnay/proc-macro2/issues/356
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import CRATE_FILE, patterns_for
from diagnose.tables.rust_breaks import broken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "crate-too-old-for-rust",
        (
            "error[E0635]: unknown feature",
            rf"error\[E0635\]: unknown feature `(?P<feature>\w{{1,60}})`.{{0,40}}?{CRATE_FILE}",
            3,
        ),
        (
            "feature has been removed",
            rf"error\[E0557\]: (?P<feature>feature) has been removed.{{0,40}}?{CRATE_FILE}",
            3,
        ),
        (
            "older versions of the `wasm-bindgen`",
            r"error: older versions of the `(?P<crate>wasm-bindgen)` crate are incompatible with current versions",
        ),
        ("update `time` to version", r"inference error on crate `(?P<crate>time)` caused by an API change in Rust"),
    )
    # of these the table decides
    + patterns_for(
        "crate-fails-to-compile",
        ("error[E", rf"^error\[E(?!0658|0554|0635)\d{{4}}\]: .{{1,300}}? +{CRATE_FILE}", 3),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See an error in a dependency's source that a newer Rust brought."""
    hits = log.find("crate-too-old-for-rust")
    hits += [hit for hit in log.find("crate-fails-to-compile") if broken(hit.groups["crate"], hit.groups["version"])]
    hits.sort(key=lambda hit: (not hit.groups["version"], hit.line))
    if not hits:
        return
    feature, crate, version = (hits[0].groups[name] for name in ("feature", "crate", "version"))
    known = broken(crate, version)
    which = f"{crate}@{version}" if version else crate
    fixes = [
        Fix(
            f"update {crate}{f' to {known.fixed} or later' if known else ''}",
            (Command(f"cargo update -p {which}", FixStage.BUILD),),
            notes=f"At least this one: `cargo update -p {which} --precise {known.fixed}`. cargo install: without "
            "--locked, or a newer release of the program."
            if known
            else "cargo install: without --locked, or a newer release of the program.",
        )
    ]
    if feature:
        stable = Command("rustup override set stable", FixStage.TOOLCHAIN)
        notes = "Where the nightly is older than the crate: a newer nightly (`rustup update nightly`)."
        fixes.append(Fix("compile with a stable Rust", (stable,), notes=notes))
    elif known and "." in known.since:
        older = f"1.{int(known.since.partition('.')[2]) - 1}"
        command = Command(f"rustup override set {older}", FixStage.TOOLCHAIN)
        fixes.append(Fix("compile with an older Rust", (command,)))
    yield finding_from_hits(
        log,
        sorted(hits, key=lambda hit: hit.line),
        f"this Rust no longer compiles the locked {crate}{f' {version}' if version else ''}"
        + (f": that takes {known.fixed} or later" if known else ""),
        "Nothing that depends on it is compiled.",
        fixes,
    )
