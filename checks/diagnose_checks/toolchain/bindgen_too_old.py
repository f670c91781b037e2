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
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.model.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    env_facts=("toolchain.libclang",),
    patterns=patterns_for(
        "bindgen-ident",
        (
            "is not a valid Ident",
            r"(?<!\w)(?P<name>\w{0,200}\((?:anonymous|unnamed)[\w/.-]{1,300}\))\\?\"? is not a valid Ident",
        ),
    ),
)


#: The first bindgen that understands names as clang 16 writes them.
_FITTING, _CLANG = (0, 62), 16
_NUMBER = r"(?:llvm-|libclang-|libclang\.so\.)(\d{1,3})"


def env(env: Environment) -> Iterator[Finding]:
    """See a locked bindgen that does not understand the libclang that it would load."""
    old = [one for one in env.project.crates if one.name == "bindgen" and version_key(one.version) < _FITTING]
    numbers = [int(found[1]) for path in env.toolchain.libclang if (found := re.search(_NUMBER, path))]
    if not old or not numbers or min(numbers) < _CLANG:
        return
    users = [one for one in env.project.crates if "bindgen" in one.dependencies] or old
    crate = users[0]
    yield Finding(
        message=f"bindgen {old[0].version} is too old for libclang {min(numbers)}",
        severity=Severity.WARNING,
        evidence=(
            Evidence(f"bindgen {old[0].version}", f"{env.project.lock}:{old[0].line}"),
            Evidence(f"is libclang {min(numbers)}", env.toolchain.libclang[0]),
        ),
        consequence='Where a header has an unnamed struct or union, it panics: "… is not a valid Ident".',
        fixes=(
            Fix(
                f"use a release of {crate.name} with bindgen 0.62 or later",
                (Command(f"cargo update -p {crate.name}", FixStage.BUILD),),
                notes="Cargo.toml may ask for an older series. Or let LIBCLANG_PATH name libclang 15 or older.",
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
