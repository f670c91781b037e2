"""The pkg-config program that a variable names is not installed, cannot run, or is another program.

``PKG_CONFIG`` in any of its forms names one program. If it is set, the crate does not try ``pkg-config`` or
``pkgconf``. The crate's message then reads "The pkg-config command could not be found" and advises to install
pkg-config, which does not help. The value is a program, not a command line: no program is called ``pkg-config --arg``.

How to fix: install the program. Debian 12, Ubuntu 24.04 and later have ``<triplet>-pkg-config`` in ``pkgconf:ARCH``,
which suffices. In older releases the wrapper is a script of pkg-config's package, which needs dpkg-dev. Or name an
installed program.

References:
    https://packages.debian.org/stable/pkgconf
    https://github.com/rust-lang/pkg-config-rs/blob/master/src/lib.rs
"""

from __future__ import annotations

from diagnose.authoring.consequences import stops_openssl
from diagnose.authoring.environment import names, setting_evidence, with_outcome
from diagnose.authoring.log import advise, finding_from_hits, names_of
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.pattern import PROBE_KINDS
from diagnose.remedies.configuration import NOTHING, Configuration, pkgconfig_configuration, two_variables
from diagnose.remedies.fix import fix
from diagnose.remedies.install import system, tool
from diagnose_checks.pkgconfig._triage import is_own_pkg_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Probe
    from diagnose.readers.env import Environment

CHECK = Check(since="0.1.0", phase=Phase.PROBE, log_kinds=PROBE_KINDS, env_facts=("libraries.!found",))
_UNLOADED = "mark error libc"  # the loader's own words: runtime-lib-missing
_AROUND = 60  # lines of a build script's report


def env(env: Environment) -> Iterator[Finding]:
    """See whether the program that a variable names is installed."""
    program = env.pkgconfig.program
    yield from _failing(env)
    libraries = with_outcome(env, "tool-missing")
    if program.setting is None or not libraries:
        return
    configuration = pkgconfig_configuration(env)
    wrong = Configuration(gone=(program.setting,))
    if (program.setting.name.replace("-", "_"), program.name) in configuration.variables:
        # The name is correct; only the program is missing.
        configuration = Configuration((), configuration.packages)
        title = f"install {' '.join(configuration.packages)}, which contains {program.name}"
    elif configuration.variables:
        configuration += wrong
        title = "name a pkg-config for the target that this system offers"
    else:
        present = env.pkgconfig.plain is not None and env.pkgconfig.plain.found
        configuration = wrong if present else wrong + configuration
        title = f"unset {program.setting.name}, so that pkg-config itself runs"
    hint = " (the variable holds a program's name, not a command line)" if " " in program.name else ""
    yield Finding(
        message=f"{program.setting.name} names {program.name}, which is not installed{hint}",
        severity=Severity.ERROR,
        evidence=(setting_evidence(program.setting), _absence(program.name)),
        consequence=(
            f'The build script for {names(libraries)} fails with "The pkg-config command could not be found."'
            " Installing pkg-config, as it advises, does not help: the crate tries no other program."
        ),
        fixes=(fix(env, title, configuration=configuration),),
    )


def _absence(name: str) -> Evidence:
    return (
        Evidence("does not exist", name) if "/" in name else Evidence(f"does not contain {name}", where="variable PATH")
    )


def _failing(env: Environment) -> Iterator[Finding]:
    """See whether a program that is named or found runs."""
    program = env.pkgconfig.program
    libraries = with_outcome(env, "tool-failed")
    unloaded = any(one.program == program.real for one in env.toolchain.unloaded)  # runtime-lib-missing
    if not libraries or unloaded:
        return
    said = libraries[0].output.strip().rpartition("\n")[2]
    packages: tuple[str, ...] = ("dpkg-dev",) if "dpkg-dev" in said else ()
    configuration = NOTHING
    if packages:
        title = "install dpkg-dev"
    elif program.setting is not None:
        configuration = Configuration(gone=(program.setting,)) + (two_variables(env) if env.cross else NOTHING)
        has_plain = env.pkgconfig.plain is not None and env.pkgconfig.plain.found
        packages = () if has_plain else tool(system(env), "pkg-config")
        title = f"unset {program.setting.name}, so that pkg-config itself runs"
    else:
        packages = tool(system(env), "pkg-config")
        title = f"reinstall {' '.join(packages) or 'pkg-config'}"
    yield Finding(
        message=f"{program.name} cannot run: {said}"
        if said
        else f"{program.name} prints no answer, so it is not pkg-config",
        severity=Severity.ERROR,
        evidence=(
            Evidence(said or f"exit code {libraries[0].status}, no output", program.path or program.name),
            *((setting_evidence(program.setting),) if program.setting is not None else ()),
        ),
        consequence=f"The build script that looks for {names(libraries)} fails.",
        fixes=(fix(env, title, packages, configuration),),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See the crate or another build system not find a program of another name than pkg-config's, or one not run."""
    broken = [probe for probe in log.probes if probe.outcome == "tool-failed" and _is_reported(probe)]
    broken = [probe for probe in broken if not log.near(probe.line, _UNLOADED, before=_AROUND, after=_AROUND)]
    if broken:
        program = broken[0].program or "pkg-config"
        yield finding_from_hits(
            log,
            [hit for probe in broken for hit in probe.hits],
            f"{program} cannot run, or crashes",
            f"It was not asked whether {names_of(broken)} is there. Its development package makes no difference.",
            advise(log, broken[0].line, _repair, program, probe=broken[0]),
        )
    probes = [probe for probe in log.probes if probe.outcome == "tool-missing" and not is_own_pkg_config(probe.program)]
    if probes:
        program = probes[0].program
        yield finding_from_hits(
            log,
            [hit for probe in probes for hit in probe.hits],
            f"{program} is configured as pkg-config, but is not installed",
            f"{names_of(probes)} cannot be found. Installing pkg-config, as the message advises, does not help.",
            advise(log, probes[0].line, _bring, program, probe=probes[0]),
        )


def _is_reported(probe: Probe) -> bool:
    """Whether the log shows how it ended, or why it did not start: others go on with another way to look."""
    return any(hit.groups["status"] or hit.groups["why"] for hit in probe.hits)


def _repair(env: Environment, program: str) -> list[Fix]:
    title = "see why it does not run, and repair it"
    notes = f"Run `{program} --version; echo $?` where the build runs: 126 means not permitted, 127 not found."
    return [fix(env, title, () if program.count("/") else tool(system(env), "pkg-config"), notes=notes)]


def _bring(env: Environment, program: str) -> list[Fix]:
    configuration = pkgconfig_configuration(env)
    if any(value == program for _, value in configuration.variables):
        packages = configuration.packages
        return [fix(env, f"install {' '.join(packages)}, which contains {program}", packages)]
    if configuration.variables:
        return [fix(env, "name a pkg-config for the target that this system offers", configuration=configuration)]
    packages = tool(system(env), "pkg-config")
    names = ("PKG_CONFIG", f"PKG_CONFIG_{env.target.env_name}")  # the log does not show which
    return [fix(env, "unset PKG_CONFIG, so that pkg-config itself runs", packages)._replace(unset=names)]


leads_to = stops_openssl
