"""The linker that is configured for the target is not installed, or cannot be started.

``[target.<triple>] linker`` and ``CARGO_TARGET_<TRIPLE>_LINKER`` name a program, which the distribution's cross
compiler contains. A checked-in configuration for cross builds also applies to native builds for the same target. A
native system does not have the cross compiler's name; its own compiler is the right one.

A script as the linker must be executable, and its interpreter must exist.

How to fix: install the cross compiler and the target's C library (``gcc-<triplet>`` and ``libc6-dev-<arch>-cross`` in
Debian and Ubuntu). For a native build, override the setting. Make a script executable (``chmod +x``).

References:
    https://doc.rust-lang.org/cargo/reference/config.html#targettriplelinker
"""

from __future__ import annotations

from diagnose.authoring import mingw
from diagnose.authoring.compiling import is_host_compiler, is_kept_elsewhere, surely_compiling
from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import advise, distinct, finding_from_hits
from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.readers.cargo.variables import Setting
from diagnose.readers.toolchain.toolchain_facts import Program
from diagnose.remedies.configuration import Configuration
from diagnose.remedies.fix import fix, with_zig
from diagnose.remedies.install import cross_compiler, system, tool
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINKER,
    log_kinds=("no-linker",),
    patterns=(
        *patterns_for("linker-not-run", ("not exec the linker", r"could not exec the linker `(?P<linker>[^`]+)`")),
        *patterns_for("linker-denied", ("Permission denied (os", r"= note: Permission denied \(os error 13\)$")),
    ),
    env_facts=("toolchain.linker.setting",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether the configured linker is installed."""
    linker = env.toolchain.linker
    if linker.setting is None or linker.found:
        return
    if env.cross and linker.name == env.toolchain.cc.name and surely_compiling(env):
        return  # the same program is missed before, to compile with: cross-c-compiler-missing says it
    if linker.blocked:
        yield _blocked(env, linker.name, linker.blocked, linker.setting)
        return
    yield Finding(
        message=f"the linker for {env.target.triple}, {linker.name}, is not installed",
        severity=Severity.ERROR,
        evidence=(setting_evidence(linker.setting), Evidence(f"does not contain {linker.name}", where="variable PATH")),
        consequence=f'Linking fails: "linker `{linker.name}` not found".',
        fixes=_fixes(env),
    )


def _blocked(env: Environment, name: str, why: str, setting: Setting) -> Finding:
    denied = why == "is not executable"
    said = f"could not exec the linker `{name}`" if denied else f"linker `{name}` not found"
    return Finding(
        message=f"the linker for {env.target.triple}, {name}, {why}",
        severity=Severity.ERROR,
        evidence=(setting_evidence(setting), Evidence(why, name)),
        consequence=f'Linking fails: "{said}".',
        fixes=(_executable(name) if denied else Fix("correct the script's first line, or install its interpreter"),),
    )


def _executable(name: str) -> Fix:
    return Fix("make it executable", (Command(f"chmod +x {quote(name)}", FixStage.TOOLCHAIN),))


def _fixes(env: Environment) -> tuple[Fix, ...]:
    linker = env.toolchain.linker
    variable = f"CARGO_TARGET_{env.target.cargo_env_name}_LINKER"
    if not env.cross:
        configuration = Configuration(((variable, "cc"),), tool(system(env), "cc"))
        return (fix(env, "link this native build with the native compiler", configuration=configuration),)
    packages = cross_compiler(system(env), env.target)
    if not packages:
        return with_zig(env)
    own = f"{env.target.gnu}-gcc"
    variables = () if linker.name == own else ((variable, own),)
    return (fix(env, f"install {' '.join(packages)}", configuration=Configuration(variables, packages)),)


def log(log: BuildLog) -> Iterator[Finding]:
    """See rustc not find a linker that some configuration names."""
    for hit in distinct(log.find("no-linker"), "linker"):
        linker = hit.groups["linker"]
        if is_host_compiler(linker) and is_kept_elsewhere(linker):
            yield finding_from_hits(
                log,
                [hit],
                f"the linker {linker}, which a setting names, does not exist",
                "Nothing is linked.",
                [_system_linker(log, hit.line, linker)],
            )
            continue
        if is_host_compiler(linker) or linker in ("lld", "rust-lld", "ld.lld", "link.exe", "wasm-ld"):
            continue
        if mingw.is_mingw(linker):
            yield finding_from_hits(
                log,
                [hit],
                f"the linker {linker} is not installed",
                "Nothing can be linked for Windows.",
                mingw.linker_fixes(log, hit.line, linker),
            )
            continue
        native = _native(log, linker, hit.line)
        yield finding_from_hits(
            log,
            [hit],
            f"the linker {linker} is not installed" + (", and this native build should not use it" if native else ""),
            "Nothing can be linked for the target.",
            advise(log, hit.line, _for_log, linker, native, bool(log.host or log.target_at(hit.line))),
        )
    for hit in distinct(log.find("linker-not-run"), "linker"):
        if log.near(hit.line, "linker-denied", before=0, after=4):
            linker = hit.groups["linker"]
            fixes = [_executable(linker)] if "/" in linker else []
            yield finding_from_hits(log, [hit], f"the linker {linker} is not executable", "Nothing is linked.", fixes)


def _system_linker(log: BuildLog, line: int, linker: str) -> Fix:
    """Return the fix that takes the setting away which names *linker*."""
    target = log.target_at(line) or log.host or targets.TARGETS[0]
    return Fix(
        "link with the system's compiler",
        unset=(f"CARGO_TARGET_{target.cargo_env_name}_LINKER",),
        notes=f"Or correct the path. It may also be in .cargo/config.toml, here, in the folders above or in ~/.cargo, "
        f"or in RUSTFLAGS: -C linker={linker}.",
    )


def _native(log: BuildLog, linker: str, line: int) -> bool:
    """Whether a native build requests a linker for another machine."""
    done = log.near(line, "crate-done", after=6)[:1]
    if log.cross_at(line) is False:
        return True
    return bool(done) and ("build script" in done[0].groups["part"] or done[0].groups["crate"] in _ONLY_SCRIPTS)


# Plain libraries: only their build scripts are linked. Old releases of cargo do not report which.
_ONLY_SCRIPTS = frozenset({"anyhow", "libc", "log", "memchr", "proc-macro2", "quote", "serde", "serde_json", "syn"})


def _for_log(env: Environment, name: str, native: bool, told: bool) -> tuple[Fix, ...]:
    setting = Setting(f"CARGO_TARGET_{env.target.cargo_env_name}_LINKER", name)
    from diagnose.readers.buildlog.linking import named  # only who reads logs needs its patterns

    made_for = named(name)
    if native:
        # Cargo takes a target's linker for build scripts only where the machine is that target's. Where the log tells
        # for which target it is, the machine is the one in the linker's name only if that is x86-64.
        ours = made_for is None or made_for.triple in (env.target.triple, targets.TARGETS[0].triple)
        target = (made_for if ours or not told else None) or env.target
        env = env._replace(target=target, host=target)
    elif not env.cross and made_for is not None:
        env = env._replace(target=made_for)
    fixes = _fixes(env._replace(toolchain=env.toolchain._replace(linker=Program(name, setting=setting))))
    if native and not told and made_for is not None:
        notes = (
            f"Or remove the setting that names {name}: in .cargo/config.toml, RUSTFLAGS (-C linker=…) or a variable. "
            f"On a machine of another processor the variable has that one's name, as in {_X86}=cc."
        )
        fixes = (fixes[0]._replace(notes=" ".join(filter(None, (fixes[0].notes, notes)))), *fixes[1:])
    return fixes


_X86 = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER"
