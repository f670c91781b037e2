"""The Rust toolchain is older than a crate or the lock file needs.

A crate uses an edition or a feature of a newer Rust, states a newer ``rust-version``, or Cargo.lock was written by a
newer cargo. It has nothing to do with cross building: distributions and old images bring an old Rust.

Mend it: a newer toolchain (``rustup update``), or older versions of the crates, which cargo's resolver 3 picks by
itself.

References:
    https://doc.rust-lang.org/cargo/reference/rust-version.html
    https://doc.rust-lang.org/cargo/reference/resolver.html#rust-version
"""

from __future__ import annotations

from checks._log import after, found
from diagnose.finding import Command, Finding, Fix, Phase, Stage
from diagnose.light import TYPE_CHECKING
from diagnose.phrase import wordings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

PHASE = Phase.RUST
leads_to = after
PHRASES = wordings(
    "rust-old",
    ("is required", r"feature `(?P<needs>edition\d+)` is required"),
    ("unknown cargo feature", r"unknown cargo feature `(?P<needs>edition\d+)`"),
    ("lock file version", r"lock file version [`']?(?P<needs>\d)[`']? (?:requires|was found)"),
    ("requires rustc ", r"requires rustc (?P<needs>[\d.]+)(?: or newer)?"),
    ("is not supported by the following", r"rustc (?P<has>[\d.]+) is not supported by the following package"),
    ("unknown edition", r"unknown edition `?(?P<needs>20\d\d)"),
    ("unknown cargo edition", r"unknown cargo edition `?(?P<needs>20\d\d)"),
    (
        "only allowed on the nightly channel",
        r"(?:namespaced|weak dependency) features .*only allowed on the nightly channel",
    ),
    ("this version of Cargo is older than", r"this version of Cargo is older than the `(?P<needs>20\d\d)` edition"),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See cargo ask for a newer Rust."""
    for hit in log.find("rust-old")[:1]:
        needs = hit.said["needs"]
        yield found(
            log,
            [hit],
            f"this Rust is too old for what is built{f' (it needs {needs})' if needs else ''}",
            "cargo stops before it compiles anything.",
            [
                Fix("update the toolchain", (Command("rustup update stable", Stage.TOOLCHAIN),)),
                Fix(
                    "pin the crate to a version that this Rust can build",
                    notes="`cargo update -p CRATE --precise VERSION`; a Cargo.lock of version 4 needs cargo 1.78.",
                ),
            ],
        )
