"""setuptools-rust does not know for which target it builds, and asks for an environment variable.

It derives Rust's target from Python's name of the system. It does not know Android's Pythons, as in Termux, nor systems
that came later.

How to fix: set CARGO_BUILD_TARGET; `rustc -vV` prints this machine's own target as host.

References:
    https://github.com/PyO3/setuptools-rust/blob/main/setuptools_rust/build.py
    https://doc.rust-lang.org/cargo/reference/config.html#buildtarget
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
    phase=Phase.RUST,
    patterns=patterns_for(
        "build-variable-unset",
        (
            "now the correct rust ",
            r"Don't know the correct rust(?: target)? for system type (?P<system>[\w.+-]{1,80}\w)",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See setuptools-rust ask for the target."""
    for hit in log.find("build-variable-unset")[:1]:
        system = hit.groups["system"]
        yield finding_from_hits(
            log,
            [hit],
            f"setuptools-rust does not know Rust's target for {system}: CARGO_BUILD_TARGET is not set",
            "Nothing is compiled.",
            [
                Fix(
                    "name the target: for this machine, rustc's own",
                    (Command("export CARGO_BUILD_TARGET=\"$(rustc -vV | sed -n 's/^host: //p')\"", FixStage.BUILD),),
                    notes="In a cross build: the target's triple. Termux: pkg install rust.",
                ),
                *((_TERMUX,) if "android" in system else ()),
            ],
        )


_TERMUX = Fix(
    "in Termux: install its own package", notes="pkg install python-cryptography, as `pkg search python` names."
)
