"""Code, or an option, needs a nightly Rust.

``#![feature(…)]`` and cargo's ``-Z`` options work with nightly toolchains only. Crates use them where their authors
do, and a stable toolchain stops.

How to fix: use a release of the crate for stable Rust, or build with a nightly toolchain.

References:
    https://doc.rust-lang.org/error_codes/E0554.html
    https://rust-lang.github.io/rustup/concepts/channels.html
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "rust-nightly-needed",
        ("may not be used on the", r"error\[E0554\]: `#!\[feature\]` may not be used on the \w{1,20} release channel"),
        (
            "is not stabilized in this version",
            r"Cargo feature called `(?!strip|named-profiles|resolver|edition|rename-dependency|alternative-registries"
            r"|profile-overrides|workspace-inheritance|sparse-registry|lints)[\w-]{1,60}`, but that feature is not "
            r"stabilized",
        ),
        ("only accepted on the nightly", r"error: the (?:option )?`-?Z`?.{0,60} only accepted on the nightly"),
    ),
    env_facts=("refused",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See ``-Z`` options in the flags for a stable rustc."""
    hits = [option for option in env.refused if option.name == "-Z"]
    if hits and hits[0] is env.refused[0]:
        yield Finding(
            f"-Z {hits[0].value} needs a nightly Rust, and this one is not",
            Severity.ERROR,
            (setting_evidence(hits[0].setting),),
            f"cargo compiles nothing: {hits[0].refused}.",
            (
                Fix(f"remove it from {hits[0].setting.name}"),
                Fix(
                    "build with a nightly toolchain",
                    (Command("rustup toolchain install nightly --profile minimal", FixStage.TOOLCHAIN),),
                    env=(("RUSTUP_TOOLCHAIN", "nightly"),),
                ),
            ),
        )


def log(log: BuildLog) -> Iterator[Finding]:
    """See rustc or cargo refuse what is for nightly toolchains."""
    hits = log.find("rust-nightly-needed")
    if hits:
        yield finding_from_hits(
            log,
            hits,
            "the code needs a nightly Rust, and this one is not",
            "Nothing is compiled.",
            (
                Fix(
                    "use a release of the crate for stable Rust",
                    notes="The line below the error names its folder: cargo update -p CRATE, or leave a feature such "
                    "as `nightly` out.",
                ),
                Fix(
                    "build with a nightly toolchain",
                    (
                        Command("rustup toolchain install nightly --profile minimal", FixStage.TOOLCHAIN),
                        Command("cargo +nightly build", FixStage.BUILD),
                    ),
                    notes="maturin, pip: RUSTUP_TOOLCHAIN=nightly. Crates name the nightly of a date where newer "
                    "ones differ.",
                ),
            ),
        )
