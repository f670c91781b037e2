"""Rust's standard library for the target is not installed in the toolchain that is used.

The compiler makes code for every target, but the standard library is installed per target and per toolchain: one that
was added to ``stable`` is missing where a ``rust-toolchain.toml``, ``sudo`` or a distribution's rustc picks another.

Mend it: ``rustup target add`` in the project's folder, so that it acts on the toolchain that is used there; with the
distribution's own rustc, its package for the target (``libstd-rust-dev:ARCH`` in Debian and Ubuntu).

References:
    https://rust-lang.github.io/rustup/cross-compilation.html
"""

from __future__ import annotations

from checks._env import seen
from checks._fixes import fix
from checks._install import packaged, system
from checks._log import advise, found
from checks.rust._std import WORDINGS, missing
from diagnose import targets
from diagnose.finding import Command, Evidence, Finding, Fix, Phase, Severity, Stage
from diagnose.light import TYPE_CHECKING
from diagnose.phrase import wordings
from diagnose.readers.env import Environment
from diagnose.readers.toolchain import Program, Rust

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

PHASE = Phase.RUST
PHRASES = (*WORDINGS, *wordings("rustup-note", ("rustup", "rustup")))


def env(env: Environment) -> Iterator[Finding]:
    """See whether the standard library is there."""
    rust = env.toolchain.rust
    if not rust.rustc.found or env.target.triple in rust.std:
        return
    used = f"toolchain {rust.toolchain}" if rust.toolchain else "the distribution's rustc"
    has = ", ".join(rust.std) or "no target at all"
    evidence = [Evidence(f"{used} has {has}", f"{rust.sysroot}/lib/rustlib" if rust.sysroot else rust.rustc.path)]
    if rust.chosen is not None:
        evidence.append(seen(rust.chosen))
    yield Finding(
        message=f"{used} has no standard library for {env.target.triple}",
        severity=Severity.ERROR,
        evidence=tuple(evidence),
        consequence='Nothing compiles: "error[E0463]: can\'t find crate for `core`" or "for `std`".',
        fixes=(_fix(env),),
    )


def _fix(env: Environment) -> Fix:
    triple = env.target.triple
    here = system(env)
    if env.toolchain.rust.toolchain:
        command = Command(f"rustup target add {triple}", Stage.TOOLCHAIN)
        return fix(env, f"add {triple} to the toolchain in use", commands=(command,))
    if here.family == "debian" and not packaged(here, env.target):
        suffix = "" if env.target.debian == here.native else f":{env.target.debian}"
        package = f"libstd-rust-dev{suffix}"
        return fix(env, f"install {package}, of the same release as rustc", (package,))
    return fix(
        env,
        "install Rust by rustup, which has every target",
        notes=f"This distribution packages no standard library for {triple}. After https://rustup.rs: "
        f"`rustup target add {triple}`.",
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See rustc miss `core` or `std` for a target that the log does not add."""
    for triple, hits in missing(log).items():
        if any(hit.said["triple"] == triple and hit.line < hits[0].line for hit in log.find("rust-std")):
            continue
        rustup = not log.distro_at(hits[0].line).id or bool(log.find("rust-std", "rustup-note"))
        yield found(
            log,
            hits,
            f"the standard library for {triple or 'the target'} is not installed",
            "Nothing compiles.",
            advise(log, hits[0].line, _for_log, triple, rustup),
        )


def _for_log(env: Environment, triple: str, rustup: bool) -> tuple[Fix, ...]:
    rust = Rust(Program("cargo"), Program("rustc"), "stable" if rustup else "")
    row = targets.resolve(triple) if triple else env.target
    if row is None:  # of another system than Linux, or of none at all: only rustup has it
        return (
            Fix(f"add {triple} to the toolchain in use", (Command(f"rustup target add {triple}", Stage.TOOLCHAIN),)),
        )
    return (_fix(env._replace(target=row, toolchain=env.toolchain._replace(rust=rust))),)
