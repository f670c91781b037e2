"""A file of Rust's standard library for the target is damaged or gone.

The library is a folder of archives (`libcore-….rlib`, `libstd-….rlib` …), and every crate is compiled against them.
Interrupted downloads, full disks and images that were copied in part leave archives that end too early. rustc says
E0786, `found invalid metadata files for crate`, or does not find the crate at all.

How to fix: install the standard library for the target again.

References:
    https://doc.rust-lang.org/error_codes/E0786.html
    https://rust-lang.github.io/rustup/cross-compilation.html
"""

from __future__ import annotations

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.remedies.fix import fix
from diagnose.remedies.install import system
from diagnose.remedies.rust_again import reinstalled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.env import Environment

CHECK = Check(since="0.1.0", phase=Phase.RUST, env_facts=("toolchain.rust.damaged",))


def env(env: Environment) -> Iterator[Finding]:
    """See that an archive of the target's or the host's standard library is not whole."""
    damaged = env.toolchain.rust.damaged
    for triple in dict.fromkeys(one for one, _, _ in damaged):
        files = [(file, why) for one, file, why in damaged if one == triple]
        file, why = files[0]
        name = file.rpartition("/")[2]
        more = f", and {len(files) - 1} more" if len(files) > 1 else ""
        crate = name.removeprefix("lib").partition("-")[0]
        gone = why == "is not there"
        yield Finding(
            message=f"Rust's standard library for {triple} is damaged: {name} {why.partition(',')[0]}{more}",
            severity=Severity.ERROR,
            evidence=tuple(Evidence(why, file) for file, why in files[:10]),
            consequence=f'Nothing compiles: "error[E0463]: can\'t find crate for `{crate}`".'
            if gone
            else f'Nothing compiles: "error[E0786]: found invalid metadata files for crate `{crate}`".',
            fixes=(_again(env, triple),),
        )


def _again(env: Environment, triple: str) -> Fix:
    rust, row = env.toolchain.rust, targets.resolve(triple)
    if rust.toolchain and triple != rust.host:
        commands = tuple(
            Command(f"rustup target {verb} {triple} --toolchain {rust.toolchain}", FixStage.TOOLCHAIN)
            for verb in ("remove", "add")
        )
        return fix(env, f"install the standard library for {triple} again", commands=commands)
    if rust.toolchain:
        return reinstalled(rust)
    here = system(env)
    if here.family == "debian" and rust.package.startswith("rustc") and row is not None and row.debian:
        suffix = "" if row.debian == here.native else f":{row.debian}"
        package = f"libstd-rust{rust.package.removeprefix('rustc')}-dev{suffix}"
        return fix(env, f"install {package} again", (package,), again=True)
    return Fix(f"install the package of Rust's standard library for {triple} again")
