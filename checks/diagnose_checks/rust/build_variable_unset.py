"""A build tool does not know for which system it builds, and asks for an environment variable.

setuptools-rust derives Rust's target from Python's name of the system, and maturin the level of Android's API from the
compiler. Neither knows Android's Pythons, as in Termux, nor systems that came later.

How to fix: set the variable that the message names.

References:
    https://github.com/PyO3/setuptools-rust/blob/main/setuptools_rust/build.py
    https://www.maturin.rs/environment-variables
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
        ("etermine Android API level", r"[Ff]ailed to determine Android API level(?P<level>)"),
        ("the ANDROID_API_LEVEL", r"[Pp]lease set the `?ANDROID_API_LEVEL`? environment variable(?P<level>)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See setuptools-rust or maturin ask for a variable."""
    for hit in log.find("build-variable-unset")[:1]:
        if system := hit.groups["system"]:
            yield finding_from_hits(
                log,
                [hit],
                f"setuptools-rust does not know Rust's target for {system}: CARGO_BUILD_TARGET is not set",
                "Nothing is compiled.",
                [
                    Fix(
                        "name the target: for this machine, rustc's own",
                        (
                            Command(
                                "export CARGO_BUILD_TARGET=\"$(rustc -vV | sed -n 's/^host: //p')\"", FixStage.BUILD
                            ),
                        ),
                        notes="In a cross build: the target's triple. Termux: pkg install rust.",
                    ),
                    *_termux(system),
                ],
            )
            return
        yield finding_from_hits(
            log,
            [hit],
            "maturin does not know the level of Android's API: ANDROID_API_LEVEL is not set",
            "No wheel is built.",
            [
                Fix(
                    "set it: in Termux, to that of this phone",
                    (Command('export ANDROID_API_LEVEL="$(getprop ro.build.version.sdk)"', FixStage.BUILD),),
                    notes="In a cross build: the level of the NDK's compiler, 21 of aarch64-linux-android21-clang.",
                ),
                *_termux("android"),
            ],
        )


def _termux(system: str) -> list[Fix]:
    """Return the way around the build that Termux has."""
    if "android" not in system:
        return []
    return [
        Fix("in Termux: install its own package", notes="pkg install python-cryptography, as pkg search python names.")
    ]
