"""The linker that cargo uses for the target makes code for another machine.

Without ``[target.<triple>] linker``, rustc links with ``cc``, the host's compiler, which does not know the target's
relocations. ``CC_<triple>`` does not help: it is for C code. A variable must be in upper case with underscores
(``CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER``), or cargo ignores it.

How to fix: name the cross compiler as the linker, in ``.cargo/config.toml`` or with the variable.

References:
    https://doc.rust-lang.org/cargo/reference/config.html#targettriplelinker
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.link_step import native, objects_of_the_target, wants_gcc
from diagnose.authoring.log import advise, ask_target, finding_from_hits, host
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.pattern import LINKER_KINDS, patterns_for
from diagnose.remedies.configuration import Configuration, linker_configuration
from diagnose.remedies.fix import fix, with_zig
from diagnose.remedies.install import system, tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.buildlog import BuildLog, Hit, LinkStep
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINKER,
    log_kinds=LINKER_KINDS,
    patterns=patterns_for(
        "wrong-driver",
        (
            "unrecognized command",
            r"(?<!\S)(?P<program>\S+-(?:gcc|g\+\+)|g?cc): error: unrecognized command[- ]line option ['\"]-m(?:64|32)",
        ),
        ("unknown option", r"(?:^|\s)ld: unknown option: --(?:as-needed|version-script\S*|eh-frame-hdr|hash-style\S*)"),
    ),
    env_facts=("cross", "toolchain.linker.setting"),
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether the linker makes code for the target."""
    linker, makes = env.toolchain.linker, env.toolchain.linker_target
    if linker.setting is None:
        if (env.target.machine, env.target.bits) == (env.host.machine, env.host.bits):
            return
        if makes and _is_target(env, makes):
            return
        # If the host's own compiler is missing, host-cc-missing reports it; the setting is still wrong.
        yield Finding(
            message=f"no linker is configured for {env.target.triple}: rustc uses the host's {linker.name}",
            severity=Severity.ERROR,
            evidence=(
                Evidence(
                    f"neither [target.{env.target.triple}] linker nor its variable is set",
                    where=f"cargo's configuration and CARGO_TARGET_{env.target.cargo_env_name}_LINKER",
                ),
            ),
            consequence='Linking fails: "file in wrong format" or "Relocations in generic ELF".',
            fixes=_fixes(env),
        )
    elif linker.found and makes and not _is_target(env, makes):
        yield Finding(
            message=f"the linker for {env.target.triple}, {linker.name}, makes code for {makes}",
            severity=Severity.ERROR,
            evidence=(setting_evidence(linker.setting), Evidence(f"makes code for {makes}", linker.path)),
            consequence='Linking fails: "file in wrong format", or "unrecognized command-line option".',
            fixes=_fixes(env) if env.cross else (_native(env),),
        )


def _native(env: Environment) -> Fix:
    configuration = Configuration(
        ((f"CARGO_TARGET_{env.target.cargo_env_name}_LINKER", "cc"),), tool(system(env), "cc")
    )
    return fix(env, "link this native build with the native compiler", configuration=configuration)


def _is_target(env: Environment, makes: str) -> bool:
    """Whether code for the GNU triplet *makes* is code for the target's processor."""
    from diagnose.model import targets

    rows = targets.find(makes) or targets.find(_plain(makes))
    return not rows or any((r.machine, r.bits, r.endian) == _kind(env) for r in rows)


def _plain(triplet: str) -> str:
    """Return *triplet* without its vendor: ``aarch64-unknown-linux-gnu`` becomes ``aarch64-linux-gnu``."""
    parts = triplet.split("-")
    return "-".join([parts[0], *parts[2:]]) if len(parts) == 4 else triplet


def _kind(env: Environment) -> tuple[int, int, str]:
    return env.target.machine, env.target.bits, env.target.endian


def _fixes(env: Environment) -> tuple[Fix, ...]:
    configuration = linker_configuration(env, replace=True)
    if not configuration.variables:
        return with_zig(env)
    return (fix(env, f"link with {configuration.variables[0][1]}", configuration=configuration), *with_zig(env))


def log(log: BuildLog) -> Iterator[Finding]:
    """See the host's linker, or another machine's, reject code that was compiled for the target."""
    for link in log.links:
        hits = objects_of_the_target(log, link) or _bare(log, link) or log.near(link.line, "wrong-driver", after=12)
        if not hits or (link.for_host and hits[0].kind != "wrong-driver"):
            continue
        target = log.target_at(link.line)
        name = target.triple if target else "the target"
        program = link.program or "cc"
        if _bare(log, link):
            message = f"the linker for {name}, {program}, is not a compiler: rustc needs gcc or clang"
        elif link.target is None:
            message = f"no linker is configured for {name}: rustc uses the host's {program}"
        else:
            message = f"the linker for {name}, {program}, makes code for another processor"
        yield finding_from_hits(
            log,
            [*log.near(link.line, "link-failed"), *hits],
            message,
            "Nothing can be linked for the target.",
            (*_of_cargo(log, link.line, target), *advise(log, link.line, _fixes))
            if target and log.cross_at(link.line) is not False
            else ask_target(),
        )
        return


def _of_cargo(log: BuildLog, line: int, target: Target) -> tuple[Fix, ...]:
    """Return how a linker is named to cargo, where no distribution has one for *target*, and no wheel is built.

    Other fixes then link through maturin.
    """
    if any(word in hit.text for hit in log.hits for word in ("pyo3", "maturin")):
        return ()
    if target.triple == host(log).triple or any(fix.env for fix in advise(log, line, _fixes)):
        return ()
    old = target.triple.startswith("arm-")
    own = "It has to link for ARMv6: Debian's compiler of that name is for ARMv7. " if old else ""
    return (
        Fix(
            "install a cross compiler for the target, and name it to cargo",
            env=((f"CARGO_TARGET_{target.cargo_env_name}_LINKER", f"{target.gnu}-gcc"),),
            notes=f'Or in .cargo/config.toml: [target.{target.triple}] linker = "{target.gnu}-gcc". {own}`cargo '
            f"zigbuild --target {target.triple}` links with zig.",
        ),
    )


def _bare(log: BuildLog, link: LinkStep) -> list[Hit]:
    """Return the lines that show a bare linker in a cross build; natively it is linker-flavor-mismatch."""
    return [] if native(log, link) else wants_gcc(link)
