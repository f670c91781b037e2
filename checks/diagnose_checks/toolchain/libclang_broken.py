"""libclang is there, but a library that it needs is not.

bindgen loads libclang when it runs. The file was found, and the loader could not open it: one of its own dependencies
(another LLVM library, libtinfo, libstdc++) is missing or too old, or it is for another architecture than the build
script, which is a program of the host. A build script that is itself linked statically for musl, as rustup's toolchain
does on Alpine, cannot load any library: "Dynamic loading not supported".

How to fix: install libclang from this system's packages, in one piece; check the file with ldd.

References:
    https://rust-lang.github.io/rust-bindgen/requirements.html
    https://github.com/KyleMayes/clang-sys#environment-variables
"""

from __future__ import annotations

from diagnose.authoring.log import advise, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, Phase, Stage
from diagnose.model.pattern import patterns_for
from diagnose.readers.env import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "libclang-unopened",
        (
            "could not be opened",
            r"the `?libclang`? shared library at (?P<file>\S+) could not be opened: (?P<why>[^\"]*)",
        ),
        (
            "invalid: [(",
            r"couldn't find any valid shared libraries matching: .*invalid: \[\((?P<file>[^:]+): (?P<why>[^)]*)\)",
        ),
    ),
)
_STOPS = "bindgen stops, and with it every crate that makes its bindings when it is built."
_DYNAMIC = (
    Fix(
        "link build scripts dynamically",
        env=(("RUSTFLAGS", "-C target-feature=-crt-static"),),
        notes="Without --target: with it, RUSTFLAGS does not reach build scripts.",
    ),
    Fix("use Alpine's own Rust, which links dynamically", (Command("apk add rust cargo", Stage.PACKAGES),)),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader refuse libclang."""
    for hit in log.find("libclang-unopened")[:1]:
        if "Dynamic loading not supported" in hit.groups["why"]:  # musl's dlopen in a static program
            yield finding_from_hits(
                log,
                [hit],
                f"{hit.groups['file']} is there, but the build script is a static musl program, which loads nothing",
                _STOPS,
                _DYNAMIC,
            )
            continue
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['file']} is there, but cannot be loaded: {hit.groups['why']}",
            _STOPS,
            [
                *advise(log, hit.line, _install),
                Fix(
                    "see what it misses",
                    notes=f"`ldd {hit.groups['file']}`; it has to be for the machine that builds.",
                ),
            ],
        )


def _install(env: Environment) -> list[Fix]:
    from diagnose.remedies.install import install, system, tool

    here = system(env)
    names = tool(here, "libclang")
    return [Fix(f"install {' '.join(names)}", install(here, names), safe=True)] if names else []
