"""The crate's bindgen is older than the installed libclang, and does not understand its answers.

Since clang 16, libclang names an anonymous struct or union by its place in the header: ``union (unnamed union at
/usr/include/…)``. bindgen before 0.62 makes an identifier of that name, and panics: ``"…_union_(unnamed_at_…)" is not a
valid Ident``.

How to fix: use a release of the crate with a newer bindgen, or point bindgen to libclang 15 or older.

References:
    https://github.com/rust-lang/rust-bindgen/issues/2312
    https://github.com/rust-lang/rust-bindgen/blob/main/CHANGELOG.md (0.62.0)
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
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "bindgen-ident",
        (
            "is not a valid Ident",
            r"(?<!\w)(?P<name>\w{0,200}\((?:anonymous|unnamed)[\w/.-]{1,300}\))\\?\"? is not a valid Ident",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See bindgen panic at an anonymous type."""
    hits = log.find("bindgen-ident")
    if not hits:
        return
    crate, version = log.crate_at(hits[0].line)
    yield finding_from_hits(
        log,
        hits,
        f"the bindgen of {f'{crate} {version}' if crate else 'a crate'} is too old for the installed libclang",
        "The bindings cannot be generated, and the crate cannot be built. bindgen 0.62 and later know clang 16.",
        (
            Fix(
                f"use a newer release of {crate or 'the crate'}",
                (Command(f"cargo update -p {crate or 'CRATE'}", FixStage.BUILD),),
                notes="If that has no effect, Cargo.toml or the crate in between requires an older series: `cargo tree "
                f"-i {crate or 'CRATE'}` shows it.",
            ),
            Fix(
                "let bindgen load libclang 15 or older",
                env=(("LIBCLANG_PATH", "/usr/lib/llvm-14/lib"),),
                notes="The folder of Debian's and Ubuntu's libclang-14-dev.",
            ),
        ),
    )
