"""The target's standard library was added to another Rust toolchain than the one that builds.

``rustup target add`` changes the toolchain that is active where it runs. The build may use another one: a
``rust-toolchain.toml`` or ``cargo +nightly`` selects it, ``sudo`` changes the user, or the distribution's rustc is
first on ``PATH``.

How to fix: add the target to the toolchain that the build uses, or list it in ``rust-toolchain.toml``.

References:
    https://rust-lang.github.io/rustup/overrides.html
    https://rust-lang.github.io/rustup/cross-compilation.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose_checks.rust._triage import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.RUST, log_kinds=("no-std",))


def log(log: BuildLog) -> Iterator[Finding]:
    """See a missing target that the same log adds."""
    for triple, hits in missing(log).items():
        added = [hit for hit in log.find("rust-std") if hit.groups["triple"] == triple and hit.line < hits[0].line]
        if added:
            yield finding_from_hits(
                log,
                [*added[-1:], *hits],
                f"the standard library for {triple} was added to another toolchain than the one that builds",
                "rustc cannot find the crate `core` or `std`.",
                [
                    Fix(
                        "add it to the toolchain of the project's folder",
                        (Command(f"rustup target add {triple}", FixStage.TOOLCHAIN),),
                        notes=(
                            "Run it in that folder, as the user that builds; `rustup show active-toolchain` and "
                            "`which -a rustc` show which toolchain that is."
                        ),
                        safe=True,
                    ),
                    Fix("list it in rust-toolchain.toml", notes=f'[toolchain] targets = ["{triple}"]'),
                ],
            )
