"""A crate in cargo's own folder is damaged.

cargo keeps downloads in ``~/.cargo/registry/cache`` and unpacks them into ``registry/src``. A full disk, an end in the
middle of a download, two cargos in one folder, or a cache of CI leaves parts of a crate: its manifest without sources,
an archive that does not match its checksum.

How to fix: remove the two folders; cargo downloads what it needs again.

References:
    https://doc.rust-lang.org/cargo/guide/cargo-home.html
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

_SOURCE = r"[/\\]registry[/\\](?:src|cache)[/\\]"
CHECK = Check(
    since="0.1.0",
    phase=Phase.RUST,
    patterns=patterns_for(
        "crate-damaged",
        (
            "failed to parse manifest at",
            rf"failed to parse manifest at `\S{{1,300}}{_SOURCE}[^/\\\s]{{1,100}}[/\\](?P<crate>[\w.+-]{{1,100}})"
            r"[/\\]Cargo\.toml`\s+"
            r"(?:[Cc]aused by:\s+)?(?:no targets specified in the manifest|can't find|could not parse input as TOML)",
            4,
        ),
        ("ailed to unpack package", r"[Ff]ailed to unpack package `(?P<crate>[\w-]{1,60} v\d[\w.+-]{0,40})"),
        ("listed checksum of", r"error: the listed checksum of `(?P<vendored>[^`]{1,300})` has changed"),
        (
            "between lock files",
            r"error: checksum for `(?P<crate>[\w-]{1,60} v\d[\w.+-]{0,40})` changed between lock files",
        ),
        ("failed to verify the checksum", r"failed to verify the checksum of `(?P<crate>[\w-]{1,60} v\d[\w.+-]{0,40})"),
        ("failed to iterate over archive", r"failed to iterate over archive(?P<crate>)"),
        ("nvalid gzip header", r"^invalid gzip header(?P<crate>)$"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See cargo not read what it downloaded."""
    hits = log.find("crate-damaged")
    if not hits or log.find("disk-full"):
        return
    if all("iterate over archive" in hit.text for hit in hits) and log.find("archive-named"):
        return  # archive-damaged: of uv, not of cargo
    for hit in hits:
        if hit.groups["vendored"]:
            yield finding_from_hits(
                log,
                [hit],
                f"{hit.groups['vendored']} is not as the crate's authors published it: somebody or a tool changed it",
                "cargo stops before it compiles anything.",
                (
                    Fix(
                        "make the folder of copies again",
                        (Command("cargo vendor", FixStage.BUILD),),
                        notes="git on Windows changes ends of lines: `vendor/** -text` in .gitattributes. A change "
                        "that is "
                        "meant belongs into [patch], or into the checksum in .cargo-checksum.json.",
                    ),
                ),
            )
            return
        if "between lock files" in hit.text:
            yield finding_from_hits(
                log,
                [hit],
                f"{hit.groups['crate']} is not what Cargo.lock was made with: a mirror, or another source in its place",
                "cargo stops before it compiles anything.",
                (
                    Fix(
                        "make Cargo.lock again with the source that the build uses",
                        notes="[source] in .cargo/config.toml names a replacement, as a folder of `cargo vendor`: it "
                        "has to hold "
                        "the same crates. Else: rm Cargo.lock, cargo generate-lockfile.",
                    ),
                ),
            )
            return
    crate = next((hit.groups["crate"] for hit in hits if hit.groups["crate"]), "")
    yield finding_from_hits(
        log,
        hits[:2],
        f"cargo's copy of {crate or 'a crate'} is damaged",
        "cargo stops before it compiles anything.",
        (
            Fix(
                "remove cargo's copies, and let it download them again",
                (
                    Command('rm -rf "${CARGO_HOME:-$HOME/.cargo}/registry/src"', FixStage.BUILD),
                    Command('rm -rf "${CARGO_HOME:-$HOME/.cargo}/registry/cache"', FixStage.BUILD),
                ),
                notes="In CI, under another key of the cache. A checksum that stays wrong comes from a mirror or a "
                "proxy that changes files.",
            ),
        ),
    )
